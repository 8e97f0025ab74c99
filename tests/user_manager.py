"""A person's own systemd, really running, where the tests run as root: in namespaces of its own, as another account.

Nothing outside of them changes: systemd believes that it booted this machine, because a folder says so that only it
sees.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Self

ACCOUNTS = ("games", "mail", "news", "daemon")
"""Accounts that most systems have and nobody uses."""

SYSTEMD = next((path for path in ("/lib/systemd/systemd", "/usr/lib/systemd/systemd") if Path(path).is_file()), None)

BEGIN = """
set -e
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/systemd/system /run/systemd/unit-root /run/user
mkdir -m 700 "$RUNTIME" && chown "$ACCOUNT" "$RUNTIME"
if test -d /etc/ssh/ssh_config.d; then  # settings of the system's own, as newer ones have
    mount -t tmpfs -o mode=755 tmpfs /etc/ssh/ssh_config.d && echo "Host none" >/etc/ssh/ssh_config.d/system.conf
fi
mount -t cgroup2 none /sys/fs/cgroup
mkdir -p "/sys/fs/cgroup/$GROUP" && echo $$ >"/sys/fs/cgroup/$GROUP/cgroup.procs"
chown -R "$ACCOUNT" "/sys/fs/cgroup/$GROUP"
exec unshare --cgroup --mount sh -c "$0"
"""
INSIDE = """
set -e
umount /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup
if test -n "$PYTHON"; then  # which lies in a folder that only root may enter
    mount --bind "$PYTHON" /mnt && mount -t tmpfs -o mode=755 tmpfs "$HIDDEN"
    mkdir -p "$PYTHON" && mount --move /mnt "$PYTHON"
fi
cd /
setpriv --reuid "$ACCOUNT" --regid "$ACCOUNT_GROUP" --clear-groups env -i $GIVEN "$SYSTEMD" --user --unit=basic.target &
for each in $(seq 100); do
    test -S "$RUNTIME/systemd/private" && test -S "$RUNTIME/bus" && break
    sleep 0.1
done
echo up
wait
"""
END = """
mount -t cgroup2 none /sys/fs/cgroup
find "/sys/fs/cgroup/$GROUP" -depth -type d -exec rmdir {} +
"""


class NoUserManager(RuntimeError):
    """It cannot be run here; the message says why."""


class UserManager:
    """A running `systemd --user`, and the account it belongs to."""

    def __init__(self) -> None:
        if os.geteuid() or SYSTEMD is None or not all(map(shutil.which, ("unshare", "nsenter", "setpriv"))):
            raise NoUserManager("a systemd of one's own in namespaces needs root, systemd and util-linux")
        accounts = [found for name in ACCOUNTS if (found := _account(name))]
        if not accounts:
            raise NoUserManager(f"none of the accounts {', '.join(ACCOUNTS)} exists, as one of which it could run")
        self.account = accounts[0]
        self.folder = Path(tempfile.mkdtemp(prefix="devos-user-"))
        self.folder.chmod(0o755)
        self.home, runtime = self.folder / "home", f"/run/user/{self.account.pw_uid}"
        self.home.mkdir(mode=0o700)
        os.chown(self.home, self.account.pw_uid, self.account.pw_gid)
        hidden = Path(sys.base_prefix) if Path(sys.base_prefix).is_relative_to(Path.home()) else None
        self.environment = {
            "HOME": str(self.home),
            "USER": self.account.pw_name,
            "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
            "XDG_RUNTIME_DIR": runtime,
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={runtime}/bus",
            "DEVOS_HOME": str(self.home / "devos"),
        }
        self._group = f"devos-{os.getpid()}"
        self._settings = {
            "ACCOUNT": self.account.pw_name,
            "ACCOUNT_GROUP": str(self.account.pw_gid),
            "GROUP": self._group,
            "GIVEN": " ".join(f"{name}={value}" for name, value in self.environment.items() if name != "DEVOS_HOME"),
            "HIDDEN": str(Path.home()),
            "PYTHON": str(hidden or ""),
            "RUNTIME": runtime,
            "SYSTEMD": SYSTEMD,
        }

    def __enter__(self) -> Self:
        namespaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
        self._process = subprocess.Popen(
            [*namespaces, "sh", "-c", BEGIN, INSIDE],
            env=os.environ | self._settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self._process.stdout is not None and self._process.stderr is not None
        if self._process.stdout.readline() != "up\n":
            self._process.kill()
            said = self._process.communicate()[1]
            self._clean()
            raise NoUserManager(f"no systemd of one's own can be started here: {said.strip()}")
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text()
        self._inside = children.split()[0]
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.communicate()
        self._clean()

    def run(self, *command: str, check: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command as the account, beside its systemd."""
        inside = ["nsenter", "--target", self._inside, "--mount", "--pid", "--cgroup", f"--wd={self.home}"]
        account = ["setpriv", "--reuid", self.account.pw_name, "--regid", str(self.account.pw_gid), "--clear-groups"]
        given = [f"{name}={value}" for name, value in (self.environment | environment).items()]
        done = subprocess.run(
            [*inside, *account, "env", "-i", *given, *command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert not check or done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def json(self, *command: str) -> Any:
        """What a command prints as JSON."""
        return json.loads(self.run(*command).stdout)

    def show(self, name: str, unit: str = "devos.service") -> str:
        """One property of a unit."""
        return self.run("systemctl", "--user", "show", f"--property={name}", "--value", unit).stdout.strip()

    def _clean(self) -> None:
        subprocess.run(
            ["unshare", "--mount", "sh", "-c", END],
            env=os.environ | {"GROUP": self._group},
            capture_output=True,
            check=False,
        )
        shutil.rmtree(self.folder, ignore_errors=True)


def _account(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None
