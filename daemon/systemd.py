"""DevOS as a systemd user unit."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from daemon.service import LEVELS, Confine, Installed, NoService, Program, ran, template, write
from policies.visible import visible

UNIT = "devos.service"

TEMPLATE = f"systemd/{UNIT}"

PARTS: dict[Confine, str] = {"filters": "### Filters.", "namespaces": "### Namespaces."}
"""How the part of the template begins that shuts the service in that far."""

BOOTED = Path("/run/systemd/system")
"""A folder that is there exactly where systemd runs (sd_booted(3))."""

DISPLAY = ("DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_CURRENT_DESKTOP", "XDG_SESSION_TYPE")
"""What a program wants to know to be on the person's desktop; a desktop tells the manager, window managers may not."""


class Systemd:
    """The person's own systemd."""

    kind = "systemd user unit"

    def __init__(self, environment: Mapping[str, str] = os.environ, booted: Path = BOOTED) -> None:
        self._environment, self._booted = environment, booted

    @property
    def file(self) -> Path:
        """~/.config/systemd/user/devos.service."""
        return self._folder / UNIT

    @property
    def _folder(self) -> Path:
        settings = self._environment.get("XDG_CONFIG_HOME") or Path(self._environment.get("HOME") or "~", ".config")
        return Path(settings).expanduser() / "systemd" / "user"

    def problem(self) -> str | None:
        """Why nothing can be installed, as it is now."""
        if not self._booted.is_dir() or not shutil.which("systemctl"):
            return "No systemd runs here, as in most containers, so nothing was written. Start DevOS with `devos run`."
        if (asked := _systemctl("show", "--property=Version")).returncode:
            return (
                "Your account has no service manager now, so nothing was written: log in at the desktop or by ssh "
                "(`su` and `sudo` start none), or let it run always: `loginctl enable-linger`. Until then: `devos run`."
                f" systemctl says: {_said(asked.stderr)}"
            )
        return None

    def text(self, program: Program, confine: Confine) -> str:
        """The unit, as it would be written."""
        desktop = _systemctl("is-active", "graphical-session.target").returncode == 0
        return unit(template(TEMPLATE), program, confine, "graphical-session.target" if desktop else "default.target")

    def main_process(self) -> int | None:
        """The process that the unit is, while it runs."""
        found = _systemctl("show", "--property=MainPID", "--value", UNIT).stdout.strip()
        return int(found) if found.isdigit() and int(found) else None

    def install(self, program: Program, confine: Confine | None) -> Installed:
        """Write the unit and start it, or start it again: its runs go on where they were.

        Raises:
            NoService: it does not start.
        """
        strongest, note = (confine, "") if confine else self.strongest()
        changed = write(self.file, self.text(program, strongest))
        if given := [name for name in DISPLAY if self._environment.get(name)]:
            _systemctl("import-environment", *given)
        for words in (("daemon-reload",), ("reenable", UNIT), ("reset-failed", UNIT), ("restart", UNIT)):
            done = _systemctl(*words)
            if done.returncode and words[0] != "reset-failed":  # which fails where nothing has failed
                raise NoService(
                    f"{self.file} was written, but `systemctl --user {' '.join(words)}` failed: {_why(done.stderr)}"
                )
        return Installed(self.file, strongest, changed, note)

    def uninstall(self) -> list[Path]:
        """End the unit, and take it and every link to it away; also where no systemd runs any more."""
        if not self.problem():
            _systemctl("disable", "--now", UNIT)
        links = self._folder.glob(f"*.wants/{UNIT}")
        gone = [each for each in (self.file, *links) if each.is_symlink() or each.exists()]
        for each in gone:
            each.unlink()
        if (added := self._folder / f"{UNIT}.d").is_dir():
            shutil.rmtree(added)
            gone.append(added)
        if gone and not self.problem():
            _systemctl("daemon-reload")
            _systemctl("reset-failed", UNIT)
        return gone

    def strongest(self) -> tuple[Confine, str]:
        """How far the manager here can shut a service in, found out by trying, and why no further."""
        why = ""
        for level in LEVELS:
            if level == "none":
                break
            settings = [f"--property={each}" for each in _settings(template(TEMPLATE), level)]
            tried = ran(["systemd-run", "--user", "--quiet", "--wait", "--collect", *settings, "true"], patience=30)
            if tried.returncode == 0:
                return level, why
            said = f"this systemd does not make its {level} ({_said(tried.stderr)})"
            why = why or f"It is shut in less than it could be: {said}."
        return "none", why


def unit(text: str, program: Program, confine: Confine, wanted_by: str) -> str:
    """The template with what is this person's, and without what shuts it in further than asked for."""
    own = {
        "ExecStart": [
            f"ExecStart={' '.join(quoted(each) for each in program.command)}",
            f"Environment={quoted(f'DEVOS_HOME={program.home}')}",
            f"Environment={quoted(f'PATH={program.path}')}",
        ],
        "EnvironmentFile": [f"EnvironmentFile=-{str(program.home / 'environment').replace('%', '%%')}"],
        "WantedBy": [f"WantedBy={wanted_by}"],
    }
    left_out = [PARTS[level] for level in LEVELS[: LEVELS.index(confine)]]
    lines: list[str] = []
    for part in _parts(text):
        if not any(part[0].startswith(heading) for heading in left_out):
            lines += [new for line in part for new in own.get(line.partition("=")[0], [line])]
    return "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    """A word in a unit: nothing in it is a specifier, an escape, or the end of the word."""
    for character, written in (("\\", "\\\\"), ('"', '\\"'), ("%", "%%"), ("\n", "\\n")):
        text = text.replace(character, written)
    return f'"{text}"'


def _parts(text: str) -> list[list[str]]:
    """The lines of the template, parted where a new section, or a part that can be left out, begins."""
    parts: list[list[str]] = [[]]
    for line in text.splitlines():
        if line.startswith(("[", *PARTS.values())):
            parts.append([])
        parts[-1].append(line)
    return [part for part in parts if part]


def _settings(text: str, level: Confine) -> list[str]:
    """The settings that shut a service in that far, all weaker ones included."""
    wanted = [PARTS[each] for each in LEVELS[LEVELS.index(level) :] if each in PARTS]
    chosen = [part for part in _parts(text) if any(part[0].startswith(heading) for heading in wanted)]
    return [line for part in chosen for line in part if line and not line.startswith(("#", "Environment="))]


def _systemctl(*words: str) -> subprocess.CompletedProcess[str]:
    return ran(["systemctl", "--user", *words])


def _why(said: str) -> str:
    """What went wrong, and DevOS's own last words where it was DevOS that ended."""
    last = ran(["journalctl", "--user", "--unit", UNIT, "--lines=5", "--output=cat", "--no-pager"], patience=10).stdout
    told = [line for line in last.splitlines() if "DevOS does not start" in line]
    return visible(told[-1]) if told else f"{_said(said)}. `journalctl --user -u devos` has more"


def _said(text: str) -> str:
    """What a program said, on one line."""
    return visible(" ".join(text.split()), lines=False) or "nothing"
