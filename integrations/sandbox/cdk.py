"""The simulated CloudFormation behind the stand-in for the `cdk` program: which stacks there are and how they fare.

https://docs.aws.amazon.com/cdk/v2/guide/cli.html and, for the states of a stack,
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html. The program (`cdk_program`) asks
here what its command does and how long that takes; as with the real one, a deployment that was begun goes on when the
program is killed.
"""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from integrations.sandbox.ages import ago
from integrations.sandbox.auth import stable_id
from integrations.sandbox.journal import Journal
from integrations.sandbox.world import World

STACK = "cdk/stack"

_REGION, _ACCOUNT = "eu-central-1", "123456789012"
_BROKEN = (
    "Resource handler returned message: \"Error occurred during operation 'ECS Deployment Circuit Breaker was "
    "triggered'.\" (RequestToken: {token}, HandlerErrorCode: GeneralServiceException)"
)
# A shebang would not do: it allows neither spaces nor long paths.
_LAUNCHER = """#!/bin/sh
exec {python} -E "$0.py" "$@"
"""


def app(world: World) -> Starlette:
    """What the stand-in program asks. Every run of it is in the journal as system "cdk", method "EXEC"."""
    journal = Journal(world)

    async def begin(request: Request) -> JSONResponse:
        asked = await request.json()
        path = " ".join([asked["command"], *asked["stacks"]])
        body = {"arguments": asked["arguments"], "folder": asked["folder"]}
        with world.transaction():
            number = journal.record("cdk", "EXEC", path, body, idempotency_key=asked["key"])
            steps = [_DONE[asked["command"]](world, stack, asked) for stack in asked["stacks"]] if _acts(asked) else []
        return JSONResponse({"number": number, "steps": steps})

    async def end(request: Request) -> Response:
        journal.finish(int(request.path_params["number"]), int((await request.json())["exit"]))
        return Response(status_code=204)

    return Starlette(
        routes=[
            Route("/commands", begin, methods=["POST"]),
            Route("/commands/{number:int}/end", end, methods=["POST"]),
        ]
    )


def seed(world: World, company: dict[str, Any]) -> None:
    """Put the company's deployed stacks into an empty world."""
    for name, service in company["services"].items():
        for environment in company["newrelic"]["environments"]:
            stack = f"{service['stack']}{environment.title()}Stack"
            deployed = ago(world.now(), "1w 2d")
            record = _record(name, environment, service["version"], "seeded", "UPDATE_COMPLETE", deployed)
            world.put(STACK, stack, record)


def summary(world: World) -> dict[str, Any]:
    """Every stack with its state and the version that is deployed."""
    stacks = {}
    for name in world.all(STACK):
        stack = _stack(world, name)
        assert stack is not None
        stacks[name] = {key: stack[key] for key in ("service", "environment", "version", "status", "updated")}
    return {"stacks": stacks}


def install(home: Path, company: Callable[[], dict[str, Any]]) -> None:
    """Write the stand-in program to bin/cdk, and the services' CDK apps to apps/ where they are not there yet."""
    program = home / "bin" / "cdk"
    program.parent.mkdir(mode=0o700, exist_ok=True)
    shutil.copyfile(Path(__file__).with_name("cdk_program.py"), program.with_suffix(".py"))
    program.write_text(_LAUNCHER.format(python=shlex.quote(sys.executable)), encoding="utf-8")
    program.chmod(0o700)
    if not (home / "apps").exists():
        for name, service in company()["services"].items():
            folder = home / "apps" / service["apps"]
            folder.mkdir(parents=True)
            stacks = {each: f"{service['stack']}{each.title()}Stack" for each in ("production", "staging")}
            context = {"service": name, "version": service["next"], "stacks": stacks}
            settings = {"app": "python3 app.py", "context": context}
            (folder / "cdk.json").write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
            (folder / "app.py").write_text(_APP, encoding="utf-8")


def _acts(asked: dict[str, Any]) -> bool:
    return asked["command"] in _DONE


def _deploy(world: World, name: str, asked: dict[str, Any]) -> dict[str, Any]:
    before, settings = _stack(world, name), world.settings
    if before is not None and before["status"].endswith("IN_PROGRESS"):
        return _refusal(name, before)
    same = before is not None and before["digest"] == asked["digest"] and not before["status"].endswith("FAILED")
    if before is not None and same and not asked["force"]:
        return {"stack": name, "changed": False, "seconds": 0.0, "error": None, "events": [], **_outcome(name, before)}
    kind = "CREATE" if before is None else "UPDATE"
    ends = world.now() + timedelta(seconds=settings.cdk_seconds)
    after = _record(asked["service"], asked["environments"][name], asked["version"], asked["digest"], "", world.now())
    after["id"] = before["id"] if before else stable_id(STACK, name, str(world.revision))
    rolls_back, error = asked["rollback"], None
    final = f"{kind}_COMPLETE"
    if settings.cdk_fails:
        final = (
            ("ROLLBACK_COMPLETE" if kind == "CREATE" else "UPDATE_ROLLBACK_COMPLETE")
            if rolls_back
            else f"{kind}_FAILED"
        )
        detail = _BROKEN.format(token=stable_id("token", name, str(world.revision)))
        error = f"The stack named {name} failed to deploy: {final}: {detail}"
        if before is not None:
            stable = {"version": before["version"], "digest": before["digest"]}
            after = {**after, **stable} if rolls_back else {**after, "stable": stable}
    stored = {**after, "status": f"{kind}_IN_PROGRESS", "becomes": final, "ends": ends.isoformat()}
    world.put(STACK, name, stored)
    shown = {"changed": True, "seconds": settings.cdk_seconds, "error": error}
    return {"stack": name, **shown, "events": _events(kind, final, name), **_outcome(name, {**stored, "status": final})}


