"""audit erase: by the daemon where one runs, here where none does."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from daemon.claim import claimed
from policies.audit.checkpoint import Signer
from policies.audit.log import Entry, Log
from policies.store import engine_of, metadata, runs_table

if TYPE_CHECKING:
    from tests.daemon.conftest import Answers, House, Terminal


@pytest.fixture
def kept(empty: House) -> House:
    """A home with a log: r1 has ended, r2 has not."""
    with closing(Log(empty.home / "audit.db", Signer.load_or_create(empty.home / "keys"))) as log:
        for kind, run in (("started", "r1"), ("finished", "r1"), ("started", "r2")):
            log.append_now(Entry(f"devos.run.{kind}", run, None, None, {"person": "ana"}, {"text": f"words of {run}"}))
    return empty


def test_a_run_is_erased_where_no_daemon_runs(kept: House) -> None:
    assert kept.devos("audit", "list", "--search", "words", "--json").json
    said = kept.devos("audit", "erase", "--run", "r1", "--because", "the customer asked", "--yes")
    assert (said.code, said.out) == (0, "Erased 2 payloads.\n")
    listed = kept.devos("audit", "list", "--json").json
    assert [entry["payload"] for entry in listed[:3]] == [None, None, {"text": "words of r2"}]
    done = listed[-1]
    assert done["type"] == "devos.audit.erased" and done["data"]["because"] == "the customer asked"
    assert done["data"]["by"] and done["data"]["ranges"] == [[1, 2]]
    assert kept.devos("audit", "verify").out.endswith(" 2 payloads were erased.\n")
    assert [entry["seq"] for entry in kept.devos("audit", "list", "--search", "words", "--json").json] == [3]
    assert not any(b"words of r1" in file.read_bytes() for file in kept.home.glob("audit*"))
    again = kept.devos("audit", "erase", "--run", "r1", "--yes")
    assert (again.code, again.out) == (0, "There is nothing to erase.\n")


def test_entries_and_days_are_erased_too(kept: House) -> None:
    said = kept.devos("audit", "erase", "1", "--yes", "--json")
    assert said.code == 0 and said.json["payloads"] == 1 and said.json["ranges"] == [[1, 1]]
    assert kept.devos("audit", "erase", "--before", "today", "--yes", "--json").json["payloads"] == 0
    said = kept.devos("audit", "erase", "--before", "2999-01-01", "--yes")
    assert said.out == "Erased 1 payload.\nKept, because they go on: r2.\n"


def test_a_run_that_goes_on_keeps_its_payloads(kept: House) -> None:
    said = kept.devos("audit", "erase", "--run", "r2", "--yes")
    assert said.code == 1 and "r2 goes on" in said.err


def test_a_run_that_was_put_aside_keeps_its_payloads(kept: House) -> None:
    engine = engine_of(f"sqlite:///{kept.home / 'runs.db'}")
    metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(
            runs_table.insert(), [{"id": "r1", "status": "failed", "aside": True, "created": "x", "request": {}}]
        )
    engine.dispose()
    assert "r1 goes on" in kept.devos("audit", "erase", "--run", "r1", "--yes").err
    with closing(sqlite3.connect(kept.home / "runs.db")) as connection:
        connection.execute("DROP TABLE devos_runs")
    said = kept.devos("audit", "erase", "--run", "r1", "--yes")
    assert said.code == 1 and "cannot be told which runs go on" in said.err


def test_nobody_who_could_be_asked_and_no_yes(kept: House) -> None:
    for words in ((), ("--json",)):
        said = kept.devos("audit", "erase", "--run", "r1", *words)
        assert said.code == 2 and "2 payloads would be erased for good; say --yes" in said.out + said.err
    assert kept.devos("audit", "verify").out.endswith("signed.\n")


@pytest.mark.parametrize(
    "words", [(), ("--run", "r1", "--before", "today"), ("1", "--run", "r1"), ("--before", "someday")], ids=str
)
def test_it_must_be_clear_what_is_to_go(kept: House, words: tuple[str, ...]) -> None:
    assert kept.devos("audit", "erase", *words, "--yes").code == 2


def test_where_a_daemon_runs_it_is_the_one_that_erases(kept: House, answers: Answers) -> None:
    home = answers({"payloads": 2, "bytes": 9, "ranges": [[1, 2]], "kept": ["r7"]})
    for name in ("audit.db", "audit.checkpoint"):
        (home / name).write_bytes((kept.home / name).read_bytes())
    with claimed(home / "devos.lock"):
        said = type(kept)(home).devos("audit", "erase", "--run", "r1", "--yes")
    assert said.out == "Erased 2 payloads.\nKept, because they go on: r7.\n"


def test_without_the_key_nothing_is_erased(kept: House) -> None:
    for file in (kept.home / "keys").iterdir():
        file.unlink()
    said = kept.devos("audit", "erase", "--run", "r1", "--yes")
    assert said.code == 1 and "key is missing" in said.err
    assert not list((kept.home / "keys").iterdir()), "no other key is made"


def test_the_daemon_erases_what_has_ended_and_nothing_else(house: House) -> None:
    asked = house.devos("say", "scale web-app to 10 replicas", "--json").json
    said = house.devos("audit", "erase", "--run", asked["run"], "--yes")
    assert said.code == 1 and f"{asked['run']} goes on" in said.err
    house.devos("runs", "cancel", asked["run"])
    said = house.devos("audit", "erase", "--run", asked["run"], "--because", "a name in it", "--yes", "--json")
    assert said.code == 0 and said.json["payloads"] > 2
    entries = house.devos("audit", "list", "--run", asked["run"], "--json").json
    assert {entry["payload"] is None for entry in entries} == {True}
    (done,) = house.devos("audit", "list", "--type", "devos.audit.erased", "--limit", "1", "--json").json
    assert done["data"]["because"] == "a name in it" and done["data"]["chosen"] == {"run": asked["run"]}
    assert house.devos("audit", "verify").code == 0
    assert asked["run"] in house.devos("runs", "show", asked["run"]).out, "it is still shown"


def test_leaving_the_question_erases_nothing(house: House, terminal: Callable[..., Terminal]) -> None:
    asked = house.devos("say", "how many replicas does checkout have in staging", "--json").json
    screen = terminal("audit", "erase", "--run", asked["run"])
    screen.reads(" payloads for good? [y/N]: ")
    screen.types("\x04")
    screen.reads("Nothing was erased.")
    assert screen.end() == 3
