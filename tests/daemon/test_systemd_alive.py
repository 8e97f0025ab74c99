"""The service under a systemd that really runs: started, started again, shut in, ended (tests/user_manager.py)."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from user_manager import NoUserManager, UserManager

from daemon.service import Program
from daemon.service import template as template_of
from daemon.systemd import PARTS, TEMPLATE, unit

pytestmark = pytest.mark.torture
"""Minutes, and root: what a unit says is held to systemd's own word in test_systemd.py, with nothing running."""


@pytest.fixture(scope="module")
def manager() -> Iterator[UserManager]:
    try:
        with UserManager() as found:
            yield found
    except NoUserManager as why:
        pytest.skip(str(why))


TOOLS = {
    "git": "git init -q r && cd r && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m x",
    "node": "node -e 'let s = 0; const f = a => a * 2; for (let i = 0; i < 1e6; i++) s += f(i)'",
    "cdk": "cdk --version",
    "python": f"{sys.executable} -c 'import onnxruntime, numpy'",
    "docker": "docker compose version",
    "busctl": "busctl --user list",
    "pactl": "pactl info",
    "kubectl": "kubectl version --client",
    "tee": "echo x | tee ~/file | grep -q x && test -s ~/file",
}
"""What DevOS calls, each shown to work; Docker and the keyring are reached by Unix sockets, as bus and sound are."""

UNIT = unit(
    template_of(TEMPLATE), Program(("/bin/true",), Path("/nowhere"), "/usr/bin"), "namespaces", "default.target"
)

SHUT = [
    line
    for line in UNIT[UNIT.index(PARTS["filters"]) : UNIT.index("[Install]")].splitlines()
    if line and not line.startswith("#")
]
"""The settings that shut the service in."""


