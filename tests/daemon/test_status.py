"""The line that says what DevOS is doing; over the wire in tests/daemon/test_process.py."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from daemon.status import Status


class Going:
    """A DevOS in which so much goes on."""

    def __init__(self, *statuses: str, questions: int = 0, frozen: bool = False) -> None:
        self.statuses, self.questions, self.size, self.counted = statuses, questions, 1, 0
        self.brake = SimpleNamespace(on=frozen)
        self.log = SimpleNamespace(checkpoint=lambda: SimpleNamespace(size=self.size))
        self.runs = SimpleNamespace(newest=self._newest)
        self.approvals = SimpleNamespace(open=lambda: [object()] * self.questions)
        self.hearing, self.microphone = "off", "closed"
        self.senses = SimpleNamespace(state=self._state)

    def _newest(self, _: int) -> list[dict[str, Any]]:
        self.counted += 1
        return [{"status": each} for each in self.statuses]

    def _state(self) -> dict[str, Any]:
        return {
            "microphone": {"status": self.microphone},
            "hearing": {"status": self.hearing},
            "wake": {"words": ["hey jarvis", "alexa"]},
        }


async def counted() -> None:
    """Wait until what was begun to be counted is counted."""
    if begun := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(begun)


async def line(going: Any) -> str:
    """The line once everything has been counted."""
    status = Status(going)
    status()
    await counted()
    return status()


@pytest.mark.parametrize(
    ("going", "said"),
    [
        (Going(), "idle"),
        (Going("done", "failed", "running"), "1 run, idle"),
        (Going("running", "asking", "waiting", questions=1), "3 runs, 1 question, idle"),
        (Going(questions=2, frozen=True), "2 questions, every change is frozen, idle"),
    ],
)
async def test_what_goes_on_is_counted(going: Going, said: str) -> None:
    assert await line(going) == said


@pytest.mark.parametrize(
    ("hearing", "microphone", "said"),
    [
        ("waiting for the wake word", "open", "listening for hey jarvis or alexa"),
        ("listening", "open", "listening"),
        ("muted", "muted", "muted"),
        ("waiting for the wake word", "lost", "no microphone"),
    ],
)
async def test_what_is_listened_for_is_said(hearing: str, microphone: str, said: str) -> None:
    going = Going()
    going.hearing, going.microphone = hearing, microphone
    assert await line(going) == said


async def test_nothing_is_counted_again_unless_something_was_recorded() -> None:
    going: Any = Going("running")
    status = Status(going)
    for _ in range(3):
        status()
        await counted()
    assert going.counted == 1
    going.size += 1
    status()
    await counted()
    assert going.counted == 2
