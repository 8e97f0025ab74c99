"""sandbox: look into the simulated systems, break them, and play their people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from daemon.client import ask
from daemon.systems import CHANNEL
from integrations.sandbox.process import ensure, running

if TYPE_CHECKING:
    from tests.daemon.conftest import House

QUESTION = "how many replicas does web-app have in production"


def test_the_state(house: House) -> None:
    found = house.devos("sandbox", "state", "--json")
    assert found.code == 0 and found.json["kubernetes"]["deployments"]["production/web-app"]["replicas"] == 4
    lines = house.devos("sandbox", "state").out.splitlines()
    assert lines[0].startswith("at: 2") and "kubernetes:" in lines and '    "production/web-app": {' in lines
    assert lines[-1] == "faults: []"


def test_the_journal(house: House) -> None:
    house.devos("say", QUESTION)
    found = house.devos("sandbox", "journal", "--json").json
    assert found[-1].keys() == {"at", "system", "method", "path", "body", "status", "idempotency_key"}
    assert found[-1]["system"] == "kubernetes" and found[-1]["status"] == 200
    lines = house.devos("sandbox", "journal", "--system", "kubernetes").out.splitlines()
    assert lines and all(line.split()[1:4] == ["kubernetes", "200", "GET"] for line in lines)
    assert {each["system"] for each in house.devos("sandbox", "journal", "--system", "jira", "--json").json} <= {"jira"}
    said = house.devos("sandbox", "journal", "--system", "fax")
    assert said.code == 2 and "not 'fax'" in said.err


def test_the_key_of_a_change_is_in_the_journal(house: House) -> None:
    house.devos("say", "deploy checkout to staging", "--json")
    house.devos("approve", house.devos("approvals", "--json").json[0]["id"])
    house.end_of(house.devos("runs", "--json").json[0]["run"])
    keyed = [line for line in house.devos("sandbox", "journal").out.splitlines() if "  key " in line]
    assert keyed and all(len(line.rpartition("  key ")[2]) >= 16 for line in keyed)


def test_a_fault_and_its_end(house: House) -> None:
    said = house.devos("sandbox", "fault", "kubernetes", "--status", "403", "--times", "0")
    assert said.code == 0 and said.out == "kubernetes misbehaves now.\n"
    assert house.devos("say", QUESTION).code == 1
    assert house.devos("say", QUESTION).code == 1, "always"
    assert house.devos("sandbox", "fault", "none").out == "All faults are mended.\n"
    assert house.devos("say", QUESTION).code == 0


def test_a_fault_befalls_one_request_unless_more_are_named(house: House) -> None:
    (fault,) = house.devos("sandbox", "fault", "jira", "--status", "503", "--path", "comment", "--json").json
    assert fault["times"] == 1 and fault["status"] == 503 and fault["path"] == "comment"
    *_, fault = house.devos("sandbox", "fault", "rancher", "--kind", "drop", "--times", "2", "--json").json
    assert fault["times"] == 2 and fault["kind"] == "drop"


def test_a_lost_reply_is_looked_up_and_nothing_done_twice(house: House) -> None:
    house.devos("sandbox", "fault", "kubernetes", "--kind", "lost-reply", "--method", "PATCH")
    said = house.devos("say", "set checkout to six pods in staging")
    assert said.code == 0 and house.replicas("staging/checkout") == 6
    assert len(house.changes("kubernetes")) == 1


@pytest.mark.parametrize(
    "words",
    [
        ("fault", "fax"),
        ("fault", "jira", "--kind", "gremlin"),
        ("fault", "jira", "--path", "("),
        ("fault", "jira", "--times", "-1"),
        ("approve", "CHG9999999"),
        ("approve", "CHG0030001"),
        ("approve", "'; DROP"),
        ("refuse", "CHG9999999"),
        ("refuse", "CHG0030001"),
        ("reply", "approve k7m2qd", "--to", "1"),
        ("reply", "approve k7m2qd", "--by", "nobody"),
        ("set", "rollout_seconds"),
        ("set", "rollout_seconds=soon"),
        ("set", "rollout_seconds=-1"),
        ("set", "no_such_setting=1"),
    ],
    ids=" ".join,
)
def test_what_makes_no_sense(house: House, words: tuple[str, ...]) -> None:
    said = house.devos("sandbox", *words)
    assert said.code == 2 and said.err.strip() and not said.out
    if "-1" not in words:
        assert house.devos("sandbox", *words, "--json").json["error"]


def test_its_people_decide_about_changes(house: House) -> None:
    runs = []
    for _ in range(2):
        run = house.devos("say", "deploy checkout to production", "--json").json
        house.devos("approve", run["approvals"][0]["id"])
        (change,) = changes_asked_for(house, run["run"])
        runs.append((run["run"], change))
    (one, approved), (other, refused) = runs
    assert house.devos("sandbox", "approve", approved, "--by", "nobody").code == 2
    said = house.devos("sandbox", "approve", approved, "--by", "marcus.oyelaran", "--because", "looks right")
    assert said.out == f"{approved} is approved.\n"
    said = house.devos("sandbox", "refuse", refused, "--because", "freeze until Monday")
    assert said.out == f"{refused} is refused.\n"
    assert house.end_of(one)["status"] == "done" and house.end_of(other)["status"] == "denied"
    changes = house.sandbox.state()["servicenow"]["changes"]
    assert "looks right" in str(changes[approved]["comments"])
    assert changes[approved]["state"] == "Closed" and "freeze until Monday" in str(changes[refused]["comments"])


def test_its_people_reply_in_teams(house: House) -> None:
    url = house.sandbox.endpoints.graph
    form = {"grant_type": "refresh_token", "client_id": "c", "refresh_token": "r"}
    token = httpx.post(f"{url}/larkfield/oauth2/v2.0/token", data=form).json()["access_token"]
    place = f"{url}/v1.0/teams/{CHANNEL[0]}/channels/{CHANNEL[1]}/messages"
    question = {"body": {"contentType": "text", "content": "May it?"}}
    posted = httpx.post(place, json=question, headers={"Authorization": f"Bearer {token}"}).json()["id"]
    said = house.devos("sandbox", "reply", "approve k7m2qd", "--by", "marcus.oyelaran", "--to", posted)
    assert said.code == 0 and said.out == "marcus.oyelaran replied.\n"
    assert house.devos("sandbox", "reply", "deny k7m2qd", "--to", posted, "--json").json["by"] == "dana.whitfield"
    replies = house.sandbox.state()["graph"]["messages"][posted]["replies"]
    assert [each["text"] for each in replies] == ["approve k7m2qd", "deny k7m2qd"]


def changes_asked_for(house: House, run: str) -> list[str]:
    """The change requests that a run waits for, once it does."""
    for answer in ask(house.home, "follow", run=run):
        if answer["run"]["status"] == "waiting":
            return [word for word in answer["run"]["waits_for"].split() if word.startswith("CHG")]
    return []


def test_settings_and_a_fresh_start(house: House) -> None:
    said = house.devos("sandbox", "set", "rollout_seconds=30", 'pods_never_ready=["staging/checkout"]', "--json")
    assert said.json["rollout_seconds"] == 30 and said.json["pods_never_ready"] == ["staging/checkout"]
    assert house.devos("sandbox", "set", "cdk_fails=true").out == "Set.\n"
    assert house.devos("sandbox", "reset").out == "The sandbox is as new.\n"
    assert house.devos("sandbox", "state", "--json").json["settings"]["cdk_fails"] is False
    assert house.devos("sandbox", "reset", "--json").code == 0


@pytest.mark.parametrize("words", [("state",), ("journal",), ("reset",), ("fault", "none"), ("approve", "CHG1")])
def test_without_a_sandbox(empty: House, words: tuple[str, ...]) -> None:
    said = empty.devos("sandbox", *words)
    assert said.code == 1 and "devos run --sandbox" in said.err
    assert "devos run --sandbox" in empty.devos("sandbox", *words, "--json").json["error"]
    assert not (empty.home / "sandbox").exists()


def test_it_can_be_ended(empty: House) -> None:
    assert empty.devos("sandbox", "stop").out == "There is no sandbox running.\n"
    ensure(empty.home / "sandbox")
    assert empty.devos("sandbox", "stop", "--json").json == {"stopped": True}
    assert running(empty.home / "sandbox") is None
