"""Processes that die by kill -9 in the middle of a workflow.

Each line on stdin, "FOLDER URL EXECUTOR WORKFLOW [before|after ACTION [N]]", forks one: it starts a run of the
workflow and kills itself when the N-th request of that action is sent, or was answered; or else when the run asks a
question. What is answered is how it ended: "killed", or its exit status.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from cluster import Note
from wiring import DevOS, die

from policies.order import together
from policies.steps import until


async def one_by_one(devos: DevOS) -> str:
    before = await devos.kubernetes.deployment("web-app")
    scaled = await devos.kubernetes.scale("web-app", "staging", 6)
    number = await devos.kubernetes.announce(f"from {before.replicas} to {scaled.replicas}")
    return f"{scaled.was}->{scaled.replicas} {number}"


async def restarts(devos: DevOS) -> str:
    return f"restarted: {await devos.kubernetes.restart('web-app', 'staging')}"


async def asks(devos: DevOS) -> str:
    await devos.kubernetes.announce("here it comes")
    scaled = await devos.kubernetes.scale("web-app", "production", 6)
    return f"now {scaled.replicas}"


async def side_by_side(devos: DevOS) -> str:
    """Two branches with the same steps; the one in the file `slow` begins when the other has made two."""
    slow, turn = (devos.folder / "slow").read_text(), asyncio.Event()

    async def branch(name: str) -> str:
        if name == slow:
            await turn.wait()
        seen = await devos.kubernetes.deployment(name)
        said = await devos.kubernetes.announce(f"{name} is seen", name)
        turn.set()
        again = await devos.kubernetes.deployment(name, "production")
        return f"{name}: {seen.name} {said} {again.name}"

    return "; ".join(await together(branch("web-app"), branch("checkout")))


async def polls(devos: DevOS) -> str:
    """Takes a number out of what it waits for, and scales to it."""
    found: list[int] = []

    def done(note: Note) -> bool:
        found.append(int(note.text.open().split()[-1]))
        return True

    await devos.kubernetes.announce("here it comes")
    note = await until(lambda: devos.kubernetes.note("web-app"), done, what="a note")
    await devos.kubernetes.announce(f"a note about {note.deployment}")
    await devos.kubernetes.scale("web-app", "staging", 7)
    return f"scaled by {found or 'heart'}"


WORKFLOWS = (one_by_one, restarts, asks, side_by_side, polls)


async def act(
    folder: Path, url: str, executor: str, workflow: str, moment: str = "", action: str = "", nth: str = "1"
) -> None:
    devos = DevOS(folder, url=None if url == "-" else url, executor=executor, requests=WORKFLOWS)
    if moment:
        script = devos.wire.before if moment == "before" else devos.wire.after
        script(action, *[None] * (int(nth) - 1), die)
    async with devos:
        run = await devos.start(devos.requests[workflow])
        (folder / "run").write_text(run)
        await devos.asked(run)
        die()


def main() -> None:
    for line in sys.stdin:
        folder, *rest = line.split()
        child = os.fork()
        if child == 0:
            asyncio.run(act(Path(folder), *rest))
            os._exit(1)
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        print("killed" if killed else f"ended {status}", flush=True)


if __name__ == "__main__":
    main()
