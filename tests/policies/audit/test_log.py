"""Appending: what is given is what is written, together with what comes at the same time."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from policies.action import Json
from policies.audit.checkpoint import Signer
from policies.audit.log import BLOCK, GROUP, CannotRecord, Entry, Log, utc_now
from policies.audit.reader import Reader
from policies.audit.verify import verify


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
