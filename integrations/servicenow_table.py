"""ServiceNow's Table API through the `pysnow` library, with the library's traps closed.

They are: an earlier query goes along with the next request of the same resource; `^` in a value begins another
condition; an error beside part of a result passes for success; a web page with status 200 fails in the JSON decoder; no
time-outs of our choice; and it is synchronous. Written from "Table API" (docs.servicenow.com).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from integrations.http import (
    AGENT,
    TIMES,
    BadAnswer,
    NotThere,
    Rejected,
    answer,
    guard,
    host_of,
    in_a_line,
    in_a_thread,
    words,
)
from policies.action import IntegrationError

if TYPE_CHECKING:
    from requests import Response

T = TypeVar("T")


JOURNALS = ("comments", "work_notes")
"""The fields in which ServiceNow looks for HTML between [code] and [/code]."""


class Injected(IntegrationError):
    """A value would change the meaning of a query."""

    def __init__(self, value: str) -> None:
        super().__init__(value)
        self.value = value

    def __str__(self) -> str:
        return f"{self.value!r} cannot be looked for in ServiceNow: '^' and line breaks would begin another condition."


class NoSuchChange(IntegrationError):
    """There is no such change request, or this account may not see it."""

    def __init__(self, number: str) -> None:
        super().__init__(number)
        self.number = number

    def __str__(self) -> str:
        return f"There is no change request {self.number!r} in ServiceNow, or this account may not see it."


class Tables:
    """The tables of one instance. Its methods block; `do` runs a function that uses them in a thread."""

    def __init__(self, url: str, user: str, password: str) -> None:
        """Remember the instance; nothing is imported or sent yet."""
        self.url = url.rstrip("/")
        self._user, self._password = user, password

    async def do(self, question: Callable[[], T]) -> T:
        """Run a function that uses the tables in a thread, its failures put into our words.

        Raises:
            Unreachable: no answer, 429 or 5xx.
            SignInFailed, NotAllowed, NotThere, Rejected, BadAnswer, Untrusted: as `integrations.http` says.
        """
        return await in_a_thread("ServiceNow", host_of(self.url), (self._password,), question)

    def create(self, table: str, fields: dict[str, str]) -> dict[str, Any]:
        """Add a record and give it back."""
        return dict(self._table(table).create(_as_text(fields)).one())

    def set(self, table: str, sys_id: str, fields: dict[str, str]) -> None:
        """Set fields of one record."""
        self._table(table).request("PATCH", path_append=f"/{sys_id}", data=json.dumps(_as_text(fields))).one()

    def find(self, table: str, query: str, fields: list[str] | None = None) -> list[dict[str, Any]]:
        """The records a query finds, each field as value and as what people see."""
        asked = {"query": query, "fields": fields or [], "limit": 100, "display_value": "all"}
        try:
            return list(self._table(table).get(**asked).all())
        except NotThere as error:
            if "no record" in error.readable.lower():
                return []  # older instances answer an empty list this way
            raise

    def _table(self, name: str) -> Any:
        """A fresh resource: a used one would send its last query along."""
        return self._client.resource(api_path=f"/table/{name}", timeout=TIMES)

    @cached_property
    def _client(self) -> Any:
        session = import_module("requests").Session()
        session.auth = (self._user, self._password)
        guard(session, "ServiceNow", (self._password,))
        session.hooks["response"].append(self._refuse_errors)
        place = urlsplit(self.url)
        host = place.netloc + place.path
        made = import_module("pysnow").Client(host=host, use_ssl=place.scheme != "http", session=session)
        session.headers["User-Agent"] = AGENT
        return made

    def _refuse_errors(self, response: Response, *args: object, **kwargs: object) -> None:
        """Stop at an error that comes with status 200 and part of a result, which the library would hand on."""
        if response.ok and not response.is_redirect and response.content:
            body = response.json()
            if isinstance(body, dict) and body.get("error"):
                text = in_a_line(words(body["error"]), (self._password,))
                raise Rejected("ServiceNow", response.status_code, answer("ServiceNow", text))


def numbered(number: str) -> str:
    """A change's number, and nothing else.

    Raises:
        NoSuchChange: it is none.
    """
    name = number.strip().upper()
    if not re.fullmatch(r"[A-Z]{2,10}[0-9]{3,20}", name):
        raise NoSuchChange(number)
    return name


def where(**conditions: str) -> str:
    """An encoded query of equalities, all of which must hold."""
    for value in conditions.values():
        if re.search(r"[\^\r\n]", value):
            raise Injected(value)
    return "^".join(f"{name}={value}" for name, value in conditions.items())


def value(field: Any) -> str:
    """A field's stored value, whether it came alone or with what people see."""
    return str(field.get("value") or "") if isinstance(field, dict) else str(field or "")


def _as_text(fields: dict[str, str]) -> dict[str, str]:
    """The fields to be written: what ServiceNow would show as HTML, between [code] and [/code], stays text."""
    return {
        name: re.sub(r"\[(\s*/?\s*code\b)", r"[ \1", text, flags=re.IGNORECASE) if name in JOURNALS else text
        for name, text in fields.items()
    }


def record(field: Any) -> str:
    """A field's stored value where that is a record's id, which becomes part of addresses and queries.

    Raises:
        BadAnswer: it is none.
    """
    sys_id = value(field)
    if not re.fullmatch(r"[0-9a-zA-Z]{1,32}", sys_id):
        raise BadAnswer("ServiceNow", "the instance", "a record whose id is none")
    return sys_id


def shown(field: Any) -> str:
    """What people see of a field."""
    return str(field.get("display_value") or "") if isinstance(field, dict) else str(field or "")
