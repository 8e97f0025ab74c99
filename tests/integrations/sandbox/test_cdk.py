"""CloudFormation behind the stand-in: what becomes of a stack over time."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from integrations.sandbox.cdk import install
from integrations.sandbox.loopback import ask

STAGING, PRODUCTION = "UserAuthStagingStack", "UserAuthProductionStack"


def command(running: Any, name: str, *stacks: str, digest: str = "new", **more: Any) -> Any:
    asked = {
        "command": name,
        "stacks": list(stacks),
        "arguments": [name, *stacks],
        "folder": "/somewhere",
        "key": None,
        "service": "user-auth-service",
        "version": "1.43.0",
        "digest": digest,
        "environments": {STAGING: "staging", PRODUCTION: "production"},
        "force": False,
        "rollback": True,
        **more,
    }
    return ask(f"{running.endpoints.admin}/cdk/commands", "POST", asked)["steps"]


def stack(running: Any, name: str = STAGING) -> Any:
    return running.admin.state()["cdk"]["stacks"].get(name)


def test_the_company_has_two_stacks_for_each_service(running: Any) -> None:
    stacks = running.admin.state()["cdk"]["stacks"]
    assert len(stacks) == 12
    assert {each["status"] for each in stacks.values()} == {"UPDATE_COMPLETE"}
    assert stacks[STAGING]["version"] == "1.42.0"


def test_a_deployment_takes_its_time(running: Any) -> None:
    running.admin.settings(cdk_seconds=30)
    step = command(running, "deploy", STAGING)[0]
    assert (step["changed"], step["seconds"], step["error"]) == (True, 30, None)
    assert step["arn"].startswith(f"arn:aws:cloudformation:eu-central-1:123456789012:stack/{STAGING}/")
    assert step["outputs"]["Version"] == "1.43.0"
    assert (stack(running)["status"], stack(running)["version"]) == ("UPDATE_IN_PROGRESS", "1.43.0")
    running.clock.pass_by(30)
    assert (stack(running)["status"], stack(running)["updated"]) == ("UPDATE_COMPLETE", "2026-03-02T09:00:30+00:00")
    assert stack(running, PRODUCTION)["version"] == "1.42.0"


def test_a_second_one_has_nothing_to_do_unless_it_is_forced(running: Any) -> None:
    command(running, "deploy", STAGING)
    running.clock.pass_by(5)
    again = command(running, "deploy", STAGING)[0]
    assert (again["changed"], again["outputs"]["Version"]) == (False, "1.43.0")
    assert command(running, "deploy", STAGING, force=True)[0]["changed"] is True


def test_a_stack_that_is_being_updated_cannot_be(running: Any) -> None:
    command(running, "deploy", STAGING)
    for name in ("deploy", "destroy"):
        error = command(running, name, STAGING, digest="newer")[0]["error"]
        assert error.endswith("is in UPDATE_IN_PROGRESS state and can not be updated.")


def test_a_failure_takes_itself_back(running: Any) -> None:
    running.admin.settings(cdk_fails=True)
    step = command(running, "deploy", STAGING)[0]
    assert step["error"].startswith(f"The stack named {STAGING} failed to deploy: UPDATE_ROLLBACK_COMPLETE: ")
    assert [event[0] for event in step["events"]][-3:] == [
        "UPDATE_FAILED",
        "UPDATE_ROLLBACK_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE",
    ]
    running.clock.pass_by(5)
    assert (stack(running)["status"], stack(running)["version"]) == ("UPDATE_ROLLBACK_COMPLETE", "1.42.0")
    refused = command(running, "rollback", STAGING)[0]
    assert refused["note"] == f"Stack {STAGING} does not need a rollback: UPDATE_ROLLBACK_COMPLETE"
    running.admin.settings(cdk_fails=False)
    assert command(running, "deploy", STAGING)[0]["changed"] is True


def test_a_failure_that_was_left_as_it_was_is_rolled_back_by_hand(running: Any) -> None:
    running.admin.settings(cdk_fails=True)
    command(running, "deploy", STAGING, rollback=False)
    running.clock.pass_by(5)
    assert (stack(running)["status"], stack(running)["version"]) == ("UPDATE_FAILED", "1.43.0")
    assert command(running, "rollback", STAGING)[0]["changed"] is True
    assert stack(running)["status"] == "UPDATE_ROLLBACK_IN_PROGRESS"
    running.clock.pass_by(5)
    assert (stack(running)["status"], stack(running)["version"]) == ("UPDATE_ROLLBACK_COMPLETE", "1.42.0")
    running.admin.settings(cdk_fails=False)
    assert command(running, "deploy", STAGING)[0]["changed"] is True


def test_a_failed_deployment_can_be_tried_again_as_it_is(running: Any) -> None:
    running.admin.settings(cdk_fails=True)
    command(running, "deploy", STAGING, rollback=False)
    running.clock.pass_by(5)
    running.admin.settings(cdk_fails=False)
    assert command(running, "deploy", STAGING)[0]["changed"] is True


@pytest.mark.parametrize(("rollback", "status"), [(True, "ROLLBACK_COMPLETE"), (False, "CREATE_FAILED")])
def test_a_stack_that_was_destroyed_is_made_anew(running: Any, rollback: bool, status: str) -> None:
    assert command(running, "destroy", STAGING)[0]["events"][-1] == [
        "DELETE_COMPLETE",
        "AWS::CloudFormation::Stack",
        STAGING,
    ]
    assert stack(running) is None
    assert command(running, "diff", STAGING)[0]["before"] is None
    assert command(running, "rollback", STAGING)[0]["note"].endswith("NOT_FOUND")
    running.admin.settings(cdk_fails=True)
    command(running, "deploy", STAGING, rollback=rollback)
    running.clock.pass_by(5)
    assert stack(running)["status"] == status
    running.admin.settings(cdk_fails=False)
    events = command(running, "deploy", STAGING, digest="newest")[0]["events"]
    assert events[-1][0] in ("UPDATE_COMPLETE", "CREATE_COMPLETE")


def test_a_difference_is_told(running: Any) -> None:
    step = command(running, "diff", STAGING)[0]
    assert (step["changed"], step["before"]) == (True, "1.42.0")
    assert stack(running)["status"] == "UPDATE_COMPLETE"


def test_each_run_is_in_the_journal(running: Any) -> None:
    command(running, "synth", STAGING)
    command(running, "deploy", STAGING, key="change-7")
    ask(f"{running.endpoints.admin}/cdk/commands/2/end", "POST", {"exit": 0})
    first, second = running.admin.journal("cdk")
    assert (first["method"], first["path"], first["status"]) == ("EXEC", f"synth {STAGING}", None)
    assert second == {
        "at": "2026-03-02T09:00:00+00:00",
        "system": "cdk",
        "method": "EXEC",
        "path": f"deploy {STAGING}",
        "body": {"arguments": ["deploy", STAGING], "folder": "/somewhere"},
        "status": 0,
        "idempotency_key": "change-7",
    }


def test_the_program_is_renewed_and_the_apps_are_left_alone(running: Any) -> None:
    program, app = running.home / "bin" / "cdk", running.home / "apps" / "web-app" / "cdk.json"
    assert stat.S_IMODE(program.stat().st_mode) == 0o700
    assert len(list((running.home / "apps").iterdir())) == 6
    program.write_text("broken")
    app.write_text('{"mine": true}')
    install(running.home, dict)
    assert program.read_text().startswith("#!/bin/sh\n")
    assert app.read_text() == '{"mine": true}'
    compile((app.parent / "app.py").read_text(), "app.py", "exec")
    assert Path(program.with_suffix(".py")).exists()
