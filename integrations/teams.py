"""Microsoft Teams: cards in one channel, and what people reply to them. Graph v1.0.

Written from "Send chatMessage in a channel", "List replies" and "Update chatMessage" (learn.microsoft.com/graph).
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote

import httpx

from integrations.graph import Graph, SignIn
from integrations.http import NotThere
from policies.action import Content, Effect, Found, IntegrationError, Json, Outside, Preview, Target, action, wire

CARD = "application/vnd.microsoft.card.adaptive"
RECENT = 200
"""How many of the channel's newest messages are looked through for a card."""
PAGE = "50"
BARE = frozenset(("p", "div", "br"))
"""The elements of a reply that hold nothing but its words."""
HARMLESS = frozenset((("dir", "ltr"), ("dir", "auto"), ("itemprop", "copy-paste-block")))
"""Attributes that Teams gives to such elements by itself, and that change nothing of what is read."""


@dataclass(frozen=True)
class Posted:
    """A message that holds a card."""

    id: str
    at: datetime
    """When it was posted, by the clock of Teams; in UTC."""
    url: str


@dataclass(frozen=True)
class Reply:
    """One reply to a message."""

    id: str
    author: str | None
    """The Entra id of the person; None where a program wrote it, or Teams itself."""
    at: datetime
    """When it was written, by the clock of Teams; in UTC."""
    text: Outside[str]
    """Its words, line by line."""
    bare: bool
    """Whether these words are all there is: nothing quoted, attached, formatted or linked."""
    edited: bool
    deleted: bool


class NoAccount(IntegrationError):
    """The application alone is signed in, which may not post."""

    def __str__(self) -> str:
        return (
            "Microsoft lets an application alone read a Teams channel, not post there. "
            "Sign in with an account: docs/approvals-elsewhere.md says how."
        )


