"""DevOS as a launchd agent, for macOS. Written by launchd.plist(5) and launchctl(1); see docs/service.md."""

from __future__ import annotations

import os
import plistlib
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from daemon.service import Confine, Installed, NoService, Program, ran, template, write
from policies.visible import visible

LABEL = "local.devos.daemon"

TEMPLATE = f"launchd/{LABEL}.plist"

TRIES = 20
"""How often launchd is asked to take the agent: it refuses while the one before it still ends."""


class Launchd:
    """The person's own launchd: the one of their desktop session."""

    kind = "launchd agent"

    def __init__(
        self, home: Path | None = None, uid: int | None = None, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._home = home or Path.home()
        self._domain = f"gui/{os.getuid() if uid is None else uid}"
        self._sleep = sleep

    @property
    def file(self) -> Path:
        """~/Library/LaunchAgents/local.devos.daemon.plist."""
        return self._home / "Library" / "LaunchAgents" / f"{LABEL}.plist"

    def problem(self) -> str | None:
        """Why nothing can be installed, as it is now."""
        if not shutil.which("launchctl"):
            return "No launchd runs here, so nothing was written. Start DevOS with `devos run`."
        if ran(["launchctl", "print", self._domain]).returncode:
            return (
                "You have no desktop session on this Mac now, so nothing was written: log in at its screen and say it "
                "there. Until then: `devos run`."
            )
        return None

    def text(self, program: Program, confine: Confine = "none") -> str:
        """The agent, as it would be written; launchd shuts nothing in."""
        agent = plistlib.loads(template(TEMPLATE).encode())
        agent |= {
            "ProgramArguments": list(program.command),
            "EnvironmentVariables": {"DEVOS_HOME": str(program.home), "PATH": program.path},
            "StandardErrorPath": str(program.home / "logs" / "service.log"),
        }
        return plistlib.dumps(agent, sort_keys=False).decode()

    def main_process(self) -> int | None:
        """The process that the agent is, while it runs."""
        found = re.search(r"^\s*pid = (\d+)$", ran(["launchctl", "print", self._name]).stdout, flags=re.M)
        return int(found[1]) if found else None

    def install(self, program: Program, confine: Confine | None = None) -> Installed:
        """Write the agent and start it, or start it again: its runs go on where they were.

        Raises:
            NoService: launchd does not take it.
        """
        changed = write(self.file, self.text(program))
        (program.home / "logs").mkdir(mode=0o700, parents=True, exist_ok=True)
        ran(["launchctl", "bootout", self._name])
        ran(["launchctl", "enable", self._name])
        for _ in range(TRIES):
            done = ran(["launchctl", "bootstrap", self._domain, str(self.file)])
            if done.returncode == 0:
                return Installed(self.file, None, changed)
            self._sleep(1.0)
        raise NoService(f"{self.file} was written, but launchd does not take it: {visible(done.stderr.strip())}")

    def uninstall(self) -> list[Path]:
        """End the agent, and take it away."""
        ran(["launchctl", "bootout", self._name])
        if not self.file.exists():
            return []
        self.file.unlink()
        return [self.file]

    @property
    def _name(self) -> str:
        return f"{self._domain}/{LABEL}"
