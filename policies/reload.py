"""The rules as their files are at the moment: edited ones are taken up without a restart, wrong ones are not.

A change is noticed at the next decision, by looking at the files' names and times only. Files that were touched a
moment ago are left until they have been quiet, because an editor empties a file before it fills it, and an empty file
forbids nothing. Where the new files are wrong, the rules in force stay, and whoever is told hears why.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from threading import RLock
from typing import Any

from policies.action import Action
from policies.decision import Decision, Facts
from policies.engine import Rules
from policies.packs import folders, rule_files
from policies.problem import RuleError

QUIET = 0.3
"""Seconds for which files must have been left alone before they are read."""

Change = Callable[[str, str, str | None], None]
"""Is told the digest of the rules before, of those in force now, and what is wrong with the new files, if anything."""

NEVER = 1 << 63
"""A time, in nanoseconds, that has not come yet."""

Seen = tuple[tuple[str | int, ...], ...]


class LiveRules:
    """Decides by the newest rules that are right (the Judge of policies/door.py)."""

    def __init__(
        self,
        home: Path,
        actions: Mapping[str, Action[..., Any]],
        groups: Mapping[str, Collection[str]] | None = None,
        pack: str = "careful",
        *,
        on_change: Change = lambda before, now, problem: None,
        quiet: float = QUIET,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Load the rules for the first time.

        Args:
            home: DEVOS_HOME; one's own rules stand in its folder `rules`.
            actions: every action there is, by full name.
            groups: the configured groups of people, each with its members.
            pack: the rules that stand beside one's own.
            on_change: told before other rules come into force, so that what it raises keeps the old ones; told also,
                once, when new files are wrong and when they are right again. It must not decide anything.
            quiet: seconds for which files must have been left alone before they are read.
            clock: the seconds that the files' times are compared with.
            monotonic: seconds that are never set back.

        Raises:
            RuleError: the rules are wrong, and there are none yet that could stay.
        """
        self._home, self._actions, self._groups, self._pack = home, actions, groups, pack
        self._on_change, self._quiet, self._clock, self._monotonic = on_change, quiet, clock, monotonic
        self._lock = RLock()
        self._loaded = self._look()
        self._since: tuple[Seen, float] = (self._loaded, monotonic())
        self._rules = self._load()
        self._problem: str | None = None

    @property
    def rules(self) -> Rules:
        """The rules in force."""
        return self._rules

    @property
    def ruleset(self) -> str:
        """The digest of the rules in force."""
        return self._rules.ruleset

    @property
    def problem(self) -> str | None:
        """What is wrong with the files as they are, so that older rules are in force; None where nothing is."""
        return self._problem

    def decide(self, facts: Facts) -> Decision:
        """Say what one action needs, by the rules as they are now."""
        self.refresh()
        return self._rules.decide(facts)

    def refresh(self) -> None:
        """Take up what changed in the files, if they have been quiet; costs little where nothing changed."""
        with self._lock:
            seen = self._look()
            if seen != self._loaded and self._is_quiet(seen):
                self._take_up(seen)

    def _take_up(self, seen: Seen) -> None:
        try:
            new, problem = self._load(), None
        except RuleError as wrong:
            new, problem = self._rules, str(wrong)
        if self._look() != seen:  # changed while it was read: a later look will find it quiet
            return
        if (new.ruleset, problem) != (self._rules.ruleset, self._problem):
            self._on_change(self._rules.ruleset, new.ruleset, problem)
        self._loaded, self._rules, self._problem = seen, new, problem

    def _load(self) -> Rules:
        return Rules.load(rule_files(self._home, self._pack), self._actions, self._groups)

    def _is_quiet(self, seen: Seen) -> bool:
        if seen != self._since[0]:
            self._since = seen, self._monotonic()
        touched = max(int(number) for each in seen for number in each[2:4] or (NEVER,))
        # What has no times, a folder that went, or times in the future, after the clock was set back, is waited for.
        return touched / 1e9 <= self._clock() - self._quiet or self._monotonic() - self._since[1] >= self._quiet

    def _look(self) -> Seen:
        """Everything that tells whether the files are other ones, without opening them."""
        found: list[tuple[str | int, ...]] = []
        for folder in (*folders(self._pack), self._home / "rules"):
            try:
                found.append(_trace(str(folder), folder.stat()))
                with os.scandir(folder) as entries:
                    files = sorted((each for each in entries if each.name.endswith(".cedar")), key=lambda one: one.name)
                    found += [_trace(each.path, each.stat(follow_symlinks=False)) for each in files]
            except OSError as error:  # not there, or just going; loading will say what matters
                found.append((str(folder), error.errno or 0))
        return tuple(found)


def _trace(path: str, status: os.stat_result) -> tuple[str | int, ...]:
    return path, status.st_ino, status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_mode
