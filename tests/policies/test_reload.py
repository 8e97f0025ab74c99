"""Edited rules come into force by themselves; wrong or half-written ones never do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from policies.action import Action, Effect, Target, action, actions_of
from policies.decision import Facts, Level
from policies.problem import RuleError
from policies.reload import LiveRules

NO = '@id("no")\nforbid (principal, action, resource);\n'
WRONG = '@id("no")\nforbidd (principal, action, resource);\n'


class Jira:
    @action(Effect.READ)
    async def issue(self, key: str) -> None: ...


class Cdk:
    @action(Effect.CHANGE)
    async def deploy(self, service: str) -> None: ...


ACTIONS = {**actions_of(Jira), **actions_of(Cdk)}
READ = Facts("jira.issue", Effect.READ, {"key": "DEV-1"}, Target("DEV-1"), "ada", "typed", "any", "simple")


class Times:
    """The clock of the files and the one that is never set back; both stand until they are moved."""

    def __init__(self) -> None:
        self.wall, self.ticks = 0.0, 0.0

    def later(self, seconds: float) -> None:
        self.wall, self.ticks = self.wall + seconds, self.ticks + seconds


class Home:
    """A home with own rules, and everything that was said about changes."""

    def __init__(self, folder: Path) -> None:
        self.rules = folder / "rules"
        self.rules.mkdir()
        self.folder, self.times = folder, Times()
        self.times.wall = self.rules.stat().st_mtime
        self.told: list[tuple[str, str, str | None]] = []

    def write(self, text: str, name: str = "mine.cedar") -> None:
        (self.rules / name).write_text(text)
        self.times.wall = (self.rules / name).stat().st_ctime

    def live(self) -> LiveRules:
        times = self.times
        return LiveRules(
            self.folder,
            ACTIONS,
            on_change=lambda *what: self.told.append(what),
            clock=lambda: times.wall,
            monotonic=lambda: times.ticks,
        )


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_a_new_file_a_changed_one_and_a_removed_one_are_taken_up(home: Home) -> None:
    live = home.live()
    first = live.ruleset
    assert live.decide(READ).rule == "reads"
    home.write(NO)
    home.times.later(1)
    assert (live.decide(READ).rule, live.decide(READ).where) == ("no", "mine.cedar:1")
    second = live.ruleset
    home.write(NO.replace("no", "never"))
    home.times.later(1)
    assert live.decide(READ).rule == "never"
    third = live.ruleset
    (home.rules / "mine.cedar").unlink()
    home.times.later(1)
    assert (live.decide(READ).rule, live.ruleset) == ("reads", first)
    assert home.told == [(first, second, None), (second, third, None), (third, first, None)]


def test_decisions_carry_the_digest_of_the_rules_that_made_them(home: Home) -> None:
    live = home.live()
    before = live.decide(READ).ruleset
    home.write(NO)
    home.times.later(1)
    after = live.decide(READ).ruleset
    assert before != after == live.ruleset == live.rules.ruleset


def test_wrong_rules_leave_the_old_ones_in_force_and_are_said_once(home: Home) -> None:
    home.write(NO)
    live = home.live()
    old = live.ruleset
    home.write(WRONG)
    home.times.later(1)
    for _ in range(3):
        assert live.decide(READ).rule == "no"
    (told,) = home.told
    assert told[:2] == (old, old)
    assert told[2] == live.problem == "mine.cedar:2: invalid policy effect: forbidd; did you mean 'forbid'?"
    home.write(NO)
    home.times.later(1)
    assert live.decide(READ).rule == "no"
    assert live.problem is None
    assert home.told[1:] == [(old, old, None)]


def test_a_file_that_is_being_written_is_not_read(home: Home) -> None:
    home.write(NO)
    live = home.live()
    home.write("")  # as an editor leaves it for a moment; it would be a right file that forbids nothing
    home.times.later(0.1)
    assert live.decide(READ).rule == "no"
    home.write(NO + "// more")
    home.times.later(0.1)
    assert live.decide(READ).rule == "no"
    assert home.told == []
    home.times.later(1)
    live.refresh()
    assert len(home.told) == 1


def test_a_file_that_changes_while_it_is_read_is_read_again(home: Home) -> None:
    class Meddling(dict[str, Action[..., Any]]):
        """Actions whose looking up writes the rules anew, as somebody might at any moment."""

        def items(self) -> Any:
            if said:
                home.write(said.pop())
            return super().items()

    said: list[str] = []
    times = home.times
    live = LiveRules(home.folder, Meddling(ACTIONS), clock=lambda: times.wall, monotonic=lambda: times.ticks)
    home.write('@id("more") permit (principal, action, resource);')
    home.times.later(1)
    before, said = live.ruleset, [NO]
    live.refresh()
    assert (live.ruleset, said) == (before, [])
    home.times.later(1)
    assert live.decide(READ).rule == "no"


def test_a_file_that_is_replaced_is_never_missed(home: Home) -> None:
    """Some editors move the old file away first: for a moment there is none."""
    home.write(NO)
    live = home.live()
    (home.rules / "mine.cedar").rename(home.rules / "mine.cedar~")
    home.times.wall = home.rules.stat().st_mtime
    assert live.decide(READ).rule == "no"


def test_times_in_the_future_do_not_keep_rules_waiting_for_ever(home: Home) -> None:
    live = home.live()
    home.write(NO)
    home.times.wall -= 86400  # the clock was set back by a day
    assert live.decide(READ).rule == "reads"
    home.times.later(1)
    assert live.decide(READ).rule == "no"


def test_a_change_that_cannot_be_told_is_not_made(home: Home) -> None:
    def disk_full(*_: object) -> None:
        raise OSError("disk full")

    times = home.times
    live = LiveRules(home.folder, ACTIONS, on_change=disk_full, clock=lambda: times.wall, monotonic=lambda: times.ticks)
    before = live.ruleset
    home.write('@id("more")\npermit (principal, action, resource);')
    home.times.later(1)
    for _ in range(2):
        with pytest.raises(OSError, match="disk full"):
            live.decide(READ)
    assert live.ruleset == before


def test_touching_a_file_is_no_change(home: Home) -> None:
    home.write(NO)
    live = home.live()
    (home.rules / "mine.cedar").touch()
    home.times.later(3600)
    assert live.decide(READ).rule == "no"
    assert home.told == []


def folder_gone(home: Home) -> None:
    (home.rules / "mine.cedar").unlink()
    home.rules.rmdir()


def folder_is_a_file(home: Home) -> None:
    folder_gone(home)
    home.rules.write_text("x")


def file_is_a_link(home: Home) -> None:
    (home.rules / "mine.cedar").rename(home.folder / "elsewhere.cedar")
    (home.rules / "mine.cedar").symlink_to(home.folder / "elsewhere.cedar")


@pytest.mark.parametrize(
    ("change", "rule", "problem"),
    [
        (folder_gone, "reads", None),
        (folder_is_a_file, "no", "cannot be looked into"),
        (file_is_a_link, "no", "it is a link"),
    ],
)
def test_whatever_happens_to_the_folder_the_rules_stay_whole(
    home: Home, change: Callable[[Home], None], rule: str, problem: str | None
) -> None:
    home.write(NO)
    live = home.live()
    change(home)
    assert live.decide(READ).rule == "no"
    home.times.later(3600)
    assert live.decide(READ).rule == rule
    assert live.problem is None if problem is None else problem in str(live.problem)


def test_another_pack_and_groups_are_used(home: Home) -> None:
    home.write('@id("on-call")\nforbid (principal, action, resource) unless { principal in Group::"on-call" };')
    with pytest.raises(RuleError, match="there is no Group 'on-call'"):
        home.live()
    live = LiveRules(home.folder, ACTIONS, {"on-call": ["ada"]}, "read-only")
    assert live.decide(READ).level == Level.DENY
    assert {rule.id for rule in live.rules.rules} == {"read-only-reads", "read-only", "on-call"}


def test_wrong_rules_at_the_start_are_an_error(home: Home) -> None:
    home.write(WRONG)
    with pytest.raises(RuleError, match=r"mine\.cedar:2"):
        home.live()