class Teams:
    """One channel of one team."""

    def __init__(
        self,
        sign_in: SignIn,
        team: str,
        channel: str,
        *,
        url: str = "https://graph.microsoft.com",
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Remember the channel; nothing is sent yet.

        Args:
            sign_in: the application's, with an account where cards are to be posted.
            team: the team's id.
            channel: the channel's id.
            url: Graph's address.
            transport: what carries the requests; None for the network.
        """
        self._graph = Graph("Teams", url, sign_in, transport=transport)
        self._channel = channel
        self._messages = f"/teams/{quote(team, safe='')}/channels/{quote(channel, safe='')}/messages"

    @action(Effect.CHANGE)
    async def ask(self, code: str, card: Content) -> Posted:
        """Post the question's card in the channel; where it stands already, it is not posted again.

        Raises:
            NoAccount: only an account may post, and the application alone is signed in.
        """
        if not self._graph.sign_in.is_account:
            raise NoAccount
        return await self.find(code) or _posted(await self._graph.post(self._messages, _message(code, wire(card))))

    @ask.target
    def _ask_target(self, code: str, card: Content) -> Target:
        return Target(self._channel)

    @ask.preview
    async def _ask_preview(self, code: str, card: Content) -> Preview:
        return Preview(f"Post the question {code} in Teams", "Say in its place that it is closed")

    @ask.lookup
    async def _ask_lookup(self, code: str, card: Content) -> Found[Posted] | None:
        """Every card is attached under an id made from its code; while nothing answers, asking again looks as well."""
        try:
            there = await self.find(code)
        except IntegrationError:
            return None
        return Found(there) if there else None

    @action(Effect.READ)
    async def replies(self, message: str) -> list[Reply]:
        """Every reply to a message, oldest first."""
        return await self.read_replies(message)

    async def read_replies(self, message: str) -> list[Reply]:
        """What `replies` reads: a plain method for whoever waits for an answer, not an action."""
        found = await self._graph.pages(f"{self._messages}/{_number(message)}/replies", {"$top": PAGE})
        return sorted((_reply(each) for each in found), key=lambda reply: (reply.at, reply.id))

    @action(Effect.CHANGE)
    async def update(self, message: str, code: str, card: Content) -> None:
        """Put another card into a message."""
        await self._graph.request("PATCH", self._place(message), body=_message(code, wire(card)))

    @update.target
    def _update_target(self, message: str, code: str, card: Content) -> Target:
        return Target(self._channel)

    @update.preview
    async def _update_preview(self, message: str, code: str, card: Content) -> Preview:
        return Preview(f"Set the card of the question {code} in Teams")

    @update.lookup
    async def _update_lookup(self, message: str, code: str, card: Content) -> Found[None] | None:
        """Setting it again does no harm, so it is done again unless the card is seen to stand there."""
        try:
            stands = await self._graph.get(self._place(message))
        except IntegrationError:
            return None
        return Found(None) if any(each.get("content") == wire(card) for each in stands["attachments"]) else None

    async def find(self, code: str) -> Posted | None:
        """The message that holds the card of this code, written by this very account: a plain method, not an action."""
        if not self._graph.sign_in.is_account:
            return None  # an application alone has posted nothing
        me = await self._graph.get("/me", {"$select": "id"})
        for each in await self._graph.pages(self._messages, {"$top": PAGE}, RECENT):
            ids = [attachment.get("id") for attachment in each.get("attachments") or ()]
            if _mark(code) in ids and _author(each) == me["id"] and not each.get("deletedDateTime"):
                return _posted(each)
        return None

    async def aclose(self) -> None:
        """Close the connections of this event loop."""
        await self._graph.aclose()

    def _place(self, message: str) -> str:
        return f"{self._messages}/{_number(message)}"


def _message(code: str, card: str) -> dict[str, Json]:
    """A message that is nothing but a card."""
    attachment = {"id": _mark(code), "contentType": CARD, "contentUrl": None, "content": card}
    body = {"contentType": "html", "content": f'<attachment id="{_mark(code)}"></attachment>'}
    return {"body": body, "attachments": [attachment]}


def _mark(code: str) -> str:
    """The id under which a question's card is attached: the same whoever posts it and whenever."""
    return hashlib.sha256(f"devos question {code}".encode()).hexdigest()[:32]


def _posted(message: Any) -> Posted:
    return Posted(str(message["id"]), _moment(message["createdDateTime"]), str(message.get("webUrl") or ""))


def _reply(message: Any) -> Reply:
    body, number = message.get("body") or {}, str(message["id"])
    content = str(body.get("content") or "")
    text, plain = _words(content) if body.get("contentType") == "html" else (content, True)
    extra = any(message.get(name) for name in ("attachments", "mentions", "subject", "hostedContents"))
    return Reply(
        id=number,
        author=_author(message) if message.get("messageType") == "message" else None,
        at=_moment(message["createdDateTime"]),
        text=Outside(text, f"teams reply {number}"),
        bare=plain and not extra,
        edited=bool(message.get("lastEditedDateTime")),
        deleted=bool(message.get("deletedDateTime")),
    )


def _author(message: Any) -> str | None:
    """The Entra id of the person who wrote a message; None where it was a program, or a guest without one."""
    written_by = message.get("from") or {}
    user = written_by.get("user") or {}
    if written_by.get("application") or user.get("userIdentityType", "aadUser") != "aadUser":
        return None
    return user.get("id") or None


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


class _Words(HTMLParser):
    """The words of a reply, and whether there was anything besides."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.bare = True

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in BARE or not HARMLESS.issuperset(attrs):
            self.bare = False
        self.found.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self.found.append("\n")

    def handle_data(self, data: str) -> None:
        self.found.append(data)

    def handle_comment(self, data: str) -> None:
        self.bare = False

    def handle_decl(self, decl: str) -> None:
        self.bare = False

    def handle_pi(self, data: str) -> None:
        self.bare = False

    def unknown_decl(self, data: str) -> None:
        self.bare = False


def _words(html: str) -> tuple[str, bool]:
    parser = _Words()
    parser.feed(html)
    parser.close()
    lines = re.split(r"\n+", "".join(parser.found).replace("\xa0", " "))
    return "\n".join(filter(None, map(str.strip, lines))), parser.bare


def _number(message: str) -> str:
    """A message's id, and nothing else: it becomes part of an address."""
    if not (message.isascii() and message.isdigit()):
        raise NotThere("Teams", f"message {message!r}", "a message's id is a number")
    return message
