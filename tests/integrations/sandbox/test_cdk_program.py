"""The stand-in as a program: its commands one by one, and once as anybody would run it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from integrations.sandbox.cdk_program import main
from integrations.sandbox.server import served

STAGING, PRODUCTION = "UserAuthStagingStack", "UserAuthProductionStack"
DEPLOY = ("deploy", STAGING, "--require-approval", "never", "--progress", "events")


@dataclass
class Result:
    code: int
    out: str
    err: str


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "a folder with spaces"


@pytest.fixture
def cdk(home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    with served(home) as (world, _):
        world.change_settings(cdk_seconds=0.05)

        def run(*arguments: str, folder: Path = home / "apps" / "user-auth-service") -> Result:
            monkeypatch.chdir(folder)
            try:
                code = main(list(arguments), home)
            except SystemExit as end:
                code = int(end.code or 0)
            return Result(code, *capsys.readouterr())

        run.world = world  # type: ignore[attr-defined]  # for the tests that change settings
        yield run


Run = Callable[..., Result]


def settled(cdk: Any) -> None:
    """Wait until no stack is in progress: the program and the stack end at the same moment."""
    from integrations.sandbox.cdk import summary

    while any(each["status"].endswith("IN_PROGRESS") for each in summary(cdk.world)["stacks"].values()):
        continue


def test_version_and_list(cdk: Run) -> None:
    assert cdk("--version").out.startswith("2.")
    assert cdk("list").out == cdk("ls").out == f"{PRODUCTION}\n{STAGING}\n"


def test_as_anybody_would_run_it(cdk: Any, home: Path) -> None:
    folder = home / "apps" / "user-auth-service"
    done = subprocess.run([home / "bin" / "cdk", *DEPLOY], cwd=folder, capture_output=True, text=True, timeout=60)
    assert (done.returncode, f" ✅  {STAGING}" in done.stderr) == (0, True)
    assert done.stdout.startswith(f"{STAGING}.ServiceUrl = https://")


def test_a_template(cdk: Run, home: Path) -> None:
    shown = cdk("synth", STAGING)
    assert json.loads(shown.out)["Resources"]["Version"]["Properties"]["Value"] == "1.43.0"
    folder = home / "apps" / "user-auth-service" / "cdk.out"
    assert json.loads((folder / f"{STAGING}.template.json").read_text()) == json.loads(shown.out)
    both = cdk("synth")
    assert both.out == ""
    assert f"Supply a stack id ({PRODUCTION}, {STAGING}) to display its template." in both.err


def test_a_difference(cdk: Run) -> None:
    shown = cdk("diff", STAGING)
    assert (shown.code, shown.out) == (0, "")
    assert "[-] 1.42.0\n     └─ [+] 1.43.0" in shown.err
    assert "Number of stacks with differences: 1" in shown.err
    assert cdk("diff", STAGING, "--fail").code == 1


def test_a_deployment(cdk: Run, home: Path) -> None:
    done = cdk(*DEPLOY, "--outputs-file", "outputs.json")
    assert done.code == 0
    assert f" ✅  {STAGING}\n" in done.err
    assert f"{STAGING}: deploying... [1/1]" in done.err
    events = [line for line in done.err.splitlines() if line.startswith(f"{STAGING} | ")]
    assert [line.split("|")[3].strip() for line in events][:1] == ["UPDATE_IN_PROGRESS"]
    assert "UPDATE_COMPLETE      | AWS::CloudFormation::Stack" in events[-1]
    assert f"{STAGING}.Version = 1.43.0\n" in done.out
    assert f":stack/{STAGING}/" in done.out.splitlines()[-1]
    outputs = json.loads((home / "apps" / "user-auth-service" / "outputs.json").read_text())
    assert outputs[STAGING]["Version"] == "1.43.0"
    settled(cdk)
    again = cdk(*DEPLOY)
    assert f" ✅  {STAGING} (no changes)" in again.err
    assert "There were no differences" in cdk("diff", STAGING).err
    assert "Number of stacks with differences: 0" in cdk("diff", STAGING).err


def test_all_of_it_on_stdout_when_asked(cdk: Run) -> None:
    done = cdk(*DEPLOY, "--ci")
    assert (done.code, done.err) == (0, "")
    assert f" ✅  {STAGING}" in done.out


def test_another_version_by_the_command_line(cdk: Run) -> None:
    assert f"{STAGING}.Version = 9.9.9\n" in cdk(*DEPLOY, "-c", "version=9.9.9").out


def test_several_at_once(cdk: Run) -> None:
    done = cdk("deploy", "UserAuth*", "--require-approval", "never")
    assert done.code == 0
    assert f"{STAGING}: deploying... [2/2]" in done.err
    settled(cdk)
    assert cdk("deploy", "--all").err.count("(no changes)") == 2


def test_a_failed_deployment(cdk: Any, home: Path) -> None:
    cdk.world.change_settings(cdk_fails=True)
    done = cdk(*DEPLOY, "--outputs-file", "outputs.json")
    assert (done.code, done.out) == (1, "")
    assert f" ❌  {STAGING} failed: The stack named {STAGING} failed to deploy: UPDATE_ROLLBACK_COMPLETE: " in done.err
    assert not (home / "apps" / "user-auth-service" / "outputs.json").exists()


def test_a_rollback_by_hand(cdk: Any) -> None:
    cdk.world.change_settings(cdk_fails=True)
    assert cdk(*DEPLOY, "--no-rollback").code == 1
    settled(cdk)
    done = cdk("rollback", STAGING)
    assert done.code == 0
    assert "UPDATE_ROLLBACK_COMPLETE" in done.err
    settled(cdk)
    again = cdk("rollback", STAGING)
    assert again.code == 1
    assert again.err.endswith("No stacks were in a state that could be rolled back\n")


def test_a_stack_is_deleted_only_with_force(cdk: Run) -> None:
    asked = cdk("destroy", STAGING)
    assert (asked.code, "Are you sure you want to delete" in asked.err) == (1, True)
    done = cdk("destroy", STAGING, "--force")
    assert (done.code, f" ✅  {STAGING}: destroyed" in done.err) == (0, True)


def test_a_stack_in_progress_is_left_alone(cdk: Any) -> None:
    cdk.world.change_settings(cdk_seconds=3600)
    with subprocess.Popen(
        [cdk.world.folder / "bin" / "cdk", *DEPLOY],
        cwd=cdk.world.folder / "apps" / "user-auth-service",
        stderr=subprocess.PIPE,
    ) as first:
        assert first.stderr is not None
        while b"UPDATE_IN_PROGRESS" not in first.stderr.readline():
            continue
        for arguments in (DEPLOY, ("destroy", STAGING, "--force")):
            done = cdk(*arguments)
            assert done.code == 1
            assert "is in UPDATE_IN_PROGRESS state and can not be updated" in done.err
        first.kill()
    from integrations.sandbox.journal import Journal

    assert [entry["status"] for entry in Journal(cdk.world).entries("cdk")] == [None, 1, 1]


@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [
        (["deploy"], f"Since this app includes more than a single stack, .*\nStacks: {PRODUCTION} · {STAGING}"),
        (["deploy", "Other"], r"No stacks match the name\(s\) Other"),
        (["fly"], "invalid choice: 'fly'"),
    ],
)
def test_wrong_use_is_told(cdk: Run, arguments: list[str], wrong: str) -> None:
    import re

    done = cdk(*arguments)
    assert done.code != 0
    assert re.search(wrong, done.err)


def test_outside_an_app_there_is_nothing_to_do(cdk: Run, tmp_path: Path) -> None:
    done = cdk("list", folder=tmp_path)
    assert (done.code, done.err) == (1, "--app is required either in command-line, in cdk.json or in ~/.cdk.json\n")


def test_without_the_sandbox_it_says_so(home: Path) -> None:
    with served(home):
        pass
    app = home / "apps" / "web-app"
    command = [home / "bin" / "cdk", "deploy", "--all"]
    done = subprocess.run(command, cwd=app, capture_output=True, text=True, timeout=60)
    assert (done.returncode, f"The sandbox in {home} does not answer" in done.stderr) == (1, True)
    (home / "endpoints.json").unlink()
    done = subprocess.run(command, cwd=app, capture_output=True, text=True, timeout=60)
    assert (done.returncode, "has never been started" in done.stderr) == (1, True)
