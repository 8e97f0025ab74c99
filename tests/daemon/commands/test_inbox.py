"""approvals, approve, deny, freeze, thaw."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from daemon.client import ask

if TYPE_CHECKING:
    from tests.daemon.conftest import House

SCALE = "scale web-app to 10 replicas"
STAGING = "set checkout to six pods in staging"


def asked(house: House) -> tuple[str, str]:
    """A run that asks, and its question."""
    run = house.devos("say", SCALE, "--json").json
    return run["run"], run["approvals"][0]["id"]


def test_an_empty_inbox(house: House) -> None:
    assert house.devos("approvals").out == "Nothing waits for an answer.\n"
    assert house.devos("approvals", "--json").json == []


def test_a_question_is_listed_with_what_it_agrees_to(house: House) -> None:
    run, question = asked(house)
    said = house.devos("approvals").out
    assert said.startswith(f"{question} (confirm, until ") and "Scale web-app in production from 4 to 10 repl" in said
    (listed,) = house.devos("approvals", "--json").json
    assert listed["run"] == run and listed["level"] == "confirm" and len(listed["digest"]) == 64


def test_several_questions_are_a_table_and_each_can_be_seen_whole(house: House) -> None:
    (_, first), (run, second) = asked(house), asked(house)
    said = house.devos("approvals").out.splitlines()
    assert said[0].startswith("ID ") and [line[:6] for line in said[1:3]] == [first, second]
    assert said[3] == "`devos approvals ID` shows one with everything it would do."
    assert house.devos("approvals", second).out.startswith(f"{second} (confirm, until ")
    assert [each["run"] for each in house.devos("approvals", second, "--json").json] == [run]
    gone = house.devos("approvals", "zzzzzz", "--json")
    assert gone.code == 1 and "No question 'zzzzzz' is open" in gone.json["error"]


def test_a_question_tells_which_programs_it_came_through(house: House) -> None:
    _, question = asked(house)
    (listed,) = house.devos("approvals", "--json").json
    assert listed["asked_from"] and listed["asker"]
    line = house.devos("approvals").out.splitlines()[1]
    assert line == f"  asked by {listed['asker']} from {' → '.join(listed['asked_from'])}"
    seen = house.devos("audit", "list", "--type", "devos.approval.asked", "--limit", "1", "--json").json[-1]
    assert seen["data"]["approval"] == question and seen["data"]["asked_from"] == listed["asked_from"]


def test_saying_no_ends_the_run_with_who_and_why(house: House) -> None:
    run, question = asked(house)
    said = house.devos("deny", question, "--because", "not on a Friday")
    assert said.code == 0 and said.out.startswith(f"Denied {question}, a question of run {run}.\n")
    assert f"`devos runs show {run}`" in said.out
    house.end_of(run)
    shown = house.devos("runs", "show", run, "--follow")
    assert shown.code == 3 and shown.out.splitlines()[-1].endswith(" said no: not on a Friday")
    shown = house.devos("runs", "show", run, "--follow", "--json")
    assert shown.code == 3 and shown.json["status"] == "denied"
    assert not house.changes("kubernetes") and house.replicas("production/web-app") == 4


def test_saying_no_without_a_reason(house: House) -> None:
    run, question = asked(house)
    answered = house.devos("deny", question, "--json")
    assert answered.code == 0 and answered.json["status"] == "denied" and answered.json["said"] is None
    assert house.end_of(run)["said"].endswith(" said no.")


def test_an_answer_counts_once(house: House) -> None:
    run, question = asked(house)
    first = house.devos("approve", question, "--because", "go on", "--json")
    assert first.code == 0 and first.json["id"] == question and first.json["said"] == "go on"
    assert [vote["reason"] for vote in first.json["given"]] == ["go on"]
    for words in (("approve", question), ("deny", question)):
        again = house.devos(*words)
        assert again.code == 1 and "already; `devos approvals` shows what is open." in again.err
    assert house.end_of(run)["status"] == "done"
    assert len(house.changes("kubernetes")) == 1


@pytest.mark.parametrize("word", ["approve", "deny"])
@pytest.mark.parametrize("code", ["zzzzzz", "", "' OR 1=1", "\x1b[31m"])
def test_an_unknown_question(house: House, word: str, code: str) -> None:
    said = house.devos(word, code)
    assert said.code == 1 and "There is no approval" in said.err and "\x1b" not in said.err
    said = house.devos(word, code, "--json")
    assert said.code == 1 and "There is no approval" in said.json["error"]


def test_a_result_is_json(house: House) -> None:
    said = house.devos("approve", "zzzzzz", "--result", "{x")
    assert said.code == 2 and "--result is not JSON" in said.err
    assert house.devos("approve", "zzzzzz", "--result", '{"x": 1}').code == 1


def test_frozen_changes_wait_and_go_on(house: House) -> None:
    said = house.devos("freeze")
    assert said.code == 0 and said.out == "Frozen: nothing is changed until `devos thaw`.\n"
    waiting = house.devos("say", STAGING)
    assert waiting.code == 4 and "waits for `devos thaw`: every change is frozen" in waiting.out
    (run, *_) = house.devos("runs", "--json").json
    assert run["status"] == "waiting" and "(waits for `devos thaw`" in house.devos("runs").out
    assert house.devos("say", "how many replicas does checkout have in staging").code == 0, "reading goes on"
    assert not house.changes("kubernetes")
    assert house.devos("thaw", "--json").json == {"frozen": False}
    assert house.devos("runs", "show", run["run"], "--follow").code == 0
    assert house.replicas("staging/checkout") == 6


def test_a_brake_pulled_while_a_question_is_open_holds(house: House) -> None:
    run, question = asked(house)
    assert house.devos("freeze", "--json").json == {"frozen": True}
    house.devos("approve", question)
    for answer in ask(house.home, "follow", run=run):
        if answer["run"]["status"] == "waiting":
            break
    assert answer["run"]["status"] == "waiting" and not house.changes("kubernetes")
    house.devos("thaw")
    assert house.devos("runs", "show", run, "--follow").code == 0 and len(house.changes("kubernetes")) == 1


def test_the_brake_is_recorded(house: House) -> None:
    house.devos("freeze")
    house.devos("thaw")
    types = [entry["type"] for entry in house.devos("audit", "list", "--limit", "3", "--json").json]
    assert types[-2:] == ["devos.brake.on", "devos.brake.off"]


def test_the_brake_works_without_a_daemon(empty: House) -> None:
    for _ in range(2):
        assert empty.devos("freeze").code == 0 and (empty.home / "frozen").exists()
    for _ in range(2):
        assert empty.devos("thaw").out == "Thawed: changes go on.\n" and not (empty.home / "frozen").exists()


def test_the_brake_of_nothing(empty: House) -> None:
    empty.home.rmdir()
    for word in ("freeze", "thaw"):
        said = empty.devos(word, "--json")
        assert said.code == 2 and f"There is no DevOS in {empty.home} to {word}." in said.json["error"]
    assert not empty.home.exists()
