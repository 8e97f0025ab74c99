"""The present moment, which never goes back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from wiring import START

from policies.approval import text_of
from policies.store import clock_table, engine_of, prepare
from policies.times import KEPT, SLACK, Times


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def engine(database: str) -> Iterator[sa.Engine]:
    engine = engine_of(database)
    prepare(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ended() -> list[Any]:
    return []


@pytest.fixture
def begin(engine: sa.Engine, clock: Clock, ended: list[Any]) -> Callable[[], Times]:
    """Begins anew, as after a restart; what is ended is noted with what was written before in the same transaction."""

    def end_all(connection: sa.Connection) -> None:
        ended.append(connection.execute(sa.select(clock_table.c.seen)).scalars().all())

    return lambda: Times(engine, clock, end_all)


def seen(engine: sa.Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.execute(sa.select(clock_table.c.seen)).scalars())


def test_time_goes_on_as_the_clock_does(begin: Callable[[], Times], clock: Clock, ended: list[Any]) -> None:
    times = begin()
    for step in (0.001, 1, 60, 86_400):
        clock.now += timedelta(seconds=step)
        assert times.now() == clock.now
    assert not ended


def test_it_stands_still_where_a_clock_is_put_right(begin: Callable[[], Times], clock: Clock, ended: list[Any]) -> None:
    times = begin()
    times.now()
    clock.now -= SLACK
    assert times.now() == START and not ended
    clock.now += SLACK + timedelta(seconds=1)
    assert times.now() == clock.now


def test_everything_ends_once_where_the_clock_was_set_back(
    begin: Callable[[], Times], clock: Clock, ended: list[Any], engine: sa.Engine, caplog: pytest.LogCaptureFixture
) -> None:
    times = begin()
    times.now()
    clock.now -= SLACK + timedelta(milliseconds=1)
    assert times.now() == times.now() == clock.now
    assert ended == [[text_of(clock.now)]] and seen(engine) == [text_of(clock.now)]
    assert "set back" in caplog.text


def test_it_is_noticed_after_a_restart_too(begin: Callable[[], Times], clock: Clock, ended: list[Any]) -> None:
    begin().now()
    clock.now -= timedelta(days=1)
    anew = begin()
    assert anew.now() == clock.now and len(ended) == 1
    assert begin().now() == clock.now and len(ended) == 1


def test_the_time_is_written_down_now_and_then(begin: Callable[[], Times], clock: Clock, engine: sa.Engine) -> None:
    times = begin()
    times.now()
    clock.now += KEPT - timedelta(milliseconds=1)
    times.now()
    assert seen(engine) == [text_of(START)]
    clock.now += timedelta(milliseconds=1)
    times.now()
    assert seen(engine) == [text_of(START + KEPT)]


def test_two_processes_may_be_the_first(
    begin: Callable[[], Times], clock: Clock, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = begin(), begin()
    first.now()
    # The second one read before the first one wrote.
    update = clock_table.update().where(sa.false())
    monkeypatch.setattr(type(clock_table), "update", lambda self: update)
    second._kept = second._seen = START - timedelta(hours=1)
    assert second.now() == START
    monkeypatch.undo()
    assert seen(engine) == [text_of(START)]
