"""Shipping: now and then, beside everything else; what goes wrong with one witness stops nobody."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import pytest

from policies.audit.checkpoint import Signer
from policies.audit.git_witness import GitPlace
from policies.audit.head import RolledBack
from policies.audit.log import Entry, Log
from policies.audit.shipping import Shipping, witness_of
from policies.audit.witness import BadWitness, FilePlace, Unreachable, Witness

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Stick:
    """A place that may be unplugged."""

    def __init__(self, name: str = "a stick") -> None:
        self.name, self.there = name, True
        self.note: str | None = None
        self.titles: list[str] = []

    def read(self) -> str | None:
        if not self.there:
            raise Unreachable("it is unplugged")
        return self.note

    def keep(self, note: str, title: str) -> None:
        self.note = note
        self.titles.append(title)


@pytest.fixture
def stick() -> Stick:
    return Stick()


@pytest.fixture
def alarms() -> list[str]:
    return []


@pytest.fixture
def shipping(log: Log, path: Path, signer: Signer, stick: Stick, alarms: list[str]) -> Shipping:
    witnesses = [Witness(stick, signer.verifier)]
    return Shipping(log, path, witnesses, alarm=alarms.append, clock=lambda: NOON)


async def test_what_was_appended_is_shipped_once(
    log: Log, shipping: Shipping, stick: Stick, entry: Callable[..., Entry]
) -> None:
    assert await shipping.compare() == []
    for n in range(1, 4):
        await log.append(entry(n))
        await shipping.ship()
        await shipping.ship()
    assert [title.partition(": ")[2] for title in stick.titles] == ["1 entry", "2 entries", "3 entries"]
    (seen,) = shipping.state
    assert (seen.witness, seen.size, seen.at, seen.problem) == ("a stick", 3, NOON, None)
    assert await shipping.compare() == []


async def test_it_ships_from_time_to_time(
    log: Log, path: Path, signer: Signer, stick: Stick, entry: Callable[..., Entry]
) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 4:
            raise asyncio.CancelledError
        await log.append(entry(len(slept)))
        await log.append(entry(len(slept)))

    shipping = Shipping(log, path, [Witness(stick, signer.verifier)], every=20, sleep=sleep)
    with suppress(asyncio.CancelledError):
        await shipping.run()
    assert slept == [20, 20, 20, 20]
    assert [title.partition(": ")[2] for title in stick.titles] == ["2 entries", "4 entries", "6 entries"]


async def test_a_log_that_is_behind_is_refused_at_the_start(
    log: Log, shipping: Shipping, stick: Stick, signer: Signer, entry: Callable[..., Entry]
) -> None:
    stick.note = signer.sign(7, bytes(32)).note
    with pytest.raises(RolledBack, match="the witness a stick saw 7"):
        await shipping.compare()
    stick.note = "nothing"
    with pytest.raises(BadWitness):
        await shipping.compare()


async def test_a_witness_that_cannot_be_asked_is_a_warning(
    log: Log, shipping: Shipping, stick: Stick, entry: Callable[..., Entry], caplog: pytest.LogCaptureFixture
) -> None:
    await log.append(entry())
    assert await shipping.compare() == ["The witness a stick has seen nothing of the audit log yet."]
    stick.there = False
    assert await shipping.compare() == ["The witness a stick could not be asked: it is unplugged."]
    for _ in range(3):
        await shipping.ship()
    (seen,) = shipping.state
    assert seen.problem == "it is unplugged" and seen.size is None
    stick.there = True
    await shipping.ship()
    (seen,) = shipping.state
    assert (seen.problem, seen.size) == (None, 1)
    assert not [record for record in caplog.records if record.levelno > logging.WARNING]


async def test_one_that_contradicts_the_log_later_raises_the_alarm_once_and_keeps_what_it_saw(
    log: Log, shipping: Shipping, stick: Stick, signer: Signer, entry: Callable[..., Entry], alarms: list[str]
) -> None:
    stick.there = False
    await shipping.compare()
    stick.there, stick.note = True, signer.sign(7, bytes(32)).note
    evidence = stick.note
    for n in range(1, 10):
        await log.append(entry(n))
        await shipping.ship()
    assert stick.note == evidence and len(alarms) == 1 and "was set back: it has 1 entries" in alarms[0]
    assert shipping.state[0].problem == alarms[0]


async def test_one_that_hangs_keeps_nobody(
    log: Log, path: Path, signer: Signer, stick: Stick, entry: Callable[..., Entry]
) -> None:
    answer = Event()

    class Hanging(Stick):
        def read(self) -> str | None:
            answer.wait()
            return None

    await log.append(entry())
    witnesses = [Witness(Hanging("a disk"), signer.verifier), Witness(stick, signer.verifier)]
    shipping = Shipping(log, path, witnesses, patience=0.05)
    try:
        assert (await shipping.compare())[0] == "The witness a disk could not be asked: no answer within 0.05 seconds."
        async with asyncio.timeout(60):
            await shipping.ship()
            while shipping.state[1].size is None:  # on a busy machine the stick may not answer in time either
                await asyncio.sleep(0)
                await shipping.ship()
        assert [seen.size for seen in shipping.state] == [None, 1]
        assert shipping.state[0].problem == "it still has not answered the last time it was asked"
    finally:
        answer.set()


async def test_without_witnesses_there_is_nothing_to_do(log: Log, path: Path) -> None:
    shipping = Shipping(log, path, [])
    assert await shipping.compare() == [] and shipping.state == []
    await shipping.ship()


@pytest.mark.parametrize(
    ("where", "kind", "name"),
    [
        ("/mnt/stick/devos.checkpoint", FilePlace, "/mnt/stick/devos.checkpoint"),
        ("notes/ana@home:1", FilePlace, "notes/ana@home:1"),
        ("git:/srv/devos", GitPlace, "/srv/devos"),
        ("/srv/devos.git", GitPlace, "/srv/devos.git"),
        ("ssh://git.example.com/devos", GitPlace, "ssh://git.example.com/devos"),
        ("git@git.example.com:audit/devos", GitPlace, "git@git.example.com:audit/devos"),
    ],
)
def test_a_witness_is_named_by_where_it_is(where: str, kind: type, name: str, signer: Signer, tmp_path: Path) -> None:
    witness = witness_of(where, signer.verifier, tmp_path)
    assert witness.name == name
    assert type(witness._place) is kind  # to ask one would reach for the network