def _rollback(world: World, name: str, asked: dict[str, Any]) -> dict[str, Any]:
    stack = _stack(world, name)
    if stack is None or stack["status"] not in ("UPDATE_FAILED", "CREATE_FAILED"):
        status = "NOT_FOUND" if stack is None else stack["status"]
        note = f"Stack {name} does not need a rollback: {status}"
        return {"stack": name, "changed": False, "seconds": 0.0, "error": None, "note": note, "events": []}
    final = "UPDATE_ROLLBACK_COMPLETE" if stack["status"] == "UPDATE_FAILED" else "ROLLBACK_COMPLETE"
    seconds = world.settings.cdk_seconds
    ends = world.now() + timedelta(seconds=seconds)
    back = {**stack, **stack.get("stable", {}), "status": "UPDATE_ROLLBACK_IN_PROGRESS", "becomes": final}
    world.put(STACK, name, {**back, "ends": ends.isoformat()})
    events = _events("UPDATE_ROLLBACK", final, name)
    return {"stack": name, "changed": True, "seconds": seconds, "error": None, "events": events}


def _destroy(world: World, name: str, asked: dict[str, Any]) -> dict[str, Any]:
    stack = _stack(world, name)
    if stack is not None and stack["status"].endswith("IN_PROGRESS"):
        return _refusal(name, stack)
    world.delete(STACK, name)
    events = _events("DELETE", "DELETE_COMPLETE", name)
    return {"stack": name, "changed": True, "seconds": world.settings.cdk_seconds, "error": None, "events": events}


def _diff(world: World, name: str, asked: dict[str, Any]) -> dict[str, Any]:
    stack = _stack(world, name)
    changed = stack is None or stack["digest"] != asked["digest"]
    before = None if stack is None else stack["version"]
    return {"stack": name, "changed": changed, "seconds": 0.0, "error": None, "events": [], "before": before}


_DONE: dict[str, Callable[[World, str, dict[str, Any]], dict[str, Any]]] = {
    "deploy": _deploy,
    "rollback": _rollback,
    "destroy": _destroy,
    "diff": _diff,
}


def _stack(world: World, name: str) -> dict[str, Any] | None:
    """A stack as it is now: what was in progress has become what it becomes when its time is over."""
    stack = world.get(STACK, name)
    if stack is not None and stack["ends"] is not None and world.now() >= datetime.fromisoformat(stack["ends"]):
        return {**stack, "status": stack["becomes"], "updated": stack["ends"], "ends": None}
    return stack


def _record(service: str, environment: str, version: str, digest: str, status: str, at: datetime) -> dict[str, Any]:
    facts = {"service": service, "environment": environment, "version": version, "digest": digest}
    identity = stable_id(STACK, service, environment)
    return {**facts, "id": identity, "status": status, "becomes": status, "updated": at.isoformat(), "ends": None}


def _refusal(name: str, stack: dict[str, Any]) -> dict[str, Any]:
    error = f"Stack:{_outcome(name, stack)['arn']} is in {stack['status']} state and can not be updated."
    return {"stack": name, "changed": False, "seconds": 0.0, "error": error, "events": []}


def _outcome(name: str, stack: dict[str, Any]) -> dict[str, Any]:
    i = stack["id"]
    identity = f"{i[:8]}-{i[8:12]}-{i[12:16]}-{i[16:20]}-{i[20:]}"
    host = f"{stack['service']}.{stack['environment']}.larkfield.example"
    return {
        "arn": f"arn:aws:cloudformation:{_REGION}:{_ACCOUNT}:stack/{name}/{identity}",
        "outputs": {"ServiceUrl": f"https://{host}", "Version": stack["version"]},
    }


def _events(kind: str, final: str, name: str) -> list[list[str]]:
    """What CloudFormation reports on the way: status, type and logical id of a resource."""
    stack, task, service = "AWS::CloudFormation::Stack", "AWS::ECS::TaskDefinition", "AWS::ECS::Service"
    begin = [[f"{kind}_IN_PROGRESS", stack, name], [f"{kind}_IN_PROGRESS", task, "TaskDef"]]
    if final.startswith(kind) and final.endswith("COMPLETE") and "ROLLBACK" not in final.removeprefix(kind):
        done = [[f"{kind}_COMPLETE", task, "TaskDef"], [f"{kind}_IN_PROGRESS", service, "Service"]]
        return [*begin, *done, [f"{kind}_COMPLETE", service, "Service"], [final, stack, name]]
    failed = [[f"{kind}_COMPLETE", task, "TaskDef"], [f"{kind}_FAILED", service, "Service"]]
    back = [] if final.endswith("FAILED") else [[final.replace("COMPLETE", "IN_PROGRESS"), stack, name]]
    return [*begin, *failed, *back, [final, stack, name]]


_APP = '''"""Deploys the version that cdk.json names, to each of its environments."""

import aws_cdk as cdk
from aws_cdk import aws_ssm as ssm

app = cdk.App()
service, version = app.node.get_context("service"), app.node.get_context("version")
for environment, name in app.node.get_context("stacks").items():
    stack = cdk.Stack(app, name)
    path = f"/{environment}/{service}/version"
    ssm.StringParameter(stack, "Version", parameter_name=path, string_value=version)
app.synth()
'''
