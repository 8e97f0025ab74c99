"""From a key of the keyboard to a run that is started and recorded (aim: p95 50 ms), and to a microphone that is open.

All of a running DevOS with its sandbox, in this process, so that both ends are seen by one clock; the X server and the
sound server are real ones without hardware. Whoever presses a request's key says what it lacks; every request of DevOS
lacks something, so that one more is declared here, which is whole and starts at once.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from _daemon import sandboxed
from _keyboard import Keyboard, screen
from _machine import line, percentile, rounds
from _sound import needs

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from virtual_sound import VirtualSound

import daemon.app
from daemon.app import App
from daemon.config import Config
from integrations.kubernetes import Kubernetes
from intents.intent import intent
from policies.request import Request

WHOLE, LACKS, STOP = "ctrl+alt+r", "ctrl+alt+k", "ctrl+alt+s"
PATIENCE = 60.0


@dataclass(frozen=True)
class Nothing:
    """There is nothing to say."""


@intent("count the replicas of checkout for the benchmark", tier="simple", hotkey=WHOLE)
async def count_for_the_benchmark(want: Nothing, kubernetes: Kubernetes) -> str:
    """Say how many replicas one certain deployment has."""
    return str((await kubernetes.deployment("checkout", "production")).replicas)


class Watched(App):
    """A DevOS that notes when a run was started."""

    started: asyncio.Queue[tuple[float, str]]

    async def start(self, request: Request) -> str:
        """Start a run, and note the moment in which it is recorded and under way."""
        run = await super().start(request)
        self.started.put_nowait((time.perf_counter(), run))
        return run


async def until(holds: Callable[[], bool]) -> float:
    """When something came to hold, to the millisecond."""
    limit = time.perf_counter() + PATIENCE
    while (now := time.perf_counter()) < limit:
        if holds():
            return now
        await asyncio.sleep(0.001)
    raise TimeoutError("DevOS never came so far")


async def run_started(app: Watched, keyboard: Keyboard) -> float:
    """Milliseconds from the key to the run; the run is over, and the voice silent, afterwards."""
    at = keyboard.chord(WHOLE)
    async with asyncio.timeout(PATIENCE):
        started, run = await app.started.get()
        async for _ in app.follow(run):
            pass
    senses = app.senses
    await until(lambda: senses.ear.status == "off" and senses.microphone.state.status == "closed")
    keyboard.chord(STOP)
    await asyncio.sleep(0.3)
    return (started - at) * 1000


async def listening(app: Watched, keyboard: Keyboard) -> float:
    """Milliseconds from the key to an open microphone that is listened to; both are closed again afterwards."""
    senses = app.senses
    at = keyboard.chord(LACKS)
    opened = await until(lambda: senses.ear.status == "listening" and senses.microphone.state.status == "open")
    keyboard.chord(STOP)
    await until(lambda: senses.ear.status == "off" and senses.microphone.state.status == "closed")
    await asyncio.sleep(0.3)
    return (opened - at) * 1000


async def measure(home: Path, number: int) -> None:
    daemon.app.INTENTS = (*daemon.app.INTENTS, count_for_the_benchmark)
    async with Watched(home, Config(), sandbox=True) as app:
        app.started = asyncio.Queue()
        await app.vocabulary.catalogue()
        await until(lambda: app.senses.hotkeys.state.status == "ready")
        keyboard = Keyboard()
        for name, measured, aim in (
            ("key to run started, p95", run_started, 50.0),
            ("key to microphone open and listened to, its first 32 ms included, p95", listening, None),
        ):
            await measured(app, keyboard)  # the first one imports what it needs
            milliseconds = [await measured(app, keyboard) for _ in range(number)]
            p95 = percentile(milliseconds, 95)
            line(name, p95, "ms", aim=aim, p50=round(percentile(milliseconds, 50), 3), p95=round(p95, 3), n=number)
        keyboard.close()


needs("pulseaudio", "parec")
with tempfile.TemporaryDirectory() as folder, VirtualSound(Path(folder)) as sound, sandboxed() as home, screen():
    os.environ.update(sound.environment)
    asyncio.run(measure(home, rounds(30)))
