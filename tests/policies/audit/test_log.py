"""Appending: what was acknowledged is on disk, what could not be written was not acknowledged."""

import asyncio
import itertools
import json
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from policies.action import Json
from policies.audit import schema
from policies.audit.checkpoint import Signer
from policies.audit.log import BLOCK, GROUP, CannotRecord, Entry, Log, utc_now
from policies.audit.reader import Reader
from policies.audit.verify import verify

REPOSITORY = Path(__file__).parents[3]


def count(path: Path) -> int:
    reader = Reader(path)
    try:
        return len(reader.entries())
    finally:
        reader.close()


class Gate:
    """A clock that stands still until it is let go: whoever asks it waits, and the writer with it."""

    def __init__(self) -> None:
        self.asked, self.open = threading.Event(), threading.Event()

    def __call__(self) -> datetime:
        self.asked.set()
        self.open.wait()
        return datetime(2026, 3, 1, tzinfo=UTC)


def test_an_entry_is_there_as_it_was_given(log: Log, entry: Callable[..., Entry]) -> None:
    assert [log.append_now(entry(n)) for n in (1, 2)] == [1, 2]
    first, second = log.entries()
    given = entry(1)
    assert (first.type, first.run, first.step, first.action) == (given.type, given.run, given.step, given.action)
    assert (first.data, first.payload, first.seq) == (given.data, given.payload, 1)
    assert first.time == datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
    assert (second.seq, second.time.second) == (2, 1)
    assert first.id != second.id


def test_the_usual_clock_is_in_utc(path: Path, signer: Signer, entry: Callable[..., Entry]) -> None:
    before = utc_now()
    log = Log(path, signer)
    log.append_now(entry())
    (written,) = log.entries()
    log.close()
    assert before.tzinfo is UTC
    assert before.timestamp() - 0.001 <= written.time.timestamp() <= utc_now().timestamp()


async def test_appending_waits_without_holding_up_the_loop(log: Log, entry: Callable[..., Entry]) -> None:
    assert await asyncio.gather(*(log.append(entry(n)) for n in range(1, 65))) == [*range(1, 65)]
    assert [each.step for each in log.entries()] == [*range(1, 65)]


def test_what_comes_while_the_disk_is_busy_shares_one_commit(
    path: Path, signer: Signer, open_log: Callable[..., Log], entry: Callable[..., Entry]
) -> None:
    gate = Gate()
    log = open_log(clock=gate)
    commits: list[int] = []
    queued = threading.Barrier(3)

    async def many(numbers: range) -> list[int]:
        tasks = [asyncio.create_task(log.append(entry(n))) for n in numbers]
        await asyncio.sleep(0)
        queued.wait()
        return await asyncio.gather(*tasks)

    first = threading.Thread(target=lambda: commits.append(log.append_now(entry())))
    first.start()
    gate.asked.wait()
    loops = [threading.Thread(target=asyncio.run, args=(many(range(n, n + 40)),)) for n in (2, 42)]
    for each in loops:
        each.start()
    queued.wait()
    gate.open.set()
    for each in (first, *loops):
        each.join()
    connection = sqlite3.connect(path)
    sizes = [size for (size,) in connection.execute("SELECT size FROM checkpoints ORDER BY size")]
    connection.close()
    assert sizes == [1, 81]
    assert verify(path, str(signer.verifier)).entries == 81


def test_a_group_has_a_largest_size(path: Path, open_log: Callable[..., Log], entry: Callable[..., Entry]) -> None:
    gate = Gate()
    log = open_log(clock=gate)

    async def many() -> None:
        first = asyncio.create_task(log.append(entry(0)))
        await asyncio.to_thread(gate.asked.wait)
        others = [asyncio.create_task(log.append(entry(n, payload=None))) for n in range(GROUP + 5)]
        await asyncio.sleep(0)
        gate.open.set()
        await asyncio.gather(first, *others)

    asyncio.run(many())
    connection = sqlite3.connect(path)
    sizes = [size for (size,) in connection.execute("SELECT size FROM checkpoints ORDER BY size")]
    connection.close()
    assert sizes == [1, GROUP + 1, GROUP + 6]


