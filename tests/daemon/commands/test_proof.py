"""audit prove and audit export: the proof that is printed, the files that are written, and what they refuse."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import csv
import json
import os
import pty
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from daemon.commands.proof import LONG
from policies.audit.checkpoint import Signer, Verifier
from policies.audit.log import Entry, Log
from policies.audit.merkle import includes, is_consistent, leaf_hash

if TYPE_CHECKING:
    from tests.daemon.conftest import House

ROOT = Path(__file__).parents[3]


@pytest.fixture
def kept(empty: House) -> House:
    """A log of a few entries, and the checkpoint that somebody kept after the second."""
    log = Log(empty.home / "audit.db", Signer.load_or_create(empty.home / "keys"))
    for n in range(1, 8):
        data = {"person": "=cmd()", "effect": "change", "n": n}
        log.append_now(Entry("devos.action.done", f"run-{n % 2}", n, "jira.move", data, {"said": f"moved {n}"}))
        if n == 2:
            (empty.home.parent / "kept").write_text(log.checkpoint().note)
    log.close()
    return empty


def spoil(house: House, statement: str) -> None:
    with closing(sqlite3.connect(house.home / "audit.db")) as connection, connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(statement)


def test_an_entry_is_proved_to_whoever_has_the_key(kept: House) -> None:
    said = kept.devos("audit", "prove", "3", "--json")
    proof = said.json
    head = Verifier.parse((kept.home / "keys" / "audit.pub").read_text()).open(proof["checkpoint"])
    hashes = [base64.b64decode(each) for each in proof["hashes"]]
    assert (said.code, proof["seq"], proof["index"], proof["size"]) == (0, 3, 2, 7)
    assert includes(leaf_hash(proof["event"].encode()), 2, 7, hashes, head.root)
    assert kept.devos("audit", "prove", "3").out == proof["proof"]
    assert proof["proof"].startswith("c2sp.org/tlog-proof@v1\nindex 2\n")


def test_that_the_log_only_grew_is_proved_since_a_size_and_since_a_checkpoint(kept: House) -> None:
    key = Verifier.parse((kept.home / "keys" / "audit.pub").read_text())
    old = key.open((kept.home.parent / "kept").read_text())
    for since in ("2", "kept"):
        said = kept.devos("audit", "prove", "--since", since, "--json")
        new = key.open(said.json["checkpoint"])
        hashes = [base64.b64decode(each) for each in said.json["hashes"]]
        assert (said.code, said.json["from"]["size"], said.json["size"]) == (0, 2, 7)
        assert is_consistent(2, 7, old.root, new.root, hashes)
    lines = kept.devos("audit", "prove", "--since", "kept").out.splitlines()
    assert lines[0] == f"Proved: the 7 entries of {key.name} begin with the 2 from before."
    assert lines[1].split()[-1] == base64.b64encode(old.root).decode()


@pytest.mark.parametrize(
    ("words", "code", "problem"),
    [
        ([], 2, "Say an entry's number, or --since"),
        (["3", "--since", "2"], 2, "Say an entry's number, or --since"),
        (["8"], 2, "There is no entry 8; the log has 7."),
        (["--since", "8"], 2, "The log never had 8 entries; it has 7."),
        (["--since", "missing"], 2, "There is no file 'missing'"),
        (["--since", "devos/audit.db"], 1, "That cannot be done|That is no checkpoint"),
        (["--since", "other"], 1, "NOT PROVED. The log was rewritten: its first 3 entries"),
        (["--since", "ahead"], 1, "NOT PROVED. The log was set back: it has 7 entries, the checkpoint is about 9."),
        (["--since", "words"], 1, "That is no checkpoint of this log: it is not a signed note."),
    ],
)
def test_what_cannot_be_proved_is_refused(kept: House, words: list[str], code: int, problem: str) -> None:
    signer = Signer.load_or_create(kept.home / "keys")
    (kept.home.parent / "other").write_text(signer.sign(3, bytes(32)).note)
    (kept.home.parent / "ahead").write_text(signer.sign(9, bytes(32)).note)
    (kept.home.parent / "words").write_text("some words\n")
    said = kept.devos("audit", "prove", *words)
    assert (said.code, said.out) == (code, "")
    assert any(each in said.err for each in problem.split("|")), said.err
    assert kept.devos("audit", "prove", *words, "--json").code == code


def test_a_proof_that_leads_to_no_signed_root_is_not_printed(kept: House) -> None:
    spoil(kept, "UPDATE leaves SET hash = zeroblob(32) WHERE seq = 4")
    for words in (["3"], ["--since", "3"]):
        said = kept.devos("audit", "prove", *words)
        assert (said.code, said.out) == (1, "")
        assert "not what was signed" in said.err


def test_before_there_is_a_log_that_is_said(empty: House) -> None:
    for words in (["prove", "1"], ["export", "out"]):
        said = empty.devos("audit", *words)
        assert said.code == 1
        assert "There is no audit log" in said.err


def test_lines_and_table_are_written_as_selected(kept: House) -> None:
    folder = kept.home.parent
    assert kept.devos("audit", "export", "all.jsonl").out == "7 entries in all.jsonl.\n"
    lines = [json.loads(line) for line in (folder / "all.jsonl").read_text("utf-8").splitlines()]
    assert [(each["seq"], each["payload"]["said"]) for each in lines] == [(n, f"moved {n}") for n in range(1, 8)]
    said = kept.devos("audit", "export", "--format", "csv", "--run", "run-0", "--from", "today", "some.csv", "--json")
    assert said.json == {"file": str(folder / "some.csv"), "format": "csv", "entries": 3}
    with (folder / "some.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["seq"] for row in rows] == ["2", "4", "6"]
    assert {row["person"] for row in rows} == {"'=cmd()"}


@pytest.mark.parametrize("name", ["bundle", "bundle.zip"])
def test_a_bundle_is_checked_by_the_program_in_it(kept: House, name: str) -> None:
    folder = kept.home.parent
    said = kept.devos("audit", "export", "--format", "bundle", "--to", date.today().isoformat(), name)
    assert said.code == 0
    assert "Anybody can check it: python3 " in said.out
    kept.devos("audit", "export", "--format", "bundle", "other")
    command = [sys.executable, "-I", "-S", folder / "other" / "verify.py", folder / name]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.startswith("VALID: 7 of the log's 7 entries, 7 payloads;")
    assert done.returncode == 0


def test_a_long_export_shows_on_a_terminal_how_far_it_is(empty: House) -> None:
    log = Log(empty.home / "audit.db", Signer.load_or_create(empty.home / "keys"))

    async def fill() -> None:
        entry = Entry("devos.action.done", "run-1", 1, "jira.move", {})
        await asyncio.gather(*(log.append(entry) for _ in range(LONG)))

    asyncio.run(fill())
    log.close()
    terminal, end = pty.openpty()
    out = empty.home.parent / "all.jsonl"
    command = [sys.executable, "-m", "daemon.cli", "audit", "export", str(out)]
    done = subprocess.run(command, cwd=ROOT, env=empty.environment, stdout=subprocess.PIPE, stderr=end, check=True)
    assert done.stdout.decode() == f"{LONG} entries in {out}.\n"
    assert len(out.read_text().splitlines()) == LONG
    os.close(end)
    shown = b""
    with contextlib.suppress(OSError):  # which is how a terminal ends on Linux
        while more := os.read(terminal, 4096):
            shown += more
    os.close(terminal)
    assert b"Exporting" in shown


def test_nothing_is_overwritten_and_nothing_half_written(kept: House) -> None:
    folder = kept.home.parent
    (folder / "mine").write_text("mine")
    said = kept.devos("audit", "export", "mine")
    assert (said.code, (folder / "mine").read_text()) == (2, "mine")
    assert "mine is there already" in said.err
    assert kept.devos("audit", "export", "--from", "someday", "new").code == 2
    spoil(kept, "UPDATE entries SET event = replace(event, 'jira', 'java') WHERE seq = 5")
    before = sorted(folder.iterdir())
    for kind in ("jsonl", "csv", "bundle"):
        said = kept.devos("audit", "export", "--format", kind, "new")
        assert said.code == 1
        assert "Entry 5 was altered; nothing was exported." in said.err
    assert sorted(folder.iterdir()) == before
