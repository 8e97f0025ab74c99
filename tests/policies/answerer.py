"""A process that answers one question many times, all at once, when it is told to."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from policies.approvals import Approvals, CannotAnswer
from policies.audit.checkpoint import Signer
from policies.audit.log import Log
from policies.people import People
from policies.store import engine_of

ANSWERERS = [f"person-{number}" for number in range(50)]
"""Everybody who may answer; "ana" asked."""
PEOPLE = People({name: {} for name in (*ANSWERERS, "ana")})


def inbox(url: str, folder: Path) -> tuple[Approvals, Log]:
    """An inbox on that database, with a log of its own."""
    log = Log(folder / "audit.db", Signer.load_or_create(folder / "keys"))
    return Approvals(engine_of(url), log, people=PEOPLE), log


async def storm(approvals: Approvals, code: str, times: int) -> int:
    """Answer that often at once, yes and no; how many counted."""

    async def answer(number: int) -> int:
        try:
            await approvals.answer(code, number % 3 != 0, ANSWERERS[number % len(ANSWERERS)], "web")
        except CannotAnswer:
            return 0
        return 1

    return sum(await asyncio.gather(*(answer(number) for number in range(times))))


if __name__ == "__main__":
    mine, record = inbox(sys.argv[1], Path(sys.argv[2]))
    print("ready", flush=True)
    sys.stdin.readline()
    print(asyncio.run(storm(mine, sys.argv[3], int(sys.argv[4]))), flush=True)
    record.close()
