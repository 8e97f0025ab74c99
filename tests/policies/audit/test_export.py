"""Handing the record on: what is written is what was recorded, and a spreadsheet runs none of it."""

import csv
import io
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from policies.audit.export import (
    COLUMNS,
    Altered,
    Exported,
    Selection,
    count,
    defused,
    selected,
    write_file,
    write_lines,
    write_table,
)
from policies.audit.log import Entry, Log
from policies.audit.schema import open_for_reading


@pytest.fixture
def ten(path: Path, open_log: Callable[..., Log]) -> Path:
    """One entry every six hours from the evening of 1 March 2026 on, in two runs."""
    moments = (datetime(2026, 3, 1, 20, 0, tzinfo=UTC) + timedelta(hours=6 * n) for n in range(10))
    log = open_log(clock=lambda: next(moments))
    for n in range(1, 11):
        payload = {"said": f"=1+{n}"} if n % 2 else None
        log.append_now(Entry("devos.action.done", f"run-{n % 2}", n, "jira.move", {"person": "@ana", "n": n}, payload))
    log.close()
    return path


@pytest.fixture
def connection(ten: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_for_reading(ten)) as made:
        yield made


def nothing() -> None:
    return None


@pytest.mark.parametrize(
    ("selection", "seqs"),
    [
        (Selection(), [*range(1, 11)]),
        (Selection(run="run-1"), [1, 3, 5, 7, 9]),
        (Selection(run="run-7"), []),
        (Selection(first=date(2026, 3, 2)), [*range(2, 11)]),
        (Selection(last=date(2026, 3, 2)), [1, 2, 3, 4, 5]),
        (Selection(first=date(2026, 3, 2), last=date(2026, 3, 2)), [2, 3, 4, 5]),
        (Selection("run-0", date(2026, 3, 2), date(2026, 3, 2)), [2, 4]),
        (Selection(first=date(2026, 3, 3), last=date(2026, 3, 2)), []),
    ],
)
def test_entries_are_selected_by_run_and_by_whole_days(
    connection: sqlite3.Connection, selection: Selection, seqs: list[int]
) -> None:
    assert [each.seq for each in selected(connection, selection)] == seqs
    assert count(connection, selection) == len(seqs)
    assert selection.everything == (len(seqs) == 10)


def test_lines_hold_the_events_as_they_were_signed(connection: sqlite3.Connection) -> None:
    out, calls = io.StringIO(), []
    write_lines(selected(connection, Selection()), out, lambda: calls.append(1))
    lines = out.getvalue().splitlines()
    events = [event for (event,) in connection.execute("SELECT event FROM entries ORDER BY seq")]
    assert len(lines) == len(calls) == 10
    for seq, (line, event) in enumerate(zip(lines, events, strict=True), 1):
        said = {"said": f"=1+{seq}"} if seq % 2 else None
        assert json.loads(line) == {"seq": seq, "event": json.loads(event), "payload": said}
        assert event in line


def test_the_table_has_one_row_for_each_entry(connection: sqlite3.Connection) -> None:
    out = io.StringIO()
    write_table(selected(connection, Selection()), out, nothing)
    head, *rows = csv.reader(io.StringIO(out.getvalue()))
    assert tuple(head) == COLUMNS
    assert rows[0][:7] == ["1", "2026-03-01T20:00:00.000Z", "devos.action.done", "run-1", "1", "jira.move", "'@ana"]
    assert [json.loads(row[7])["n"] for row in rows] == [*range(1, 11)]
    assert [row[8] for row in rows[:2]] == ['{"said":"=1+1"}', ""]


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
@pytest.mark.parametrize("before", ["", " ", "\t", "\n", "\r", "\u200b", "\x00", "\ufeff"])
def test_no_cell_begins_a_formula(begin: str, before: str) -> None:
    text = f"{before}{begin}cmd|' /C calc'!A0"
    assert defused(text).startswith("'")
    event = {
        "data": {"api": {"operation": text}, "unmapped": {"person": text}},
        "id": "1",
        "subject": text,
        "time": "2026-03-01T09:00:00.000Z",
        "type": "done",
    }
    out = io.StringIO()
    write_table(iter([Exported(1, json.dumps(event), None, None, None)]), out, nothing)
    _, row = csv.reader(io.StringIO(out.getvalue()))
    assert len([each for each in row if f"{begin}cmd" in each]) == 4
    assert not any(each.strip().startswith(("=", "+", "-", "@", begin)) for each in row)


@pytest.mark.parametrize(("text", "cell"), [("", ""), ("ana", "ana"), ("a=b", "a=b"), ("a\nb\u202ec", "a bc")])
def test_other_text_stays_but_for_what_cannot_be_seen(text: str, cell: str) -> None:
    assert defused(text) == cell


def test_a_file_is_private_and_there_whole_or_not_at_all(
    connection: sqlite3.Connection, ten: Path, spoil: Callable[[Path, str], None], tmp_path: Path
) -> None:
    out = tmp_path / "out.jsonl"
    write_file(out, write_lines, selected(connection, Selection()), nothing)
    assert len(out.read_text().splitlines()) == 10
    assert out.stat().st_mode & 0o777 == 0o600
    before = sorted(tmp_path.iterdir())
    spoil(ten, "UPDATE entries SET event = replace(event, 'jira', 'java') WHERE seq = 7")
    with (
        closing(open_for_reading(ten)) as later,
        pytest.raises(Altered, match="Entry 7 was altered; nothing was exported"),
    ):
        write_file(tmp_path / "other.jsonl", write_lines, selected(later, Selection()), nothing)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE entries SET event = CAST(event AS BLOB) WHERE seq = 3", "Entry 3 was altered"),
        ("DELETE FROM leaves WHERE seq = 3", "Entry 3 was altered"),
        ("UPDATE payloads SET body = '{}' WHERE rowid = 2", "The payload of entry 3 was altered"),
        ("UPDATE payloads SET salt = 7 WHERE rowid = 2", "The payload of entry 3 was altered"),
    ],
)
def test_what_was_altered_is_not_handed_on(
    connection: sqlite3.Connection, ten: Path, spoil: Callable[[Path, str], None], statement: str, problem: str
) -> None:
    spoil(ten, statement)
    with pytest.raises(Altered, match=problem):
        list(selected(connection, Selection()))
