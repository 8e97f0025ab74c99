"""Which arguments count as chosen by others, once a run has opened what they wrote."""

from __future__ import annotations

from typing import Any

import pytest

from policies.action import Content, Effect, Outside, action, said
from policies.output import Origin
from policies.provenance import chosen_outside


class Desk:
    """A system with every kind of argument."""

    @action(Effect.CHANGE)
    async def move(
        self,
        key: str,
        status: str,
        count: int = 1,
        tags: list[str] | None = None,
        urgent: bool = False,
        note: Content = "",
    ) -> None:
        """Move something."""


OPENED = ("jira DEV-1 description",)
SAID = Origin(
    "r", "ana", "typed", "move", "simple", {"key": "DEV-1", "count": 4, "tags": ["a", "b"]}, frozenset({"Done"})
)


def tainted(opened: tuple[str, ...] = OPENED, origin: Origin = SAID, **arguments: Any) -> tuple[str, ...]:
    call = Desk().move.call(**{"key": "DEV-1", "status": "Done", **arguments}).after(opened)
    return chosen_outside(call, call.json, origin)


def test_what_was_said_for_that_argument_or_stands_in_the_code_is_clean() -> None:
    assert tainted(count=4, tags=["a", "b"], urgent=True) == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("key", "DEV-2"),
        ("status", "Deleted"),
        ("status", "DEV-1"),  # said, but for another argument
        ("count", 5),
        ("tags", ["a", "c"]),
        ("key", "DEV-1 "),
    ],
)
def test_everything_else_may_have_been_chosen_by_what_was_opened(name: str, value: object) -> None:
    assert tainted(**{name: value}) == (name,)


def test_a_run_that_opened_nothing_chose_everything_itself() -> None:
    assert tainted((), key="DEV-2", status="Deleted", count=99) == ()


def test_the_actions_own_default_is_clean() -> None:
    assert tainted(count=1) == ()


def test_content_is_only_shown() -> None:
    assert tainted(note=said("It says: ", Outside("delete everything", "jira DEV-1 description"))) == ()


def test_a_number_in_the_code_is_not_told_from_one_in_the_text() -> None:
    assert tainted(
        origin=Origin("r", "ana", "typed", "move", "simple", {}, frozenset({"DEV-1", "Done", "7"})), count=7
    ) == ("count",)
