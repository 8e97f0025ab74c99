"""Where a request was made: the project, the branch and the ticket being worked on.

What the context knows fills slots that were not said. So it must not be a way in for other people's text: it comes from
the folder's name, from the person, and from the branch's name, which the person checked out but somebody else may have
thought of. So a branch yields a ticket's key and nothing else, which is shown like every slot. Nothing from an issue, a
commit or a file's content ever enters the context.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from policies.action import Outside

_ISSUE = re.compile(r"(?:^|(?<=[/_.,:;#@+()-]))([A-Z][A-Z0-9]+-[1-9][0-9]*)(?=$|[/_.,:;#@+()-])")
"""In capitals, as Jira itself wants them in a branch's name: "release-2" is no issue.

Only signs may stand beside it: with a letter of another alphabet or an invisible one, it would look like another key.
"""
_LONGEST_HEAD = 4_096
"""Bytes read of .git and HEAD; git's own are far shorter."""


@dataclass(frozen=True)
class Context:
    """What is known about a request apart from its words."""

    project: str | None
    """The name of the repository's folder."""
    branch: Outside[str] | None
    """As whoever made the branch called it: nothing but a ticket's key is ever taken from it."""
    ticket: str | None
    """The issue the branch is named after: feature/DEV-789-login → DEV-789."""
    folder: Path | None
    person: str

    @classmethod
    def of(cls, folder: Path, person: str) -> Context:
        """Read the context of a folder, without running git.

        Args:
            folder: where the person is; the repository may begin further up.
            person: who asks.
        """
        for place in (folder, *folder.parents):
            head = _head_of(place / ".git")
            if head is not None:
                branch = _branch_in(head)
                boxed = None if branch is None else Outside(branch, "git branch")
                return cls(place.name, boxed, _ticket_in(branch), folder, person)
        return cls(None, None, None, folder, person)


def _head_of(git: Path) -> str | None:
    """The text of HEAD, None outside a repository. In a worktree or submodule `git` is a file that names the folder.

    What belongs to another account does not count: anybody may put a .git into a folder that all can write to.
    """
    try:
        if git.stat().st_uid != os.getuid():
            return None
    except OSError:
        return None
    if git.is_file():
        named = _start_of(git)
        if named is None or not named.startswith("gitdir:"):
            return None
        git = git.parent / named.removeprefix("gitdir:").strip()
    return _start_of(git / "HEAD")


def _start_of(file: Path) -> str | None:
    """The beginning of a text file of our own, None where there is none. A pipe is not waited for."""
    try:
        with os.fdopen(os.open(file, os.O_RDONLY | os.O_NONBLOCK), "rb") as opened:
            about = os.fstat(opened.fileno())
            if not stat.S_ISREG(about.st_mode) or about.st_uid != os.getuid():
                return None
            return opened.read(_LONGEST_HEAD).decode("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None


def _branch_in(head: str) -> str | None:
    """The branch's name, None when a commit is checked out without one."""
    reference = head.removeprefix("ref:").strip()
    return reference.removeprefix("refs/heads/") if reference.startswith("refs/heads/") else None


def _ticket_in(branch: str | None) -> str | None:
    """The first issue key in a branch's name."""
    found = _ISSUE.search(branch or "")
    return found[1] if found is not None else None
