"""What the daemon answers, question by question, beneath every command."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest

from daemon.client import Told, ask

if TYPE_CHECKING:
    from tests.daemon.conftest import House

SCALE = "scale web-app to 10 replicas"
STAGING = "set checkout to six pods in staging"


def no(house: House, do: str, **question: Any) -> Told:
    with pytest.raises(Told) as told:
        house.ask(do, **question)
    return told.value


def test_a_sentence_is_followed_to_its_end(house: House) -> None:
    answers = list(ask(house.home, "say", text=STAGING, cwd="/"))
    assert answers[-1]["run"]["status"] == "done" and {each["run"]["run"] for each in answers} == {
        answers[0]["run"]["run"]
    }


def test_what_it_was_not_made_for_is_answered(house: House) -> None:
    assert no(house, "sing").code == 2
    assert no(house, "say").code == 1 and no(house, "say", text=5).code == 1
    assert no(house, "answer", id="x").code == 1
    assert no(house, "runs", limit="many").code == 1
    assert no(house, "say", text="x", channel="smoke").code == 2
    assert house.ask("approvals") == {"approvals": []}, "and it goes on"


def test_long_and_strange_sentences(house: House) -> None:
    for text in ("x" * 500_000, "scale " * 20_000, "\x00", "\ud83d", "٣" * 50, "scale web-app to 99999999999999999999"):
        assert no(house, "say", text=text, cwd="/").code == 5
    assert no(house, "say", text="how many", cwd="/no/such/folder").code == 5


@pytest.mark.parametrize("do", ["run", "follow", "cancel", "resume", "undo"])
def test_a_run_that_is_not_there(house: House, do: str) -> None:
    told = no(house, do, run="261120-00000000")
    assert told.code == 2 and "There is no run '261120-00000000'" in str(told)


def test_an_answer_is_bound_to_what_was_seen(house: House) -> None:
    run = house.devos("say", SCALE, "--json").json
    (question,) = run["approvals"]
    told = no(house, "answer", id=question["id"], yes=True, digest="0" * 64)
    assert told.code == 1 and "another plan than the one you saw" in str(told)
    answered = house.ask("answer", id=question["id"], yes=True, digest=question["digest"], via="web")["approval"]
    assert answered["status"] in ("approved", "used") and answered["via"] == "terminal", "whatever it says"
    assert house.end_of(run["run"])["status"] == "done"


def test_an_asker_who_leaves_does_not_stop_the_run(house: House) -> None:
    house.ask("brake", on=True)
    with socket.socket(socket.AF_UNIX) as asker:
        asker.connect(str(house.home / "devos.sock"))
        asker.sendall(b'{"do": "say", "text": "set checkout to six pods in staging", "cwd": "/"}\n')
        asker.recv(1)
    house.ask("brake", on=False)
    run = house.ask("runs", limit=1)["runs"][0]["run"]
    assert house.end_of(run)["status"] == "done" and house.replicas("staging/checkout") == 6


def test_an_asker_who_leaves_at_once_has_started_a_run_or_none(house: House) -> None:
    before = {run["run"] for run in house.ask("runs", limit=1000)["runs"]}
    for _ in range(5):
        with socket.socket(socket.AF_UNIX) as asker:
            asker.connect(str(house.home / "devos.sock"))
            asker.sendall(b'{"do": "say", "text": "how many replicas does web-app have", "cwd": "/"}\n')
    house.ask("approvals")
    started = {run["run"] for run in house.ask("runs", limit=1000)["runs"]} - before
    assert {house.end_of(run)["status"] for run in started} <= {"done"}


def test_a_rule_that_forbids_is_named(own: House) -> None:
    (own.home / "rules").mkdir()
    (own.home / "rules" / "mine.cedar").write_text(
        '@id("no-scaling")\n@because("The cluster is being moved.")\n'
        'forbid (principal, action == Action::"kubernetes.scale", resource);\n'
        '@id("no-counting")\n@because("Nobody counts analytics.")\n'
        'forbid (principal, action == Action::"kubernetes.deployment", resource)\n'
        'when { resource has id && resource.id like "*analytics*" };\n'
    )
    own.start("--sandbox")
    planned = own.devos("say", STAGING, "--plan")
    assert planned.code == 3 and "[deny: no-scaling, mine.cedar:" in planned.out
    said = own.devos("say", STAGING)
    assert said.code == 3 and "Nothing was done. " in said.out and "The cluster is being moved." in said.out
    said = own.devos("say", STAGING, "--json")
    assert said.code == 3 and said.json["status"] == "denied"
    assert "(rule no-scaling, mine.cedar:1)" in said.json["said"]
    counted = own.devos("say", "how many replicas does analytics service have", "--plan")
    assert counted.code == 3 and counted.out.startswith("It would fail: kubernetes.deployment is ")
    assert not own.changes("kubernetes")


def test_who_asked_sees_who_can_say_yes_which_rule_wants_it_and_how_to_give_it_up(own: House) -> None:
    (own.home / "rules").mkdir()
    (own.home / "rules" / "mine.cedar").write_text(
        '@id("one-of-payments")\n@because("One of payments approves it.")\n@approval("approve")\n@group("payments")\n'
        'permit (principal, action == Action::"kubernetes.scale", resource);\n'
        '@id("two-of-payments")\n@approval("approve")\n@group("payments")\n@votes("2")\n@reason("required")\n'
        'permit (principal, action == Action::"kubernetes.scale", resource);\n'
    )
    (own.home / "config.toml").write_text(
        '[person]\nname = "ada"\n[people.ada]\n[people.grace]\n[people.tom]\n[groups]\npayments = ["grace", "tom"]\n'
    )
    own.start("--sandbox")
    said = own.devos("say", STAGING)
    (question,) = own.devos("approvals", "--json").json
    assert question["left_to"] == "grace, tom"
    needs = "It needs 2 approvals of payments, each with a reason, by rule two-of-payments (mine.cedar:6): grace, tom."
    only = f"only grace, tom can answer it; ada gives it up: devos runs cancel {question['run']}"
    for shown in (said, own.devos("approvals"), own.devos("runs", "show", question["run"])):
        assert needs in shown.out and only in shown.out and "devos approve" not in shown.out
    assert own.devos("runs", "cancel", question["run"]).code == 0
    assert own.devos("approvals", "--json").json == []
