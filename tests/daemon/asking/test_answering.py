"""Answering outside the sandbox, whole: the command, the socket, the word, and what is recorded."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from daemon.control import Control
from daemon.desk import Desk
from policies.approvals import Approval, Approvals
from policies.audit.checkpoint import Signer
from policies.audit.log import Log
from policies.decision import Demand, Level
from policies.store import engine_of, prepare

if TYPE_CHECKING:
    from tests.daemon.asking.conftest import Window

Open = Callable[..., "Window"]

DEVOS = str(Path(sys.executable).with_name("devos"))
SECONDS = 60
CHANGE = {
    "step": 1,
    "action": "kubernetes.scale",
    "args": {"replicas": 10},
    "target": "production/web-app",
    "environment": "production",
    "summary": "Scale web-app from 4 to 10",
    "undo": "",
    "evidence": "",
    "level": "confirm",
    "rule": "changes-in-production",
    "where": "careful.cedar:27",
}

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="terminals are told by /proc, which is Linux's")


@dataclass
class House:
    """A DevOS that is no sandbox, as far as answering goes."""

    home: Path
    approvals: Approvals
    log: Log
    app: Any

    async def ask(self, subject: str = "plan", digest: str = "d1") -> Approval:
        demand = Demand(Level.CONFIRM)
        return await self.approvals.ask("run-1", subject, digest, demand, [CHANGE], "In production.", asker="ana")

    def now(self, question: Approval) -> Approval:
        found = self.approvals.find(question.id)
        assert found is not None
        return found

    def refused(self) -> list[str]:
        return [entry.data["problem"] for entry in self.log.entries(type="devos.approval.refused")]

    async def devos(self, *words: str) -> tuple[int, str]:
        """Give a command as a script does; its exit code and what it says."""
        done = await asyncio.to_thread(
            subprocess.run,
            [DEVOS, *words],
            env={"DEVOS_HOME": str(self.home), "PATH": ""},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            start_new_session=True,
            timeout=SECONDS,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
async def house() -> AsyncIterator[House]:
    with tempfile.TemporaryDirectory(prefix="devos-") as folder:  # a socket's path may have 107 bytes only
        home = Path(folder)
        engine, log = engine_of(f"sqlite:///{home / 'runs.db'}"), Log(home / "audit.db", Signer.load_or_create(home))
        prepare(engine)
        approvals = Approvals(engine, log)
        settings = SimpleNamespace(approvals=SimpleNamespace(programs=[]))
        app: Any = SimpleNamespace(sandbox=False, person="ana", approvals=approvals, config=settings, senses=None)
        control = Control(home / "devos.sock", Desk(app).handlers)
        await control.open()
        yield House(home, approvals, log, app)
        await control.close()
        log.close()
        engine.dispose()


async def typed(window: Window, wrong: int = 0) -> None:
    """Read the word in a window and type it, after some wrong ones."""
    shown = await asyncio.to_thread(window.reads, "minutes: ")
    assert "Scale web-app from 4 to 10 on production/web-app" in shown
    assert re.search(r"answered from \S", shown)
    word = (await asyncio.to_thread(window.line)).strip()
    assert re.fullmatch(r"[a-z]+-[a-z]+-\d{3}", word)
    for number in range(wrong + 1):
        await asyncio.to_thread(window.reads, "The word: ")
        window.types("no-such-word\n" if number < wrong else f"{word}\n")


@pytest.mark.parametrize("wrong", [0, 2])
async def test_a_person_reads_the_word_and_types_it(house: House, window: Open, wrong: int) -> None:
    question = await house.ask()
    opened = window(DEVOS, "approve", question.id, DEVOS_HOME=str(house.home))
    await typed(opened, wrong)
    await asyncio.to_thread(opened.reads, f"Approved {question.id}, a question of run run-1.")
    assert await asyncio.to_thread(opened.ended) == 0
    assert (house.now(question).status, house.now(question).via) == ("approved", "terminal")
    assert len(house.refused()) == wrong


async def test_three_wrong_words_answer_nothing(house: House, window: Open) -> None:
    question = await house.ask()
    opened = window(DEVOS, "approve", question.id, DEVOS_HOME=str(house.home))
    for _ in range(3):
        await asyncio.to_thread(opened.reads, "The word: ")
        opened.types("alfa\n")
    await asyncio.to_thread(opened.reads, "nothing was answered")
    assert await asyncio.to_thread(opened.ended) == 3
    assert house.now(question).status == "open" and len(house.refused()) == 3


async def test_the_word_can_be_left_untyped(house: House, window: Open) -> None:
    question = await house.ask()
    opened = window(DEVOS, "approve", question.id, DEVOS_HOME=str(house.home))
    await asyncio.to_thread(opened.reads, "The word: ")
    opened.types("\x04")
    await asyncio.to_thread(opened.reads, f"{question.id} was left open.")
    assert await asyncio.to_thread(opened.ended) == 4
    assert house.now(question).status == "open"


ASKS = """
import pathlib, sys
from daemon.asking.terminal import ask_here
from daemon.client import ask_once
home = pathlib.Path(sys.argv[1])
print("answered", ask_here(home, {"approvals": ask_once(home, "approvals")["approvals"]}), flush=True)
"""


async def test_where_it_was_asked_it_is_answered_with_a_word_too(house: House, window: Open) -> None:
    question = await house.ask()
    opened = window(sys.executable, "-c", ASKS, str(house.home))
    await asyncio.to_thread(opened.reads, "Do it? [yes/no] ")
    opened.types("yes\n")
    await typed(opened, 1)
    await asyncio.to_thread(opened.reads, "answered True")
    assert house.now(question).status == "approved"


async def test_a_demanded_reason_is_asked_for(house: House, window: Open) -> None:
    demand = Demand(Level.CONFIRM, reason=True)
    question = await house.approvals.ask("run-1", "plan", "d1", demand, [CHANGE], "In production.", asker="ana")
    opened = window(sys.executable, "-c", ASKS, str(house.home))
    await asyncio.to_thread(opened.reads, "Do it? [yes/no] ")
    opened.types("yes\n")
    await asyncio.to_thread(opened.reads, "Why? ")
    opened.types("It is needed\n")
    await typed(opened)
    await asyncio.to_thread(opened.reads, "answered True")
    assert (house.now(question).status, house.now(question).reason) == ("approved", "It is needed")


async def test_what_somebody_else_has_to_answer_is_shown_and_left_to_them(house: House, window: Open) -> None:
    demand = Demand(Level.APPROVE)
    await house.approvals.ask("run-1", "plan", "d1", demand, [CHANGE], "In production.", asker="ana")
    opened = window(sys.executable, "-c", ASKS, str(house.home))
    shown = await asyncio.to_thread(opened.reads, "Somebody else has to say yes")
    assert "Scale web-app from 4 to 10" in shown and "devos approve" not in shown
    assert "only somebody else than ana can answer it; ana gives it up: devos runs cancel run-1" in shown
    await asyncio.to_thread(opened.reads, "answered False")


async def test_json_stays_json(house: House, window: Open) -> None:
    question = await house.ask()
    output = house.home / "out.json"
    opened = window("/bin/sh", "-c", f"{DEVOS} approve {question.id} --json > {output}", DEVOS_HOME=str(house.home))
    await typed(opened)
    assert await asyncio.to_thread(opened.ended) == 0
    assert json.loads(output.read_text())["status"] == "approved"


async def test_a_script_is_refused_and_that_is_recorded(house: House) -> None:
    question = await house.ask()
    code, said = await house.devos("approve", question.id)
    assert code == 3 and "needs a person at a terminal" in said and "devos open" in said
    assert house.now(question).status == "open"
    assert len(house.refused()) == 1 and "needs a person" in house.refused()[0]


async def test_a_no_needs_nobody_but_that_something_did_not_happen_does(house: House) -> None:
    question, outcome = await house.ask(), await house.ask("outcome:1:1", "d2")
    assert (await house.devos("deny", outcome.id))[0] == 3
    assert house.now(outcome).status == "open"
    assert (await house.devos("deny", question.id))[0] == 0
    assert house.now(question).status == "denied"


async def test_a_program_that_is_excused_answers(house: House) -> None:
    house.app.config.approvals.programs = [sys.executable]
    control = Control(house.home / "devos.sock", Desk(house.app).handlers)
    await control.open()
    question = await house.ask()
    assert (await house.devos("approve", question.id))[0] == 0
    assert house.now(question).status == "approved"
    await control.close()


async def test_what_does_not_count_anyway_shows_no_word(house: House, window: Open) -> None:
    question = await house.ask()
    await house.approvals.withdraw("run-1")
    opened = window(DEVOS, "approve", question.id, DEVOS_HOME=str(house.home))
    shown = await asyncio.to_thread(opened.reads, "is withdrawn already")
    assert "type this within" not in shown and await asyncio.to_thread(opened.ended) == 1


@pytest.mark.parametrize("claim", [{"peer": 1}, {"peer": 0, "via": "web"}, {"word": "alfa-alfa-100"}, {"word": None}])
async def test_what_a_program_says_of_itself_on_the_socket_is_nothing(house: House, claim: dict[str, Any]) -> None:
    question = await house.ask()

    def asks() -> Any:
        with socket.socket(socket.AF_UNIX) as wire:
            wire.connect(str(house.home / "devos.sock"))
            said = {"do": "answer", "id": question.id, "yes": True, "digest": question.digest, **claim}
            wire.sendall(json.dumps(said).encode() + b"\n")
            return json.loads(wire.makefile().readline())

    answer = await asyncio.to_thread(asks)
    assert "approval" not in answer and house.now(question).status == "open"
