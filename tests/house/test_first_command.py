"""The pages that a newcomer follows, followed: every command of them, in their order, against a sandbox."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from integrations.sandbox.process import stop

DEVOS = str(Path(sys.executable).with_name("devos"))
SECONDS = 120
"""A command that takes longer than this hangs."""

Devos = Callable[[str], "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def devos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Devos]:
    """Runs a command line against a daemon with a sandbox, nobody being at the terminal."""
    home = tmp_path_factory.mktemp("first")
    environment = os.environ | {"DEVOS_HOME": str(home / "devos")}

    def run(line: str) -> subprocess.CompletedProcess[str]:
        words = shlex.split(line, comments=True)
        return subprocess.run(
            [DEVOS, *words[1:]],
            cwd=home,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    errors = home / "errors"
    with errors.open("w") as stderr:
        daemon = subprocess.Popen(
            [DEVOS, "run", "--sandbox"],
            cwd=home,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
    try:
        assert daemon.stdout is not None
        if not any("ready" in line for line in daemon.stdout):
            pytest.fail(errors.read_text())
        yield run
    finally:
        daemon.terminate()
        daemon.communicate(timeout=SECONDS)
        stop(home / "devos" / "sandbox")  # it outlives the daemon, as it should


def commands(page: Path) -> list[str]:
    """The `devos` command lines of a page, in their order."""
    blocks = re.findall(r"^```sh\n(.*?)^```", page.read_text(), flags=re.M | re.S)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    return [line.removeprefix(".venv/bin/") for line in lines if "devos " in line.split("#")[0]]


EXPECTED = {
    'devos say "scale the web-app deployment to 10 replicas and monitor the rollout"': 4,
    'devos say "scale checkout to 8 replicas" --wait --json': 4,
    "devos undo ID": 4,
}
"""What ends with another code than 0 because nobody is at a terminal to be asked."""


def test_every_command_of_the_first_page_does_what_it_should(devos: Devos, repository: Path) -> None:
    wrong = []
    for line in commands(repository / "docs" / "first-command.md"):
        if line.startswith(("devos run ", "devos hear ")):
            continue  # the daemon runs already; recordings have a test of their own
        done = devos(with_id(line, devos))
        if done.returncode != EXPECTED.get(line, 0):
            wrong.append(f"{line}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    assert not wrong, "\n".join(wrong)


def with_id(line: str, devos: Devos) -> str:
    """The command line with the ID that a reader would put there."""
    if "ID" not in line.split():
        return line
    if line.startswith("devos undo"):
        found = finished(devos)
    else:
        found = json.loads(devos("devos approvals --json").stdout)[-1]["id"]
    return line.replace("ID", found)


def finished(devos: Devos) -> str:
    """The run that was approved a moment ago, once it is done: it watches a rollout."""
    for _ in range(100):
        for run in json.loads(devos("devos runs --json").stdout):
            if run["intent"] == "scale_deployment" and run["status"] == "done":
                return str(run["run"])
    pytest.fail("the approved run was never done")


def test_a_spoken_sentence_does_what_the_page_says(devos: Devos, tmp_path: Path) -> None:
    espeak = shutil.which("espeak-ng")
    if espeak is None:
        pytest.skip("install with: apt-get install espeak-ng")
    recording = tmp_path / "recording.wav"
    sentence = "set checkout to six pods in staging"
    subprocess.run([espeak, "-s", "150", "-w", recording, sentence], check=True)
    done = devos(f"devos hear {recording} --json")
    assert done.returncode == 0, done.stdout + done.stderr
    run = json.loads(done.stdout)
    assert run["slots"].items() >= {"deployment": "checkout", "replicas": 6, "namespace": "staging"}.items()
    assert "6" in devos('devos say "how many replicas does checkout have in staging"').stdout
