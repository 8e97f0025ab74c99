"""The sandbox as a process of its own: find it, start it, stop it. Standard library only: finding it is quick."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from integrations.sandbox.endpoints import Endpoints
from integrations.sandbox.loopback import ask


class NotStarted(Exception):
    """The sandbox did not come up in time; the message ends with what its log says."""


def running(home: Path) -> Endpoints | None:
    """The sandbox that serves `home` now and answers, or None."""
    endpoints = Endpoints.read(home)
    if endpoints is None:
        return None
    try:
        health = ask(f"{endpoints.admin}/health", timeout=2)
    except (OSError, ValueError):
        return None
    # The port may belong to another program by now.
    return endpoints if isinstance(health, dict) and health.get("pid") == endpoints.pid else None


def ensure(home: Path, within: float = 15.0) -> Endpoints:
    """The sandbox that serves `home`, started if there is none. It goes on after this process has ended.

    Args:
        home: its folder, made where it does not exist.
        within: seconds it may take to come up.

    Raises:
        NotStarted: it did not.
    """
    if found := running(home):
        return found
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    command = [sys.executable, "-m", "integrations.sandbox", "--home", str(home.absolute()), "--detach"]
    end = time.monotonic() + within
    try:
        # The module is found from the folder that holds the package, wherever the caller's own path leads.
        begun = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=within)
        problem = begun.stderr
    except subprocess.TimeoutExpired:
        problem = ""
    while (found := running(home)) is None and _held(home) and time.monotonic() < end:
        time.sleep(0.02)  # somebody else is starting one at the same moment
    if found is None:
        raise NotStarted(f"the sandbox in {home} did not start within {within:g} s\n{problem}{_log_tail(home)}")
    return found


def stop(home: Path, within: float = 10.0) -> bool:
    """End the sandbox that serves `home`; whether there was one. What it holds stays on disk.

    Raises:
        TimeoutError: it did not end.
    """
    found = running(home)
    if found is None:
        return False
    os.kill(found.pid, signal.SIGTERM)
    end = time.monotonic() + within
    while _held(home):
        if time.monotonic() > end:
            raise TimeoutError(f"the sandbox's process {found.pid} did not end within {within:g} s")
        time.sleep(0.02)
    return True


def log_file(home: Path) -> Path:
    """Where a detached sandbox writes what goes wrong."""
    return home / "sandbox.log"


def _held(home: Path) -> bool:
    from integrations.sandbox.claim import AlreadyServed, claimed

    try:
        with claimed(home):
            return False
    except AlreadyServed:
        return True


def _log_tail(home: Path) -> str:
    try:
        return "\n".join(log_file(home).read_text(encoding="utf-8", errors="replace").splitlines()[-15:])
    except FileNotFoundError:
        return ""
