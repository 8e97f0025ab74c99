"""How findings look."""

from __future__ import annotations

from daemon.doctor.check import Check
from daemon.doctor.showing import lines_of, summary

LONG = "There is neither X11 nor Wayland nor macOS here, so no keys can be listened to at all."


def test_a_finding_with_what_mends_it() -> None:
    check = Check("hotkeys", "failed", LONG, "sudo apt-get install " + "a-package " * 8 + "more")
    first, *rest = lines_of(check, 80)
    assert first.startswith("hotkeys         FAILED    There is neither")
    assert len(rest) > 1 and all(each.startswith(" " * 26) for each in rest)
    assert max(map(len, [first, *rest[:-1]])) <= 80
    assert rest[-1].strip() == f"mend: {check.mend}"  # to be copied: a command is never broken


def test_one_line_is_enough_for_what_is_well() -> None:
    assert lines_of(Check("disk", "ok", "65 GB are free."), 80) == ["disk            ok        65 GB are free."]
    assert lines_of(Check("disk", "ok", ""), 10) == ["disk            ok        "]


def test_what_steers_a_terminal_is_left_out() -> None:
    assert "\x1b" not in "".join(lines_of(Check("microphone", "ok", "'De\x1b[2Jsk'", "x\x1by"), 80))


def test_the_summary() -> None:
    ok, warning, failed = (Check("x", each, "") for each in ("ok", "warning", "failed"))
    assert summary([ok]) == "All is well."
    assert summary([ok, warning]).startswith("1 warning; ")
    assert summary([failed, warning, warning]).startswith("1 failed and 2 warnings; ")
