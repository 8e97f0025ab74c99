"""10,000 answers to one question at the same moment, from several processes: one counts, and every other is refused."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from answerer import ANSWERERS, inbox, storm

from policies.approvals import Approvals, CannotAnswer
from policies.audit.checkpoint import Signer
from policies.audit.log import Log
from policies.decision import Demand, Level
from policies.store import prepare

PROCESSES, EACH, HERE = 3, 2000, 4000
WORKER = Path(__file__).with_name("answerer.py")


@pytest.fixture
def here(database: str, tmp_path: Path) -> Any:
    approvals, log = inbox(database, tmp_path)
    prepare(approvals._questions._engine)
    yield approvals, log
    log.close()
    approvals._questions._engine.dispose()


async def test_of_ten_thousand_answers_one_counts(here: tuple[Approvals, Log], database: str, tmp_path: Path) -> None:
    approvals, log = here
    demand = Demand(Level.APPROVE)
    question = await approvals.ask("run-1", "plan", "d1", demand, [{"step": 1}], "Because.", asker="ana")
    with ExitStack() as stack:
        workers = [
            stack.enter_context(
                subprocess.Popen(  # noqa: ASYNC220 - nothing else happens here meanwhile
                    [sys.executable, WORKER, database, folder, question.id, str(EACH)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for folder in (tmp_path / f"process-{number}" for number in range(PROCESSES))
            if folder.mkdir() is None
        ]
        for worker in workers:
            assert worker.stdout is not None and worker.stdout.readline() == "ready\n"
        for worker in workers:
            assert worker.stdin is not None
            worker.stdin.write("go\n")
            worker.stdin.flush()
        counted = await storm(approvals, question.id, HERE)
        for worker in workers:
            assert worker.stdout is not None
            counted += int(worker.stdout.readline())
    assert counted == 1
    answered = recorded(log, "answered", tmp_path)
    assert len(answered) == 1 and answered[0]["by"] in ANSWERERS
    assert len(recorded(log, "refused", tmp_path)) == HERE + PROCESSES * EACH - 1
    (stands,) = approvals.of_run("run-1")
    assert stands.status == ("approved" if answered[0]["answer"] == "yes" else "denied")
    assert stands.answered_by == answered[0]["by"] and len(stands.given) == (stands.status == "approved")


def recorded(log: Log, kind: str, folder: Path) -> list[dict[str, Any]]:
    """What every process recorded of one kind."""
    found = [entry.data for entry in log.entries(type=f"devos.approval.{kind}")]
    for each in folder.glob("process-*"):
        other = Log(each / "audit.db", Signer.load_or_create(each / "keys"))
        found += [entry.data for entry in other.entries(type=f"devos.approval.{kind}")]
        other.close()
    return found


async def test_two_votes_at_the_same_moment_both_count_and_a_third_does_not(
    here: tuple[Approvals, Log], tmp_path: Path
) -> None:
    approvals, log = here
    demand = Demand(Level.APPROVE, votes=2)
    question = await approvals.ask("run-1", "plan", "d1", demand, [{"step": 1}], "Because.", asker="ana")

    async def yes(number: int) -> int:
        try:
            await approvals.answer(question.id, True, ANSWERERS[number % 25], "web")
        except CannotAnswer:
            return 0
        return 1

    assert sum(await asyncio.gather(*(yes(number) for number in range(200)))) == 2
    (stands,) = approvals.of_run("run-1")
    assert stands.status == "approved" and len({vote.by for vote in stands.given}) == 2
    assert len(recorded(log, "answered", tmp_path)) == 2 and len(recorded(log, "refused", tmp_path)) == 198
