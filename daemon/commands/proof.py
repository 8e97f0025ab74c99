"""audit prove and audit export: what somebody who trusts neither this machine nor DevOS can check."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from daemon.commands.common import FAILED, WRONG, AsJson, fail, in_a_line, put
from daemon.home import home


def add_to(group: typer.Typer) -> None:
    """Add these commands to the audit group."""
    group.command(epilog="Example: devos audit prove 17")(prove)


def prove(
    seq: Annotated[int | None, typer.Argument(min=1, help="The entry to prove.")] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="SIZE|FILE", help="Prove instead that the log only grew since that size or checkpoint."),
    ] = None,
    json: AsJson = False,
) -> None:
    """Prove that the log holds an entry, or that it only grew since a checkpoint that was kept.

    The proof is checked against the newest signed checkpoint before it is printed. Without --json an entry's proof is
    printed in the form that other verifiers of transparency logs read (C2SP tlog-proof).
    """
    from policies.audit.prove import consistency, inclusion

    if (seq is None) == (since is None):
        fail("Say an entry's number, or --since and a size or a checkpoint's file.", WRONG, json=json)
    with _readable(json) as path:
        if seq is not None:
            found = inclusion(path, seq)
        else:
            assert since is not None
            found = consistency(path, int(since) if since.isdecimal() else Path(since).read_text("utf-8"))
    if json:
        put(found)
    elif seq is not None:
        print(found["proof"], end="")
    else:
        print("\n".join(_grown(found)))


def _grown(found: dict[str, Any]) -> list[str]:
    """A consistency proof for a person."""
    return [
        f"Proved: the {found['size']} entries of {in_a_line(found['key'].partition('+')[0])} begin with the"
        f" {found['from']['size']} of before.",
        f"root then  {found['from']['root']}",
        f"root now   {found['root']}",
        *(f"{'hashes' if n == 0 else '':<10} {each}" for n, each in enumerate(found["hashes"])),
    ]


@contextmanager
def _readable(json: bool) -> Iterator[Path]:
    """The log's path; what stands in the way of reading it ends the command."""
    from policies.audit.checkpoint import BadCheckpoint, WrongKey
    from policies.audit.prove import NoSuchEntry, NotTheSame, Unprovable
    from policies.audit.schema import NewerFile

    path = home() / "audit.db"
    if not path.exists():
        fail(f"There is no audit log in {home()} yet; it begins with the first `devos run`.", FAILED, json=json)
    try:
        yield path
    except NoSuchEntry as problem:
        fail(str(problem), WRONG, json=json)
    except NotTheSame as problem:
        fail(f"NOT PROVED. {problem}", FAILED, json=json)
    except Unprovable as problem:
        fail(str(problem), FAILED, json=json)
    except BadCheckpoint as problem:
        fail(f"That is no checkpoint of this log: {problem}.", FAILED, json=json)
    except (OSError, UnicodeDecodeError, sqlite3.Error, WrongKey, NewerFile) as problem:
        fail(f"The log cannot be read: {problem}", FAILED, json=json)
