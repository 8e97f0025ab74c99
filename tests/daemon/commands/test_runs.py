"""runs and undo: what was asked for, and taking it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.daemon.conftest import House

QUESTION = "how many replicas does checkout have in staging"
SCALE = "scale web-app to 10 replicas"
STAGING = "set checkout to six pods in staging"


def test_the_newest_are_listed_first(house: House) -> None:
    asked = [house.devos("say", text, "--json").json["run"] for text in (QUESTION, STAGING)]
    listed = house.devos("runs", "--json").json
    assert [run["run"] for run in listed[:2]] == asked[::-1]
    assert len(house.devos("runs", "list", "--limit", "1", "--json").json) == 1
    head, first, second, *_ = house.devos("runs").out.splitlines()
    assert head.split()[:4] == ["run", "began", "status", "request"]
    assert first.startswith(asked[1]) and first.split()[4:6] == ["done", "scale_deployment"]
    assert second.split()[0] == asked[0]


def test_one_is_shown_with_its_steps(house: House) -> None:
    run = house.devos("say", STAGING, "--json").json
    shown = house.devos("runs", "show", run["run"], "--json")
    assert shown.code == 0 and shown.json["steps"] == run["steps"] and shown.json["said"] == run["said"]
    lines = house.devos("runs", "show", run["run"]).out.splitlines()
    assert lines[0] == f"{run['run']}  done  {STAGING!r} (typed)"
    assert lines[1] == "  scale_deployment(deployment=checkout, replicas=6, namespace=staging), tier medium"
    assert len([line for line in lines if " ok " in line]) == 5 and lines[-1] == run["said"]
    followed = house.devos("runs", "show", run["run"], "--follow", "--json")
    assert followed.code == 0 and followed.json["said"] == run["said"]


@pytest.mark.parametrize("word", ["show", "cancel", "resume"])
def test_an_unknown_one(house: House, word: str) -> None:
    for more in ([], ["--follow"]):
        said = house.devos("runs", word, "261120-00000000", *more)
        assert said.code == 2 and "There is no run '261120-00000000'; `devos runs` lists them." in said.err
    said = house.devos("runs", word, "'; DROP TABLE runs; --", "--json")
    assert said.code == 2 and "There is no run" in said.json["error"]


@pytest.mark.parametrize("words", [("show",), ("cancel",), ("resume",), ("shwo", "x"), ("261120-00000000",)])
def test_wrong_use(empty: House, words: tuple[str, ...]) -> None:
    said = empty.devos("runs", *words)
    assert said.code == 2 and "devos runs show|cancel|resume RUN" in said.err


def test_a_waiting_one_is_cancelled(house: House) -> None:
    run = house.devos("say", SCALE, "--json").json["run"]
    said = house.devos("runs", "cancel", run)
    assert said.code == 0 and said.out.startswith(f"{run}  cancelled")
    assert not house.devos("approvals", "--json").json
    assert house.devos("runs", "show", run, "--follow").code == 3
    again = house.devos("runs", "cancel", run)
    assert again.code == 1 and f"{run} is cancelled already." in again.err
    assert not house.changes("kubernetes")


def test_only_a_run_that_was_put_aside_is_resumed(house: House) -> None:
    run = house.devos("say", QUESTION, "--json").json["run"]
    said = house.devos("runs", "resume", run)
    assert said.code == 1 and "only a run that was put aside can be resumed" in said.err


def test_what_was_changed_is_taken_back(house: House) -> None:
    run = house.devos("say", STAGING, "--json").json["run"]
    assert house.replicas("staging/checkout") == 6
    undone = house.devos("undo", run, "--json")
    assert undone.code == 0 and undone.json["intent"] == "undo" and undone.json["slots"] == {"run": run}
    assert house.replicas("staging/checkout") == 2
    assert len(house.changes("kubernetes")) == 2


def test_taking_back_in_production_asks_again(house: House) -> None:
    run = house.devos("say", SCALE, "--json").json["run"]
    assert house.devos("undo", run).code == 2, "it has not ended"
    house.devos("approve", house.devos("approvals", "--json").json[0]["id"])
    house.end_of(run)
    undone = house.devos("undo", run)
    assert undone.code == 4 and "from 10 to 4 replicas" in undone.out
    assert house.replicas("production/web-app") == 10
    house.devos("approve", house.devos("approvals", "--json").json[0]["id"])
    house.end_of(house.devos("runs", "--json").json[0]["run"])
    assert house.replicas("production/web-app") == 4


def test_nothing_is_taken_back_of_a_question_or_of_nothing(house: House) -> None:
    said = house.devos("undo", "261120-00000000")
    assert said.code == 2 and "There is no run" in said.err
    run = house.devos("say", QUESTION, "--json").json["run"]
    undone = house.devos("undo", run, "--json")
    assert undone.json["said"] and not house.changes("kubernetes")