def confined(manager: UserManager, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command shut in as the service is."""
    environment = re.findall(r"(GIT_SSH_\w+=[^\"]*?)(?:\"| |$)(?=[ \n]|$)", UNIT)
    given = [f"{name}={value}" for name, value in manager.environment.items()] + environment
    return manager.run(
        *("systemd-run", "--user", "--quiet", "--pipe", "--wait", "--collect"),
        f"--property=WorkingDirectory={manager.home}",
        *(f"--setenv={each}" for each in given),
        *(f"--property={each}" for each in SHUT if not each.startswith("Environment=")),
        *command,
        check=False,
    )


@pytest.mark.parametrize("tool", TOOLS)
def test_the_tools_work_shut_in(manager: UserManager, tool: str) -> None:
    if not shutil.which(tool, path=manager.environment["PATH"]):
        pytest.skip(f"{tool} is not here")
    usual = manager.run("sh", "-c", TOOLS[tool], check=False)
    if usual.returncode:
        pytest.skip(f"{tool} does not work here anyway: {usual.stderr[-200:]}")
    done = confined(manager, "sh", "-c", TOOLS[tool])
    assert done.returncode == 0, done.stderr


def test_git_finds_an_ssh_that_starts(manager: UserManager) -> None:
    """Shut in, the system's files are nobody's, and ssh refuses settings of somebody else's."""
    if not shutil.which("ssh"):
        pytest.skip("install with: make system (it wants openssh-client, with which git reaches repositories)")
    done = confined(manager, "git", "ls-remote", "ssh://127.0.0.1:1/repository")
    assert "Connection refused" in done.stderr, done.stderr
    if Path("/etc/ssh/ssh_config.d").is_dir():
        assert "Bad owner" in confined(manager, "ssh", "127.0.0.1").stderr, "it would not start by itself"


def test_nothing_gets_more_rights_shut_in(manager: UserManager) -> None:
    status = confined(manager, "cat", "/proc/self/status").stdout
    assert re.search(r"NoNewPrivs:\s+1", status) and re.search(r"CapBnd:\s+0{16}", status)
    assert confined(manager, "unshare", "--user", "true").returncode != 0
    assert confined(manager, "touch", "/usr/x").returncode != 0


FORGES = """
import os, pty, subprocess, time
_, child = pty.openpty()
program = subprocess.Popen(["setsid", "--ctty", "sleep", "60"], stdin=child, stdout=child, stderr=child)
print(program.pid, flush=True)
time.sleep(60)
"""
"""Makes a terminal of its own and starts a program there, which does not show by whom it was started."""
LOOKS = """
import sys
from daemon.asking.programs import caller_of, _shown_by, _session
from daemon.outside import shut_in
pid = int(sys.argv[1])
print(shut_in(), list(caller_of(pid)), _shown_by(_session(pid).device))
"""


def test_who_shows_a_terminal_is_found_out_from_outside(manager: UserManager) -> None:
    """In a user namespace of its own DevOS may not look at other programs' files; it has somebody outside look."""
    out = manager.home / "pid"
    forge = f'{sys.executable} -c "$0" >{out}'
    manager.run("systemd-run", "--user", "--quiet", "--unit=forging", "sh", "-c", forge, FORGES)
    until = time.monotonic() + 60
    while not (pid := manager.run("cat", str(out), check=False).stdout.strip()):
        assert time.monotonic() < until, manager.run("systemctl", "--user", "status", "forging", check=False).stdout
    done = confined(manager, sys.executable, "-c", LOOKS, pid)
    shown_by = manager.show("MainPID", "forging.service")
    children = manager.run("sh", "-c", f"cat /proc/{shown_by}/task/{shown_by}/children").stdout.split()
    manager.run("systemctl", "--user", "stop", "forging")
    shut, _, rest = done.stdout.partition(" ")
    assert shut == "True" and "sleep" in rest, done.stdout + done.stderr
    assert any(each in rest for each in [shown_by, *children]), (rest, shown_by, children)


@pytest.mark.torture
def test_a_loop_that_hangs_is_noticed_and_started_again(manager: UserManager) -> None:
    manager.run("devos", "install", "--sandbox", "--confine", "filters", "--json")
    added = manager.home / ".config/systemd/user/devos.service.d"
    manager.run("mkdir", "-p", str(added))
    manager.run("sh", "-c", f"printf '[Service]\\nWatchdogSec=3\\n' >{added}/watchdog.conf")
    first = manager.json("devos", "install", "--sandbox", "--confine", "filters", "--json")["process"]
    manager.run("kill", "-STOP", str(first))
    while manager.show("NRestarts") == "0":
        pass
    while manager.show("ActiveState") != "active":
        pass
    assert manager.show("MainPID") != str(first)
    manager.run("devos", "uninstall")


def test_the_service_from_its_installation_to_its_end(manager: UserManager) -> None:
    said = manager.json("devos", "install", "--sandbox", "--json")
    assert said["confine"] == "namespaces" and said["changed"] and not said["note"], said
    first = said["process"]
    assert manager.show("ActiveState") == "active" and manager.show("MainPID") == str(first)
    assert manager.show("StatusText") and manager.show("WatchdogUSec") == "1min"
    manager.run("devos", "sandbox", "set", "rollout_seconds=0")
    asking = manager.run("devos", "say", "scale web-app to 10 replicas", "--json", check=False)
    run = json.loads(asking.stdout)["run"]
    assert asking.returncode == 4, "it asks"
    second = manager.run("devos", "run", "--sandbox", check=False)
    assert second.returncode == 1 and f"(process {first})" in second.stderr
    again = manager.json("devos", "install", "--sandbox", "--json")
    assert not again["changed"] and again["process"] not in (None, first), "an upgrade starts it again"
    kept = manager.json("devos", "runs", "show", run, "--json")
    assert kept["status"] == "asking", "the run is where it was"
    manager.run("devos", "approve", kept["approvals"][0]["id"])
    assert manager.json("devos", "runs", "show", run, "--follow", "--json")["status"] == "done"
    removed = manager.json("devos", "uninstall", "--json")["removed"]
    assert removed and manager.show("LoadState") == "not-found"
    left = manager.run("find", str(manager.home / ".config"), "-name", "*devos*").stdout
    assert not left and manager.run("test", "-f", f"{manager.environment['DEVOS_HOME']}/audit.db").returncode == 0
    manager.run("devos", "uninstall", "--data", "--yes")
    assert manager.run("test", "-e", manager.environment["DEVOS_HOME"], check=False).returncode == 1
