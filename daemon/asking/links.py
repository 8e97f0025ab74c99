"""The links beside a question: to the records that its plan names, in the systems that the settings name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from policies.visible import visible

MOST = 4
_URL = re.compile(r"https?://[^\s\"'<>()\[\]{}|\\^`]+")
_RECORDS: Mapping[str, tuple[re.Pattern[str], str]] = {
    "Jira": (re.compile(r"[A-Z][A-Z0-9_]{1,20}-[1-9][0-9]{0,9}"), "/browse/{0}"),
    "ServiceNow": (re.compile(r"(?:CHG|INC)[0-9]{5,12}"), "/nav_to.do?uri=task.do%3Fsysparm_query%3Dnumber%3D{0}"),
}
"""System → what the name of a record looks like there, and where it is shown."""


@dataclass(frozen=True)
class Link:
    """A link and what it opens."""

    title: str
    url: str


def links_of(plan: list[dict[str, Any]], places: Mapping[str, str]) -> list[Link]:
    """The links that a plan is worth.

    Args:
        plan: the changes as they are shown.
        places: system → its address. A link leads to one of these or nowhere, and what others wrote makes none.
    """
    found: dict[str, Link] = {}
    for text in _own_texts(plan):
        for name, base in places.items():
            for url in _URL.findall(text):
                if url.startswith(f"{base.rstrip('/')}/") and visible(url) == url:
                    found.setdefault(url, Link(f"Open in {name}", url.rstrip(".,;:!?")))
            pattern, path = _RECORDS.get(name, (None, ""))
            if pattern is not None and pattern.fullmatch(text):
                url = base.rstrip("/") + path.format(text)
                found.setdefault(url, Link(f"Open {text}", url))
    return list(found.values())[:MOST]


def _own_texts(plan: list[dict[str, Any]]) -> Iterator[str]:
    """The plan's texts, without the arguments that hold somebody else's."""
    for change in plan:
        others = {*(change.get("quoted") or ()), *(change.get("outside") or ())}
        yield from (str(value) for name, value in (change.get("args") or {}).items() if name not in others)
        if not others:
            yield from (str(change.get(name) or "") for name in ("summary", "evidence", "undo", "target"))
