"""Answers that race one another, from processes that know nothing of each other."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from integrations.sandbox.client import Sandbox

if TYPE_CHECKING:
    from tests.attack.conftest import Daemon

RACERS = 6


def test_of_yes_and_no_from_many_processes_at_once_one_counts(daemon: Daemon) -> None:
    assert daemon.start() == ""
    sandbox = Sandbox.at(daemon.home / "sandbox")
    sandbox.settings(rollout_seconds=0)
    for _ in range(2):
        asked = json.loads(daemon.say("say", "scale web-app to 10", "--wait").stdout)
        code, before = asked["approvals"][0]["id"], len(_scaled(sandbox))
        racing = [daemon.begin("approve" if number % 2 else "deny", code) for number in range(RACERS)]
        ends = [(json.loads(each.communicate()[0]), each.returncode) for each in racing]
        won = [answer for answer, status in ends if status == 0]
        assert len(won) == 1, ends
        run = json.loads(daemon.say("runs", "show", asked["run"], "--follow").stdout)
        yes = won[0]["status"] in ("approved", "used")
        assert run["status"] == ("done" if yes else "denied")
        assert len(_scaled(sandbox)) - before == int(yes)
        late = [daemon.begin(word, code) for word in ("approve", "deny")]
        assert all(each.communicate() and each.returncode for each in late), "and nothing counts afterwards"
        sandbox.reset()
        sandbox.settings(rollout_seconds=0)


def test_one_yes_serves_one_run_though_two_ask_the_same(daemon: Daemon) -> None:
    assert daemon.start() == ""
    sandbox = Sandbox.at(daemon.home / "sandbox")
    runs = [json.loads(daemon.say("say", "scale web-app to 10", "--wait").stdout) for _ in range(2)]
    (first, second) = (each["approvals"][0] for each in runs)
    assert first["digest"] == second["digest"] and first["id"] != second["id"]
    assert daemon.say("approve", first["id"]).returncode == 0
    assert daemon.say("runs", "cancel", runs[1]["run"]).returncode == 0
    assert daemon.say("approve", second["id"]).returncode != 0
    assert json.loads(daemon.say("runs", "show", runs[0]["run"], "--follow").stdout)["status"] == "done"
    assert len(_scaled(sandbox)) == 1


def _scaled(sandbox: Sandbox) -> list[dict[str, object]]:
    return [each for each in sandbox.journal("kubernetes") if each["method"] == "PATCH"]
