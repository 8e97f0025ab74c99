"""From the moment DevOS is told to be silent, or a person begins to speak, to silence. Aim: 100 ms for the first.

Everything is real but the air: the voice, PortAudio, and a sound server with a loudspeaker whose monitor is listened
to. The monitor's own delay counts as well (its buffer is 20 ms), and so does that of the microphone's pipe where a
person speaks: what is measured is the way out and back, and a little more than what a person would hear.
"""

import asyncio
import contextlib
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

import numpy as np
from _machine import line, percentile, rounds
from _sound import needs

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from virtual_sound import CHUNK, Samples, VirtualSound, spoken

from daemon.hearing.endpoint import Onset
from daemon.hearing.microphone import Microphone
from daemon.hearing.voice_activity import VoiceDetector
from daemon.sense_sections import Speech
from daemon.speaking.speaker import Speaker

LOUD = 200
"""Of 32768: what is quieter is no sound."""
TEXT = (
    "The payment service is showing high error rates, so I have opened an incident, and told the team that is on call. "
    * 3
)
INTERRUPTION = "stop, stop that right now please"


class Monitor(VirtualSound):
    """Notes when the loudspeaker was heard last."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.last = self.read = 0.0

    def _collect(self, stream: IO[bytes]) -> None:
        while data := stream.read(2 * CHUNK):
            self.read = time.monotonic()
            piece = np.frombuffer(data[: len(data) // 2 * 2], np.int16)
            if np.abs(piece.astype(int)).max() > LOUD:
                self.last = self.read
            if self.looped:
                with self._lock:
                    self._room.append(piece)


def loud(monitor: Monitor, since: float, over: Callable[[], bool]) -> None:
    """Wait for a loud sound after that moment, or until there will be none."""
    while monitor.last <= since and not over():
        time.sleep(0.002)


def silence_after(monitor: Monitor, told: float) -> float:
    """Milliseconds from `told` to the last loud sound; over when nothing was loud for half a second."""
    while monitor.read < max(told, monitor.last) + 0.5:
        time.sleep(0.02)
    return max(0.0, 1000 * (monitor.last - told))


async def told(monitor: Monitor, speaker: Speaker) -> float:
    """Told by a key: from `hush()` to silence."""
    say = asyncio.create_task(speaker.say(TEXT))
    await asyncio.to_thread(loud, monitor, time.monotonic(), say.done)
    await asyncio.sleep(0.5)
    await asyncio.to_thread(loud, monitor, time.monotonic(), say.done)  # in the middle of a word, not in a pause
    at = time.monotonic()
    speaker.hush()
    await say
    return await asyncio.to_thread(silence_after, monitor, at)


async def spoken_over(monitor: Monitor, speaker: Speaker, person: Samples, heard: list[float]) -> float | None:
    """Told by speech, with the loudspeaker in the microphone: from its first sound to silence; None when it failed."""
    await asyncio.to_thread(monitor.said)  # the person of the last try may be speaking still
    await asyncio.sleep(1)
    say = asyncio.create_task(speaker.say(TEXT))
    await asyncio.to_thread(loud, monitor, time.monotonic(), say.done)
    await asyncio.sleep(2.5)  # the room is learned meanwhile
    if say.done():
        return None  # it interrupted itself
    heard.clear()
    at = time.monotonic()
    monitor.say(person)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(asyncio.shield(say), 5)
    found = await asyncio.to_thread(silence_after, monitor, at) if heard else None
    speaker.hush()
    await say
    return found


async def measure(monitor: Monitor, number: int) -> None:
    speaker = Speaker(Speech())
    keys = [await told(monitor, speaker) for _ in range(number)]
    line("hush to silence", percentile(keys, 50), "ms", aim=100, p95=round(percentile(keys, 95), 1), n=number)

    monitor.looped = True
    microphone, heard, ends = Microphone(None), [], threading.Event()
    microphone.open()

    def listen() -> None:
        detector, onset = VoiceDetector(), Onset()
        while not ends.is_set():
            frame = microphone.read(0.1)
            if frame is not None and onset.hear(detector.probability(speaker.echo.clean(frame).samples)):
                heard.append(frame.at)
                speaker.hush()

    listener = threading.Thread(target=listen)
    listener.start()
    person = spoken(INTERRUPTION, "en-gb")
    person = person[np.flatnonzero(np.abs(person.astype(int)) > LOUD)[0] :]
    tries = [await spoken_over(monitor, speaker, person, heard) for _ in range(max(3, number // 2))]
    ends.set()
    listener.join()
    microphone.close()
    speaker.close()
    good = [each for each in tries if each is not None]
    line(
        "a person begins to speak over it, to silence",
        percentile(good, 50) if good else -1,
        "ms",
        p95=round(percentile(good, 95), 1) if good else None,
        n=len(tries),
        not_heard_or_interrupted_itself=len(tries) - len(good),
    )


needs("pulseaudio", "parec", "espeak-ng")
with tempfile.TemporaryDirectory() as folder, Monitor(Path(folder)) as sound:
    os.environ.update(sound.environment)
    asyncio.run(measure(sound, rounds(20)))
