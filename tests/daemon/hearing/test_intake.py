"""Where sound comes in."""

from __future__ import annotations

from queue import SimpleQueue
from types import SimpleNamespace

import numpy as np

from daemon.hearing.intake import KEPT, Block, Intake

WELL, LOST = SimpleNamespace(input_overflow=False), SimpleNamespace(input_overflow=True)


def test_a_block_is_copied_and_numbered_and_the_first_one_is_told() -> None:
    queue: SimpleQueue[Block | None] = SimpleQueue()
    now, began = iter([1.0, 2.0, 3.0]), []
    intake = Intake(queue, lambda: next(now), lambda: began.append(queue.qsize()))
    memory = np.full((512, 1), 0.5, np.float32)
    intake.heard(memory, 512, None, WELL)
    memory[:] = 0  # PortAudio uses its memory again
    intake.heard(memory, 512, None, WELL)
    first, second = queue.get_nowait(), queue.get_nowait()
    assert first is not None and second is not None
    assert (first.number, first.at, second.number, second.at, intake.last) == (0, 2.0, 1, 3.0, 3.0)
    assert (first.samples == 0.5).all() and first.source is intake
    assert began == [1]  # once, and not before there is something to read


def test_the_oldest_makes_room_and_is_counted() -> None:
    queue: SimpleQueue[Block | None] = SimpleQueue()
    queue.put(None)  # what wakes a reader is no sound, and its loss none
    intake = Intake(queue, lambda: 0.0, None)
    for _ in range(KEPT + 9):
        intake.heard(np.zeros((512, 1), np.float32), 512, None, WELL)
    assert queue.qsize() == KEPT and intake.overruns == 9 and intake.blocks == KEPT + 9
    oldest = queue.get_nowait()
    assert oldest is not None and oldest.number == 9


def test_what_portaudio_lost_leaves_a_gap_in_the_numbers() -> None:
    queue: SimpleQueue[Block | None] = SimpleQueue()
    intake = Intake(queue, lambda: 0.0, None)
    for flags in (WELL, LOST, WELL):
        intake.heard(np.zeros((512, 1), np.float32), 512, None, flags)
    blocks = [queue.get_nowait() for _ in range(3)]
    assert [each.number for each in blocks if each] == [0, 2, 3] and intake.overruns == 1