async def test_who_gives_up_before_the_write_has_nothing_recorded(
    open_log: Callable[..., Log], entry: Callable[..., Entry]
) -> None:
    gate = Gate()
    log = open_log(clock=gate)
    kept = asyncio.create_task(log.append(entry(1)))
    await asyncio.to_thread(gate.asked.wait)
    given_up = [asyncio.create_task(log.append(entry(n))) for n in (2, 3)]
    await asyncio.sleep(0)
    for each in given_up:
        each.cancel()
    await asyncio.wait(given_up)
    gate.open.set()
    assert await kept == 1
    assert await log.append(entry(4)) == 2
    assert [each.step for each in log.entries()] == [1, 4]


def test_of_every_block_one_checkpoint_stays_and_the_newest(path: Path, log: Log, entry: Callable[..., Entry]) -> None:
    for n in range(1, 2 * BLOCK + 8):
        log.append_now(entry(n, payload=None))
    connection = sqlite3.connect(path)
    sizes = [size for (size,) in connection.execute("SELECT size FROM checkpoints ORDER BY size")]
    connection.close()
    assert sizes == [1, BLOCK, 2 * BLOCK, 2 * BLOCK + 7]
    assert log.checkpoint().size == 2 * BLOCK + 7


def test_secrets_are_not_written(path: Path, log: Log, entry: Callable[..., Entry]) -> None:
    log.append_now(entry(data={"password": "hunter2-data"}, payload={"headers": {"Authorization": "hunter2-payload"}}))
    (written,) = log.entries()
    assert written.data == {"password": "[redacted]"}
    assert written.payload == {"headers": {"Authorization": "[redacted]"}}
    log.close()
    assert b"hunter2" not in path.read_bytes()


def test_another_redaction_may_be_given(open_log: Callable[..., Log], entry: Callable[..., Entry]) -> None:
    def nothing_of(value: Json) -> Json:
        return {"was": sorted(value)}

    log = open_log(redact=nothing_of)
    log.append_now(entry(data={"b": 1, "a": (2, 3)}, payload={"c": 4}))
    (written,) = log.entries()
    assert (written.data, written.payload) == ({"was": ["a", "b"]}, {"was": ["c"]})


def test_what_json_makes_of_a_value_is_what_is_written(
    path: Path, signer: Signer, log: Log, entry: Callable[..., Entry]
) -> None:
    log.append_now(entry(data={2: "two", 10: ("ten",)}, payload=(1, 2)))
    (written,) = log.entries()
    assert (written.data, written.payload) == ({"2": "two", "10": ["ten"]}, [1, 2])
    assert verify(path, str(signer.verifier)).ok


def test_a_caller_may_change_its_data_afterwards(open_log: Callable[..., Log], entry: Callable[..., Entry]) -> None:
    gate = Gate()
    log = open_log(clock=gate)
    data: dict[str, Json] = {"args": [1]}

    async def change_while_it_waits() -> None:
        waiting = asyncio.create_task(log.append(entry(data=data)))
        await asyncio.to_thread(gate.asked.wait)
        data["args"].append(2)
        gate.open.set()
        await waiting

    asyncio.run(change_while_it_waits())
    assert log.entries()[0].data == {"args": [1]}


@pytest.mark.parametrize(
    "fields",
    [
        {"data": {"it": object()}},
        {"data": {"it": float("nan")}},
        {"payload": {1, 2}},
        {"run": "\ud800"},
        {"data": {"it": "\ud800"}},
        {"payload": "\ud800"},
    ],
)
async def test_what_is_not_json_is_not_recorded_and_does_no_harm(
    log: Log, entry: Callable[..., Entry], fields: dict[str, object]
) -> None:
    with pytest.raises(CannotRecord, match="is not JSON"):
        log.append_now(entry(**fields))
    with pytest.raises(CannotRecord, match="is not JSON"):
        await log.append(entry(**fields))
    assert log.append_now(entry()) == 1


def test_a_closed_log_takes_nothing_and_can_be_closed_again(path: Path, log: Log, entry: Callable[..., Entry]) -> None:
    log.append_now(entry())
    log.close()
    log.close()
    with pytest.raises(CannotRecord, match="closed"):
        log.append_now(entry())
    assert count(path) == 1


def test_what_is_under_way_is_written_before_the_log_closes(
    path: Path, open_log: Callable[..., Log], entry: Callable[..., Entry]
) -> None:
    gate = Gate()
    log = open_log(clock=gate)
    appended: list[int] = []
    first = threading.Thread(target=lambda: appended.append(log.append_now(entry(1))))
    first.start()
    gate.asked.wait()
    closing = threading.Thread(target=log.close)
    closing.start()
    gate.open.set()
    for each in (first, closing):
        each.join()
    assert appended == [1]
    assert count(path) == 1


