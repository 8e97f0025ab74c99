"""audit approvals: who approved what, seeing which plan."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.daemon.conftest import House

SCALE = "scale web-app to 10 replicas"


def test_a_question_with_its_plan_and_its_answer(house: House) -> None:
    asked = house.devos("say", SCALE, "--json").json
    (question,) = asked["approvals"]
    assert house.devos("deny", question["id"], "--because", "not on a Friday").code == 0
    (found,) = house.devos("audit", "approvals", "--run", asked["run"], "--json").json
    assert (found["approval"], found["digest"]) == (question["id"], question["digest"])
    assert found["plan"] == question["plan"] and found["asked"].endswith("Z")
    (answer,) = found["answers"]
    assert (answer["answer"], answer["via"], answer["reason"]) == ("no", "terminal", "not on a Friday")
    assert answer["problem"] is None
    person = ("--person", answer["by"])
    assert house.devos("audit", "approvals", "--run", asked["run"], *person, "--day", "today", "--json").json == [found]
    assert house.devos("audit", "approvals", *person, "--day", "2001-01-01", "--json").json == []


def test_for_a_person_it_is_a_few_lines(house: House) -> None:
    asked = house.devos("say", SCALE, "--json").json
    (question,) = asked["approvals"]
    listed = house.devos("audit", "approvals", "--run", asked["run"])
    assert "    nobody answered\n" in listed.out
    house.devos("deny", question["id"])
    house.devos("approve", question["id"])
    (found,) = house.devos("audit", "approvals", "--run", asked["run"], "--json").json
    lines = house.devos("audit", "approvals", "--run", asked["run"]).out.splitlines()
    assert lines[0].startswith(f"{question['id']}  {asked['run']}  plan (confirm) of {found['asker']} asked ")
    assert lines[1] == f"    {question['plan'][0]['summary']}"
    assert f"    digest {question['digest']}" in lines
    no, late = lines[-2:]
    assert re.fullmatch(r"    no from \S+ via terminal, \d{4}-\d\d-\d\d \d\d:\d\d:\d\d", no)
    assert late.startswith("    yes from ") and f"did not count, {question['id']} is denied already" in late


def test_what_a_cancelled_run_had_asked_was_withdrawn(house: House) -> None:
    asked = house.devos("say", SCALE, "--json").json
    house.devos("runs", "cancel", asked["run"])
    listed = house.devos("audit", "approvals", "--run", asked["run"])
    assert "    withdrawn: its run ended before it was answered\n" in listed.out and "nobody" not in listed.out
    (found,) = house.devos("audit", "approvals", "--run", asked["run"], "--json").json
    assert found["withdrawn"] is True


def test_no_question(house: House) -> None:
    assert house.devos("audit", "approvals", "--run", "no-such-run").out == "No question was asked.\n"
    assert house.devos("audit", "approvals", "--day", "x").code == 2
