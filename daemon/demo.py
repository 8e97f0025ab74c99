"""The demonstration: a recorded request and a typed one, all the way to the proof, by the real commands.

Everything lives in a folder of its own, and nothing outside this machine is reached.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RECORDING = ROOT / "demo" / "scale-web-app.flac"
DEPLOY = "deploy the user authentication service to production using CDK and create a change request for DEV-456"
PATIENCE = 120.0
"""Seconds until the demonstration gives up on the daemon, or on a run."""


class Demo:
    """Runs the real commands against a daemon of its own, and shows them."""

    def __init__(self, home: Path) -> None:
        self._environment = os.environ | {"DEVOS_HOME": str(home), "HF_HUB_OFFLINE": "1"}
        self._home = home

    def run(self) -> int:
        """Show everything; the exit code is 0 when every step was green and the record holds."""
        _say("DevOS demonstration: simulated systems, real speech recognition, real approvals, a real proof.")
        _say("Starting the daemon with its sandbox (devos run --sandbox) …")
        with (
            (self._home / "daemon.log").open("w") as log,
            subprocess.Popen(
                self._command("run", "--sandbox"), env=self._environment, stdout=subprocess.PIPE, stderr=log, text=True
            ) as daemon,
        ):
            try:
                assert daemon.stdout is not None
                if daemon.stdout.readline().strip() != "ready":
                    _say(f"The daemon did not start:\n{(self._home / 'daemon.log').read_text()}")
                    return 1
                return self._show()
            finally:
                daemon.terminate()
                daemon.wait(timeout=30)
                self._stop_sandbox()

    def _show(self) -> int:
        _say("\n1. A question is answered at once, because reading needs nobody's agreement.")
        self._devos("say", "how many replicas does web-app have in production")
        _say("\n2. A recording of a person's request: heard, understood, planned, and asked about.")
        scaled = self._request("hear", str(RECORDING))
        _say("\n3. A deployment to production: the plan is confirmed, then its change request has to be approved.")
        deployed = self._request("say", DEPLOY)
        _say("\n4. What was done, and the proof that nobody changed the record since.")
        for run in (scaled, deployed):
            self._devos("runs", "show", run)
        verified = self._devos("audit", "verify")
        steps = [step["status"] for run in (scaled, deployed) for step in self._json("runs", "show", run)["steps"]]
        green = verified == 0 and set(steps) == {"done"}
        _say(f"\n{'All' if green else 'NOT all'} {len(steps)} steps are green.")
        return 0 if green else 1

    def _request(self, *words: str) -> str:
        """Make a request, agree to what it asks, and wait for its end; the run's id."""
        self._devos(*words, "--wait")
        run, approved = str(self._json("runs")[0]["run"]), set[str]()
        end = time.monotonic() + PATIENCE
        while (shown := self._json("runs", "show", run))["status"] in ("asking", "waiting", "running"):
            if shown["status"] == "asking":
                self._devos("approve", shown["approvals"][0]["id"])
            elif shown["status"] == "waiting":
                change = next(word for word in shown["waits_for"].split() if word.startswith("CHG"))
                if change not in approved:
                    _say(f"   (a change manager of the simulated company approves {change})")
                    self._devos("sandbox", "approve", change)
                    approved.add(change)
            if time.monotonic() > end:
                raise TimeoutError(f"{run} is still {shown['status']} after {PATIENCE:g} s")
            time.sleep(0.2)
        self._devos("runs", "show", run)
        return run

    def _stop_sandbox(self) -> None:
        from integrations.sandbox.process import stop

        stop(self._home / "sandbox")

    def _command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "daemon.cli", *words]

    def _devos(self, *words: str) -> int:
        shown = " ".join(f'"{word}"' if " " in word else word for word in words)
        _say(f"\n$ devos {shown}")
        return subprocess.run(self._command(*words), env=self._environment, check=False).returncode

    def _json(self, *words: str) -> Any:
        answer = subprocess.run(
            self._command(*words, "--json"), env=self._environment, check=True, capture_output=True, text=True
        )
        return json.loads(answer.stdout)


def _say(text: str) -> None:
    print(text, flush=True)


def main() -> None:
    """Run the demonstration in a fresh folder .demo of the repository."""
    home = ROOT / ".demo"
    if home.exists():
        from integrations.sandbox.process import stop

        stop(home / "sandbox")
        shutil.rmtree(home)
    home.mkdir(mode=0o700)
    sys.exit(Demo(home).run())


if __name__ == "__main__":
    main()