async def test_a_full_disk_acknowledges_nothing(
    path: Path,
    signer: Signer,
    connections: list[sqlite3.Connection],
    open_log: Callable[..., Log],
    entry: Callable[..., Entry],
) -> None:
    log = open_log()
    writing = connections[0]
    assert log.append_now(entry(1)) == 1
    before = log.checkpoint()
    (pages,) = writing.execute("PRAGMA page_count").fetchone()
    writing.execute(f"PRAGMA max_page_count = {pages}")
    big = {"text": "x" * 100_000}
    with pytest.raises(CannotRecord, match="database or disk is full"):
        log.append_now(entry(2, data=big))
    answers = await asyncio.gather(*(log.append(entry(n, payload=big)) for n in (2, 3)), return_exceptions=True)
    assert [type(each) for each in answers] == [CannotRecord, CannotRecord]
    assert (count(path), log.checkpoint()) == (1, before)
    assert verify(path, str(signer.verifier)).ok
    writing.execute(f"PRAGMA max_page_count = {pages * 100}")
    assert log.append_now(entry(2, data=big)) == 2
    assert verify(path, str(signer.verifier)).entries == 2


def test_a_read_only_file_acknowledges_nothing(
    path: Path,
    signer: Signer,
    open_log: Callable[..., Log],
    entry: Callable[..., Entry],
    ordinary_user: Callable[[], AbstractContextManager[None]],
) -> None:
    log = open_log()
    log.append_now(entry())
    log.close()
    for each in path.parent.glob("audit.*"):
        each.chmod(0o444)
    path.parent.chmod(0o777)
    with ordinary_user(), pytest.raises(CannotRecord, match=r"readonly|Operation not permitted"):
        open_log().append_now(entry())
    path.chmod(0o600)
    assert count(path) == 1


def test_a_connection_that_turns_read_only_acknowledges_nothing(
    path: Path, connections: list[sqlite3.Connection], open_log: Callable[..., Log], entry: Callable[..., Entry]
) -> None:
    log = open_log()
    connections[0].execute("PRAGMA query_only = ON")
    with pytest.raises(CannotRecord, match="readonly database"):
        log.append_now(entry())
    connections[0].execute("PRAGMA query_only = OFF")
    assert log.append_now(entry()) == 1


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path, open_log: Callable[..., Log]) -> None:
    with pytest.raises(CannotRecord, match="No such file or directory"):
        open_log(tmp_path / "missing" / "audit.db")


def test_a_log_another_program_holds_acknowledges_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch, open_log: Callable[..., Log], entry: Callable[..., Entry]
) -> None:
    monkeypatch.setattr(schema, "LOCK_SECONDS", 0)
    log = open_log()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(CannotRecord, match="database is locked"):
        log.append_now(entry())
    other.execute("ROLLBACK")
    other.close()
    assert log.append_now(entry()) == 1


def test_a_second_writer_is_noticed_and_the_tree_does_not_fork(
    path: Path, signer: Signer, open_log: Callable[..., Log], entry: Callable[..., Entry]
) -> None:
    first, second = open_log(), open_log()
    assert second.append_now(entry(1)) == 1
    with pytest.raises(CannotRecord, match="its last entry is 1, but this process wrote up to 0"):
        first.append_now(entry(2))
    assert second.append_now(entry(2)) == 2
    assert verify(path, str(signer.verifier)).entries == 2


def test_a_commit_that_fails_acknowledges_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch, open_log: Callable[..., Log], entry: Callable[..., Entry]
) -> None:
    connect, broken = sqlite3.connect, threading.Event()

    class Failing(sqlite3.Connection):
        def commit(self) -> None:
            if broken.is_set():
                raise sqlite3.OperationalError("disk I/O error")
            super().commit()

    monkeypatch.setattr(sqlite3, "connect", lambda *given, **options: connect(*given, factory=Failing, **options))
    log = open_log()
    broken.set()
    with pytest.raises(CannotRecord, match="disk I/O error"):
        log.append_now(entry())
    assert (count(path), log.checkpoint().size) == (0, 0)
    broken.clear()
    assert log.append_now(entry()) == 1


