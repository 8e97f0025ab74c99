"""One whole action of a durable run, from decided to recorded. Aim: p95 10 ms.

The intention, the result and the step are each on disk when it is over. The system it calls answers at once, so what
is measured is what DevOS adds.
"""

import asyncio
import tempfile
import time
from pathlib import Path

from _machine import line, percentile, rounds

from policies.action import Effect, Target, action, actions_of
from policies.approvals import Approvals
from policies.audit.checkpoint import Signer
from policies.audit.log import Log
from policies.brake import Brake
from policies.door import Door
from policies.engine import SHIPPED, Rules
from policies.request import Request
from policies.runs import Runs
from policies.store import engine_of


class Jira:
    """A system that takes no time."""

    @action(Effect.CHANGE)
    async def label(self, key: str, name: str) -> str:
        """Set a label."""
        return name

    @label.target
    def _label_target(self, key: str, name: str) -> Target:
        return Target(key)


async def measure(home: Path, number: int) -> list[float]:
    """Seconds each of `number` actions of one run took."""
    seconds: list[float] = []
    jira, over = Jira(), asyncio.Event()

    async def perform(intent: str, slots: dict[str, int]) -> str:
        for index in range(slots["number"]):
            begun = time.perf_counter()
            await jira.label("DEV-1", f"label-{index}")
            seconds.append(time.perf_counter() - begun)
        if len(seconds) > number:  # the first pass only plans
            over.set()
        return "done"

    log = Log(home / "audit.db", Signer.load_or_create(home / "keys"))
    engine = engine_of(f"sqlite:///{home / 'runs.db'}")
    approvals = Approvals(engine, log)
    rules = Rules.load([SHIPPED / "careful.cedar"], actions_of(Jira))
    runs = Runs(engine, log, approvals, Door(rules, log, approvals, Brake(home)), perform, executor="benchmark")
    await runs.launch()
    request = Request("label it", "typed", 1.0, None, "label", {"number": number}, "simple", "someone", "0")
    run = await runs.start(request)
    await asyncio.wait_for(over.wait(), 300)
    async for _ in runs.follow(run):  # only now: showing hundreds of steps as they happen takes time of its own
        pass
    await runs.close()
    log.close()
    engine.dispose()
    return seconds[number:]


count = rounds(300)
with tempfile.TemporaryDirectory() as folder:
    found = asyncio.run(measure(Path(folder), count))
milliseconds = [each * 1000 for each in found]
line(
    "whole action",
    percentile(milliseconds, 95),
    "ms",
    aim=10.0,
    p50=round(percentile(milliseconds, 50), 3),
    p95=round(percentile(milliseconds, 95), 3),
    n=count,
)
