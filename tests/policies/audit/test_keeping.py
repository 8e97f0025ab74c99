"""Keeping payloads for a time: what is erased, what stays, and that the log remains provable."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from policies.audit.checkpoint import Signer
from policies.audit.erasing import Choice
from policies.audit.index import Index
from policies.audit.keeping import Keeping, Limits, StillGoingOn, put_aside
from policies.audit.log import CannotRecord, Entry, Log
from policies.audit.verify import verify
from policies.store import engine_of, metadata, runs_table

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Clock:
    now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def refusals() -> list[str]:
    """While there is something in it, nothing can be recorded."""
    return []


@pytest.fixture
def log(open_log: Callable[..., Log], clock: Clock, refusals: list[str]) -> Log:
    def redact(value: Any) -> Any:
        if refusals:
            raise ValueError(refusals[0])
        return value

    return open_log(clock=clock, redact=redact)


@pytest.fixture
def keeping(log: Log, path: Path, clock: Clock) -> Keeping:
    return Keeping(log, path, clock=clock, pause=lambda _: None)


def run(log: Log, name: str, *, ended: bool = True) -> None:
    for kind in ("started", "finished") if ended else ("started",):
        log.append_now(Entry(f"devos.run.{kind}", name, None, None, {"person": "ana"}, {"text": f"secret of {name}"}))


def texts(log: Log) -> dict[int, Any]:
    return {entry.seq: entry.payload for entry in log.entries() if entry.type.startswith("devos.run.")}


def recorded(log: Log) -> list[tuple[str, dict[str, Any]]]:
    return [(e.type.rpartition(".")[2], e.data) for e in log.entries() if e.type.startswith("devos.audit.")]


def test_a_run_is_erased_and_the_log_stays_valid(log: Log, path: Path, keeping: Keeping, signer: Signer) -> None:
    run(log, "r1")
    run(log, "r2")
    before = log.checkpoint()
    erased = keeping.erase(Choice(run="r1"), "ana", "asked for by the customer")
    assert (erased.payloads, erased.ranges) == (2, ((1, 2),))
    assert [payload is None for payload in texts(log).values()] == [True, True, False, False]
    said = {
        "by": "ana",
        "because": "asked for by the customer",
        "chosen": {"run": "r1"},
        "payloads": 2,
        "bytes": erased.bytes,
        "ranges": [[1, 2]],
        "kept": [],
    }
    assert recorded(log) == [("erasing", said), ("erased", said)]
    report = verify(path, str(signer.verifier))
    assert report.ok and report.erased == 2 and report.entries == 6
    assert log.checkpoint().size == before.size + 2


def test_the_index_forgets_what_was_erased(log: Log, path: Path, keeping: Keeping, tmp_path: Path) -> None:
    run(log, "r1")
    run(log, "r2")
    with closing(Index(path, tmp_path / "index.db")) as index:
        assert len(index.find(text="secret")) == 4
        keeping.erase(Choice(run="r1"), "ana", None)
        assert [entry.seq for entry in index.find(text="secret")] == [4, 3]
    with closing(Index(path, tmp_path / "index.db")) as index:
        assert [entry.seq for entry in index.find(text="secret")] == [4, 3]


def test_runs_that_go_on_keep_their_payloads(log: Log, path: Path, clock: Clock) -> None:
    run(log, "r1")
    run(log, "r2", ended=False)
    run(log, "r3")
    keeping = Keeping(log, path, going_on=lambda: ["r3"], clock=clock, pause=lambda _: None)
    for name in ("r2", "r3"):
        with pytest.raises(StillGoingOn, match=f"{name} goes on"):
            keeping.erase(Choice(run=name), "ana", None)
    assert recorded(log) == []
    erased = keeping.erase(Choice(before=clock.now + timedelta(days=1)), "ana", None)
    assert (
        erased.kept == ("r2", "r3") and [payload is None for payload in texts(log).values()] == [True] * 2 + [False] * 3
    )


def test_what_is_gone_already_is_no_error_and_no_entry(log: Log, keeping: Keeping) -> None:
    run(log, "r1")
    keeping.erase(Choice(run="r1"), "ana", None)
    assert keeping.erase(Choice(run="r1"), "ana", None).payloads == 0
    assert keeping.erase(Choice(run="r9"), "ana", None).payloads == 0
    assert len(recorded(log)) == 2


def test_nothing_is_erased_that_could_not_be_recorded(log: Log, keeping: Keeping, refusals: list[str]) -> None:
    run(log, "r1")
    refusals.append("the disk is full")
    with pytest.raises(CannotRecord):
        keeping.erase(Choice(run="r1"), "ana", None)
    assert None not in texts(log).values()


def test_the_limits(log: Log, keeping: Keeping, clock: Clock) -> None:
    run(log, "r1")
    clock.now += timedelta(days=20)
    run(log, "r2")
    clock.now += timedelta(days=11)
    assert keeping.retain(Limits()) == 0
    assert keeping.retain(Limits(days=32, megabytes=1)) == 0
    assert keeping.retain(Limits(days=30)) == 2
    assert [payload is None for payload in texts(log).values()] == [True, True, False, False]
    assert keeping.retain(Limits(days=30)) == 0
    assert keeping.retain(Limits(megabytes=0.0003)) == 1
    assert [payload is None for payload in texts(log).values()] == [True, True, True, False]
    assert [data["by"] for kind, data in recorded(log) if kind == "erased"] == [None, None]
    run(log, "r3", ended=False)
    assert keeping.retain(Limits(megabytes=0)) == 1 and keeping.retain(Limits(megabytes=0, days=0)) == 0


class Killed(Exception):
    pass


def test_an_erasure_that_was_interrupted_is_completed(
    log: Log, path: Path, keeping: Keeping, clock: Clock, signer: Signer
) -> None:
    for n in range(3):
        run(log, f"r{n}")

    def kill(_: float) -> None:
        raise Killed

    with pytest.raises(Killed):
        Keeping(log, path, clock=clock, pause=kill).erase(Choice(run="r1"), "ana", None)
    assert [kind for kind, _ in recorded(log)] == ["erasing"]
    assert verify(path, str(signer.verifier)).ok
    assert keeping.finish() is True and keeping.finish() is False
    (_, announced), (_, done) = recorded(log)
    assert (
        announced == done
        and [payload is None for payload in texts(log).values()] == [False] * 2 + [True] * 2 + [False] * 2
    )


async def test_it_keeps_to_the_limits_by_itself(log: Log, keeping: Keeping, clock: Clock) -> None:
    run(log, "r1")
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock.now += timedelta(days=2)
        if len(slept) == 3:
            raise asyncio.CancelledError

    with suppress(asyncio.CancelledError):
        await keeping.run(Limits(days=3), every=60, sleep=sleep)
    assert slept == [60, 60, 60] and None in texts(log).values()


async def test_what_goes_wrong_is_tried_again_later(
    log: Log, keeping: Keeping, refusals: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    run(log, "r1")
    refusals.append("the disk is full")
    slept = 0

    async def sleep(_: float) -> None:
        nonlocal slept
        slept += 1
        refusals.clear()
        if slept == 2:
            raise asyncio.CancelledError

    with suppress(asyncio.CancelledError):
        await keeping.run(Limits(megabytes=0), sleep=sleep)
    assert "payloads beyond the limits could not be erased" in caplog.text
    assert set(texts(log).values()) == {None}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Any]:
    engine = engine_of(f"sqlite:///{tmp_path / 'runs.db'}")
    metadata.create_all(engine)
    yield engine
    engine.dispose()


def test_runs_that_were_put_aside_have_not_ended(database: Any) -> None:
    rows = [("r1", "running", False), ("r2", "failed", True), ("r3", "failed", False), ("r4", "done", False)]
    values = [
        {"id": id_, "status": status, "aside": aside, "created": "x", "request": {}} for id_, status, aside in rows
    ]
    with database.begin() as connection:
        connection.execute(runs_table.insert(), values)
    assert put_aside(database) == {"r1", "r2"}
