"""DEVOS_HOME under attack: links, pipes and devices in it, somebody else's hands, another local user, broken files."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from daemon.claim import claimed
from daemon.config import LARGEST, BadConfig, load
from daemon.process import make_private
from integrations.sandbox.client import Sandbox

if TYPE_CHECKING:
    from tests.attack.conftest import Daemon

SECONDS = 60
"""What takes longer than this hangs."""
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become another user")


def as_nobody(code: str, *arguments: object) -> str:
    """Run Python as another user, and give back what it prints; the interpreter itself may lie where only we can go."""
    other = pwd.getpwnam("nobody")
    first = "import encodings.idna, json, os, socket, sys, urllib.error, urllib.request\n"
    first += f"os.setgroups([]); os.setgid({other.pw_gid}); os.setuid({other.pw_uid})\n"
    command = [sys.executable, "-c", first + code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=SECONDS, cwd="/").stdout


class TestSettings:
    @pytest.mark.parametrize("kind", ["pipe", "device", "folder", "huge", "deep", "binary", "cycle"])
    def test_what_is_no_settings_file_is_refused_at_once(self, tmp_path: Path, kind: str) -> None:
        file = tmp_path / "config.toml"
        match kind:
            case "pipe":
                os.mkfifo(file)
            case "device":
                file.symlink_to("/dev/zero")
            case "folder":
                file.mkdir()
            case "huge":
                file.write_text("# x\n" * LARGEST)
            case "deep":
                file.write_text(f"a = {'[' * 50_000}")
            case "binary":
                file.write_bytes(bytes(range(256)))
            case _:
                file.symlink_to(file)
        with pytest.raises(BadConfig, match=r"config\.toml"):
            load(tmp_path)

    @as_root
    def test_settings_of_another_account_are_not_obeyed(self, tmp_path: Path) -> None:
        (tmp_path / "config.toml").write_text("[person]\nname = 'mallory'\n")
        shutil.chown(tmp_path / "config.toml", "nobody")
        with pytest.raises(BadConfig, match="belongs to another account"):
            load(tmp_path)


class TestLinks:
    def test_a_lock_that_is_a_link_writes_over_nothing(self, tmp_path: Path) -> None:
        precious = tmp_path / "precious"
        precious.write_text("kept")
        (tmp_path / "devos.lock").symlink_to(precious)
        with pytest.raises(OSError, match="symbolic link"), claimed(tmp_path / "devos.lock"):
            raise AssertionError
        assert precious.read_text() == "kept"

    def test_a_home_behind_a_link_is_closed_to_others_like_any(self, tmp_path: Path) -> None:
        real = tmp_path / "real"
        real.mkdir()
        real.chmod(0o777)
        (tmp_path / "home").symlink_to(real)
        make_private(tmp_path / "home")
        assert real.stat().st_mode & 0o777 == 0o700

    def test_what_lies_behind_links_is_kept_private_and_a_strange_file_is_no_log(self, daemon: Daemon) -> None:
        elsewhere = daemon.home.parent / "elsewhere"
        elsewhere.mkdir(mode=0o755)
        for name in ("audit.db", "runs.db", "devos.sock"):
            (daemon.home / name).symlink_to(elsewhere / name)
        (elsewhere / "devos.sock").write_text("precious")
        assert daemon.start() == ""
        daemon.stop()
        for name in ("audit.db", "runs.db"):
            assert (elsewhere / name).stat().st_mode & 0o077 == 0, name
        assert (elsewhere / "devos.sock").read_text() == "precious"
        (elsewhere / "audit.db").write_text("precious")
        assert "audit.db" in daemon.start()
        assert (elsewhere / "audit.db").read_text() == "precious"


@as_root
class TestAnotherUser:
    def test_the_home_of_another_account_is_not_used(self, tmp_path: Path) -> None:
        shutil.chown(tmp_path, "nobody")
        with pytest.raises(PermissionError, match="belongs to another account"):
            make_private(tmp_path)
        (tmp_path.parent / "linked").symlink_to(tmp_path)
        with pytest.raises(PermissionError, match="belongs to another account"):
            make_private(tmp_path.parent / "linked")

    def test_somebody_else_can_neither_ask_nor_read_nor_plant(self, daemon: Daemon) -> None:
        daemon.home.chmod(0o777)  # as a careless person may leave it
        assert daemon.start() == ""
        tried = """