def test_a_checkpoint_that_cannot_be_prepared_stops_the_entry(
    path: Path, log: Log, entry: Callable[..., Entry]
) -> None:
    in_the_way = path.with_name("audit.checkpoint.next")
    in_the_way.mkdir()
    with pytest.raises(CannotRecord, match="Is a directory"):
        log.append_now(entry(1))
    assert count(path) == 0
    in_the_way.rmdir()
    assert log.append_now(entry(1)) == 1


def test_a_checkpoint_that_cannot_be_published_is_no_acknowledgement_but_the_tree_goes_on(
    path: Path, signer: Signer, log: Log, entry: Callable[..., Entry]
) -> None:
    beside = path.with_suffix(".checkpoint")
    beside.unlink()
    beside.mkdir()
    with pytest.raises(CannotRecord, match="Is a directory"):
        log.append_now(entry(1))
    beside.rmdir()
    assert log.append_now(entry(2)) == 2
    assert verify(path, str(signer.verifier)).entries == 2


KILLED = """
import os, signal, sys
from pathlib import Path
from policies.audit.checkpoint import Signer
from policies.audit.log import Entry, Log

home = Path(sys.argv[1])
log = Log(home / "audit.db", Signer.load_or_create(home / "keys"))
for n in range(1, 100_000):
    print(log.append_now(Entry("devos.action.done", "run", n, None, {}, {"n": n})), flush=True)
"""


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path, entry: Callable[..., Entry]) -> None:
    for wanted in (1, 7, 40):
        child = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(tmp_path)], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        acknowledged = [int(line) for line in itertools.islice(child.stdout, wanted)]
        child.kill()
        acknowledged += [int(line) for line in child.stdout]
        child.wait()
        child.stdout.close()
        signer = Signer.load_or_create(tmp_path / "keys")
        report = verify(tmp_path / "audit.db", str(signer.verifier))
        assert report.ok, report.problem
        assert report.entries - acknowledged[-1] in (0, 1)
        log = Log(tmp_path / "audit.db", signer)
        assert log.append_now(entry()) == report.entries + 1
        log.close()


KILLED_AT = """
import json, os, signal, sqlite3, sys
from pathlib import Path
from policies.audit.checkpoint import Signer
from policies.audit.log import Entry, Log

def dying(function, after):
    # Dies before, or after, the wanted one of all durable writes.
    def wrapped(*arguments, **options):
        global left
        left -= 1
        if left == 0 and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        result = function(*arguments, **options)
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    return wrapped

def write(home):
    log = Log(home / "audit.db", Signer.load_or_create(home / "keys"))
    for n in (1, 2):
        seq = log.append_now(Entry("devos.action.done", "run", n, None, {}, {"n": n}))
        with open(home / "acknowledged", "a") as file:
            file.write(f"{seq}\\n")
    log.close()

connect = sqlite3.connect
for point in range(1, 100):
    for after in (False, True):
        home = Path(sys.argv[1]) / f"{point}-{after}"
        home.mkdir()
        child = os.fork()
        if child == 0:
            left = point
            class Killed(sqlite3.Connection):
                commit = dying(sqlite3.Connection.commit, after)
                executescript = dying(sqlite3.Connection.executescript, after)
            sqlite3.connect = lambda *given, **options: connect(*given, factory=Killed, **options)
            for name in ("fsync", "link", "write", "open"):
                setattr(os, name, dying(getattr(os, name), after))
            Path.replace = dying(Path.replace, after)
            write(home)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(json.dumps({"home": str(home), "status": status}), flush=True)
    if status == 0:
        break
"""


def test_a_kill_at_any_durable_write_loses_nothing_and_raises_no_false_alarm(
    tmp_path: Path, entry: Callable[..., Entry]
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED_AT, str(tmp_path)], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    tries = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each["status"] for each in tries[-2:]] == [0, 0]
    assert {each["status"] for each in tries[:-2]} == {9}
    assert len(tries) > 30
    for each in tries:
        home = Path(each["home"])
        told = home / "acknowledged"
        acknowledged = len(told.read_text().splitlines()) if told.exists() else 0
        signer = Signer.load_or_create(home / "keys")
        log = Log(home / "audit.db", signer)
        held = len(log.entries())
        assert held - acknowledged in (0, 1)
        assert log.append_now(entry()) == held + 1
        log.close()
        report = verify(home / "audit.db", str(signer.verifier))
        assert report.ok, (each, report.problem)
