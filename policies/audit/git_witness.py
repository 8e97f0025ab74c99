"""A git repository as a witness: one commit for each checkpoint, on a branch that nobody else needs."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from pathlib import Path

from policies.audit.redact import redact
from policies.audit.witness import LONGEST, Unreachable

BRANCH = "devos-audit"
FILE = "checkpoint"

SECONDS = 20.0
"""How long one git command may take."""

_OURS = {
    "GIT_AUTHOR_NAME": "DevOS",
    "GIT_AUTHOR_EMAIL": "devos@localhost",
    "GIT_COMMITTER_NAME": "DevOS",
    "GIT_COMMITTER_EMAIL": "devos@localhost",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "true",
    "SSH_ASKPASS_REQUIRE": "never",
    "LC_ALL": "C",
}
"""Nobody is there to be asked for a password, and messages are in one language."""

_FOREIGN = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR", "GIT_NAMESPACE")
"""Set where a git hook started DevOS; they would send our objects into another repository."""


def is_repository(where: str) -> bool:
    """Whether a witness that somebody named is a git repository, and not a file.

    It is one with "git:" before its path or address, and an address that can be nothing else: with "://", with "@" and
    ":" as for ssh, or with ".git" at its end.
    """
    head, colon, _ = where.partition(":")
    ssh = bool(colon) and "@" in head and "/" not in head
    return where.startswith("git:") or "://" in where or where.endswith(".git") or ssh


class GitPlace:
    """A repository at an address or a path, bare or with a work tree, which is left alone.

    Nothing is ever forced: a branch that somebody moved meanwhile is an error, and what was there stays there.
    """

    def __init__(self, address: str, scratch: Path, *, program: str = "git", seconds: float = SECONDS) -> None:
        """Know where the repository is.

        Args:
            address: a URL, or a path.
            scratch: a bare repository of our own to make commits in; made when needed, and may be deleted.
            program: the git program.
            seconds: how long one command may take.
        """
        self._address, self._scratch, self._program, self._seconds = address, scratch, program, seconds

    @property
    def name(self) -> str:
        """The address, without a password."""
        return str(redact(self._address))

    def read(self) -> str | None:
        """The note in the branch's newest commit."""
        commit = self._tip()
        if commit is None:
            return None
        self._git("fetch", "--quiet", "--no-tags", "--", self._address, f"+refs/heads/{BRANCH}:refs/heads/{BRANCH}")
        return self._git("cat-file", "blob", f"{commit}:{FILE}")[:LONGEST]

    def keep(self, note: str, title: str) -> None:
        """Commit the note on top of the branch, and push."""
        above = self._tip()
        blob = self._git("hash-object", "-w", "--stdin", given=note).strip()
        tree = self._git("mktree", given=f"100644 blob {blob}\t{FILE}\n").strip()
        parents = () if above is None else ("-p", above)
        commit = self._git("commit-tree", tree, *parents, "-m", title).strip()
        self._git("push", "--quiet", "--", self._address, f"{commit}:refs/heads/{BRANCH}")

    def _tip(self) -> str | None:
        """The branch's newest commit over there; None where there is no such branch."""
        if not (self._scratch / "HEAD").exists():
            self._git("init", "--quiet", "--bare", "--template=", "--", str(self._scratch))
        found = self._git("ls-remote", "--", self._address, f"refs/heads/{BRANCH}")
        return found.split()[0] if found else None

    def _git(self, *arguments: str, given: str = "") -> str:
        """Run one git command, and end it with all that it started when it takes too long."""
        environment = {name: value for name, value in os.environ.items() if name not in _FOREIGN} | _OURS
        place = () if arguments[0] == "init" else (f"--git-dir={self._scratch}",)
        try:
            process = subprocess.Popen(
                [self._program, *place, "-c", "core.hooksPath=/dev/null", *arguments],
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,
            )
        except OSError as error:
            raise Unreachable(f"{self._program} cannot be started: {error}") from error
        with process:
            try:
                said, problem = process.communicate(given, self._seconds)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                raise Unreachable(f"git {arguments[0]} took longer than {self._seconds:g} seconds") from None
        if process.returncode:
            raise Unreachable(f"git {arguments[0]}: {redact(' '.join(problem.split())) or process.returncode}")
        return said