home, found = sys.argv[1], []
def attempt(what, act):
    try:
        act()
    except OSError:
        return
    found.append(what)
def ask():
    with socket.socket(socket.AF_UNIX) as there:
        there.connect(f"{home}/devos.sock")
        there.sendall(json.dumps({"do": "runs"}).encode() + b"\\n")
        assert there.recv(1)
attempt("ask", ask)
attempt("list", lambda: os.listdir(home))
for name in ("audit.db", "runs.db", "keys/audit.key", "devos.lock", "config.toml", "logs/devos.log"):
    attempt(f"read {name}", lambda: open(f"{home}/{name}").close())
for name in ("config.toml", "rules/own.cedar", "rules", "frozen", "x"):
    attempt(f"plant {name}", lambda: open(f"{home}/{name}", "a").close())
attempt("rename", lambda: os.rename(home, home + "2"))
attempt("link", lambda: os.symlink("/etc", f"{home}/y"))
print(json.dumps(found))
"""
        assert json.loads(as_nobody(tried, daemon.home)) == []
        assert as_nobody("print(os.path.isdir(sys.argv[1]))", daemon.home).strip() == "True"

    def test_the_dashboard_tells_somebody_else_nothing(self, daemon: Daemon) -> None:
        assert daemon.start() == ""
        url = json.loads(daemon.say("open", "--no-browser").stdout)["url"]
        base = "/".join(url.split("/")[:3])
        asked = """
for path in ("/", "/runs", "/approvals", "/audit", "/rules", "/health"):
    try:
        with urllib.request.urlopen(sys.argv[1] + path, timeout=10) as answer:
            print(path, answer.status, "web-app" in answer.read().decode())
    except urllib.error.HTTPError as refused:
        print(path, refused.code, False)
"""
        for line in as_nobody(asked, base).splitlines():
            path, status, leaked = line.split()
            assert (status[0] == "4" or path == "/login") and leaked == "False", line

    def test_rules_of_somebody_else_are_no_rules(self, daemon: Daemon) -> None:
        (daemon.home / "rules").mkdir()
        rule = daemon.home / "rules" / "own.cedar"
        rule.write_text('@id("anything") permit (principal, action, resource);\n')
        shutil.chown(rule, "nobody")
        assert "own.cedar" in daemon.start()


def broken(file: Path, how: str) -> None:
    """Break a database that nobody uses."""
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for name in (f"{file.name}-wal", f"{file.name}-shm"):
        file.with_name(name).unlink(missing_ok=True)
    content = file.read_bytes()
    assert len(content) > 20_000
    match how:
        case "text":
            file.write_text("no database")
        case "cut":
            file.write_bytes(content[: len(content) // 2])
        case _:
            file.write_bytes(content[:4096] + b"\xa5" * (len(content) - 4096))


@pytest.mark.parametrize(
    ("name", "how"),
    [
        *(("audit.db", "overwritten"), ("audit.db", "cut"), ("runs.db", "overwritten"), ("runs.db", "text")),
        ("audit-index.db", "overwritten"),
    ],
)
def test_with_a_broken_database_nothing_is_changed_and_it_is_said(daemon: Daemon, name: str, how: str) -> None:
    assert daemon.start() == ""
    assert daemon.say("say", "how many replicas does web-app have in production").returncode == 0
    daemon.stop()
    broken(daemon.home / name, how)
    said = daemon.start()
    sandbox = Sandbox.at(daemon.home / "sandbox")
    if said:
        assert "does not start" in said and "Traceback" not in said and name in said
    else:
        done = daemon.say("say", "set checkout to six pods in staging")
        assert (done.returncode == 0) is (name == "audit-index.db"), done.stdout + done.stderr
        assert "Traceback" not in done.stdout + done.stderr
    changed = [each for each in sandbox.journal("kubernetes") if each["method"] == "PATCH"]
    assert bool(changed) is (name == "audit-index.db"), (
        "the index is made anew of the log; without a log nothing is done"
    )
