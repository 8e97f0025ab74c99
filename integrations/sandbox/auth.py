"""Who calls: HTTP basic authentication, as Jira and ServiceNow ask for it.

Every name and every password is taken, so that a demonstration needs no accounts; none at all is refused. The name of a
member of staff (user name, mail address) makes the caller that person, any other the company's automation account.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from integrations.sandbox.world import World

CALLER = "devos.caller"
"""The name in the ASGI scope under which the caller's user name stands."""

PERSON = "company/person"
"""The kind of the company's people: user name → `{"name", "email", "groups", "sys_id", "account_id"}`."""

AUTOMATION = "devos.automation"
"""The user name of the company's automation account."""


class BasicAuth:
    """ASGI middleware that lets in only requests with a name and a password."""

    def __init__(self, app: ASGIApp, world: World, refusal: Callable[[], Response]) -> None:
        self.app = app
        self.world = world
        self.refusal = refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        user = _user(Headers(scope=scope).get("authorization", ""))
        if user is None:
            await self.refusal()(scope, receive, send)
            return
        scope[CALLER] = person_of(self.world, user)
        await self.app(scope, receive, send)


def person_of(world: World, name: str) -> str:
    """The user name that a user name, a mail address or anything else stands for."""
    for user, person in world.all(PERSON).items():
        if name.lower() in (user, person["email"]):
            return user
    return AUTOMATION


def _user(header: str) -> str | None:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return user if user and password else None


def seed(world: World, company: dict[str, Any]) -> None:
    """Put the company's people into an empty world."""
    for user, person in company["people"].items():
        email = f"{user}@larkfield.example"
        ids = {"sys_id": stable_id("sys_user", user), "account_id": stable_id("account", user)[:24]}
        world.put(PERSON, user, {"email": email, **ids, **person})


def stable_id(*parts: str) -> str:
    """Thirty-two hexadecimal digits that are always the same for the same words."""
    return hashlib.sha256("/".join(parts).encode()).hexdigest()[:32]
