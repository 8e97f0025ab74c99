"""What the audit commands share."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import typer

from daemon.commands.audit_log import day_of, local


def test_days_are_written_as_people_write_them() -> None:
    assert day_of("2026-03-01", json=False) == date(2026, 3, 1) and day_of(None, json=False) is None
    today, yesterday = day_of("today", json=False), day_of("yesterday", json=False)
    assert today is not None and yesterday is not None and today - yesterday == timedelta(days=1)


def test_what_is_no_day_ends_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as ended:
        day_of("1.3.2026", json=False)
    assert ended.value.exit_code == 2 and "is no day" in capsys.readouterr().err


def test_times_are_local() -> None:
    assert local(datetime(2026, 3, 1, 9, 5, 7, 999, UTC)) == "2026-03-01 09:05:07", "tests run in UTC"
