"""What the audit commands share."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import typer

from daemon.commands.audit_log import OWN_READS, PAGE, day_of, local, without_own_reads
from policies.audit.event import Stored


def test_days_are_written_as_people_write_them() -> None:
    assert day_of("2026-03-01", json=False) == date(2026, 3, 1) and day_of(None, json=False) is None
    today, yesterday = day_of("today", json=False), day_of("yesterday", json=False)
    assert today is not None and yesterday is not None and today - yesterday == timedelta(days=1)


def test_what_is_no_day_ends_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as ended:
        day_of("1.3.2026", json=False)
    assert ended.value.exit_code == 2 and "is no day" in capsys.readouterr().err


def test_own_reads_are_left_out_page_after_page() -> None:
    last = 2 * PAGE + 20

    def entry(seq: int) -> Stored:
        run = OWN_READS if 10 < seq < last else "261120-1f3a9c2e"
        return Stored(
            seq, f"id-{seq}", datetime(2026, 3, 1, tzinfo=UTC), "devos.run.started", run, None, None, {}, None
        )

    def read(before: int | None, limit: int) -> list[Stored]:
        newest = last if before is None else before - 1
        return [entry(seq) for seq in range(newest, max(0, newest - limit), -1)]

    def seqs(before: int | None, limit: int) -> tuple[list[int], int]:
        found, left_out = without_own_reads(read, before, limit)
        return [each.seq for each in found], left_out

    assert seqs(None, 1) == ([last], 0)
    assert seqs(None, 3) == ([last, 10, 9], last - 11)
    assert seqs(12, 100) == (list(range(10, 0, -1)), 1)
    assert seqs(1, 5) == ([], 0)


def test_times_are_local() -> None:
    assert local(datetime(2026, 3, 1, 9, 5, 7, 999, UTC)) == "2026-03-01 09:05:07", "tests run in UTC"
