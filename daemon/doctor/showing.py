"""How findings look to a person."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from daemon.commands.common import in_a_line
from daemon.doctor.check import Check

MARKS = {"ok": "ok", "warning": "warning", "failed": "FAILED", "skipped": "-"}
INDENT = 26


def lines_of(check: Check, columns: int) -> list[str]:
    """One finding: its name, how it stands, what it says, and what mends it."""
    head = f"{check.name:15} {MARKS[check.status]:9} "
    wide = max(30, columns - INDENT)
    says = textwrap.wrap(in_a_line(check.says), wide, break_long_words=False, break_on_hyphens=False) or [""]
    mend = [f"mend: {in_a_line(check.mend)}"] if check.mend else []  # a command is not broken into lines
    return [head + says[0], *(" " * INDENT + each for each in [*says[1:], *mend])]


def summary(checks: Sequence[Check]) -> str:
    """All findings in a sentence."""
    failed, warnings = (sum(each.status == status for each in checks) for status in ("failed", "warning"))
    if not failed and not warnings:
        return "All is well."
    counts = [f"{failed} failed"] if failed else []
    counts += [f"{warnings} warning{'s' * (warnings > 1)}"] if warnings else []
    return f"{' and '.join(counts)}; below each stands what mends it."
