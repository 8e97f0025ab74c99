"""What the dashboard can be asked: one table of routes, from which requests are matched, checked and described."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from daemon.web.sessions import Session

Method = Literal["GET", "POST"]

PARAMETERS: Mapping[str, str] = {
    "run": r"[a-z0-9-]{1,40}",
    "approval": r"[a-z0-9]{1,20}",
    "seq": r"[1-9][0-9]{0,15}",
    "link": r"[\w-]{1,100}",
    "file": r"[a-z0-9_-]+(\.[a-z0-9]+){1,2}",
}
"""What may stand in a path, by the name of the place."""


class Access(Enum):
    """What a request must come with, beside being from this machine and from no other site."""

    OPEN = "nothing: what is needed to sign in"
    READ = "a session; where it is posted, also the session's token"
    CHANGE = "a session that may change things, and its token"


class Values(BaseModel):
    """What comes with a request: nothing but what is named here."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Nothing(Values):
    """No values at all."""


@dataclass(frozen=True)
class Visit:
    """One request that was let in."""

    route: Route
    path: Mapping[str, str]
    """What stands in the places of the route's path."""
    query: Any
    """The route's `query`, read."""
    body: Any
    """The route's `body`, read."""
    session: Session | None
    """None where the route needs none and there is none."""
    here: str
    """The path and query as they came."""


Endpoint = Callable[[Visit], Awaitable[Response]]


class Turned(Exception):
    """What was asked for cannot be given: the status, and a sentence for the person who asked."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


def for_programs(path: str) -> bool:
    """Whether JSON is spoken at a path."""
    return path.startswith("/api/")


class NotUnlocked(Turned):
    """The session may only read so far."""

    def __init__(self) -> None:
        text = "This session may only read until it is unlocked with the word that `devos open` showed at the terminal."
        super().__init__(403, text)


class Elsewhere(Turned):
    """A link of another page led here; only the person can tell whether that was meant."""

    def __init__(self, path: str) -> None:
        super().__init__(403, "Another page led you here. If you meant to come, go on.")
        self.path = path


@dataclass(frozen=True)
class Route:
    """One thing that can be asked."""

    method: Method
    path: str
    """With places in braces, each named as in PARAMETERS."""
    endpoint: Endpoint
    summary: str
    access: Access = Access.READ
    query: type[Values] = Nothing
    body: type[Values] = Nothing
    answer: Any = None
    """For programs: the type of the JSON that is answered."""
    problems: tuple[int, ...] = ()
    """For programs: with which statuses it can say no, beside those that every route has."""
    stream: bool = False
    """Whether the answer goes on until somebody leaves."""
    pattern: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        pieces = re.split(r"\{(\w+)\}", self.path)
        places = [f"(?P<{each}>{PARAMETERS[each]})" if odd % 2 else re.escape(each) for odd, each in enumerate(pieces)]
        object.__setattr__(self, "pattern", re.compile("".join(places), re.ASCII))

    @property
    def for_programs(self) -> bool:
        """Whether it speaks JSON."""
        return for_programs(self.path)

    def match(self, path: str) -> dict[str, str] | None:
        """What stands in the places of a path of this route; None for any other path."""
        found = self.pattern.fullmatch(path)
        return None if found is None else found.groupdict()
