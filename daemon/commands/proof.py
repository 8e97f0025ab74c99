"""audit prove and audit export: what somebody who trusts neither this machine nor DevOS can check."""

from __future__ import annotations

import itertools
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daemon.commands.audit_log import day_of, log_path
from daemon.commands.common import FAILED, WRONG, AsJson, fail, in_a_line, put

if TYPE_CHECKING:
    from policies.audit.export import Progress


class Format(StrEnum):
    """What the record is handed on as."""

    jsonl = "jsonl"
    csv = "csv"
    bundle = "bundle"


LONG = 5_000
"""From how many entries on an export shows how far it is."""

STRIDE = 500
"""After how many entries what is shown moves."""


def add_to(group: typer.Typer) -> None:
    """Add these commands to the audit group."""
    group.command(epilog="Example: devos audit prove 17")(prove)
    group.command(epilog="Example: devos audit export --format bundle --from 2026-11-01 november.zip")(export)


def prove(
    seq: Annotated[int | None, typer.Argument(min=1, help="The entry to prove.")] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="SIZE|FILE", help="Prove instead that the log only grew since that size or checkpoint."),
    ] = None,
    json: AsJson = False,
) -> None:
    """Prove that the log holds an entry, or that it only grew.

    The proof is checked against the newest signed checkpoint before it is printed. Without --json an entry's proof is
    printed in the form that other verifiers of transparency logs read (C2SP tlog-proof).
    """
    from policies.audit.prove import consistency, inclusion

    if (seq is None) == (since is None):
        fail("Say an entry's number, or --since and a size or a checkpoint's file.", WRONG, json=json)
    if since is not None and not since.isdecimal() and not Path(since).exists():
        fail(f"There is no file {since!r}; --since wants a size or a checkpoint's file.", WRONG, json=json)
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
        f" {found['from']['size']} from before.",
        f"root then  {found['from']['root']}",
        f"root now   {found['root']}",
        *(f"{'hashes' if n == 0 else '':<10} {each}" for n, each in enumerate(found["hashes"])),
    ]


def export(
    out: Annotated[Path, typer.Argument(help="The file or folder to write; it must not be there yet.")],
    format: Annotated[  # noqa: A002 - the option's name
        Format, typer.Option(help="bundle: with proofs and the program that checks them, a folder or a .zip.")
    ] = Format.jsonl,
    run: Annotated[str | None, typer.Option(help="Only one run's entries.")] = None,
    first: Annotated[str | None, typer.Option("--from", metavar="DAY", help="Only from this day on.")] = None,
    last: Annotated[
        str | None, typer.Option("--to", metavar="DAY", help="Only up to this day, itself included.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Hand the record on. As lines of JSON, a table for a spreadsheet, or a bundle that a stranger can check."""
    from policies.audit.bundle import write_bundle
    from policies.audit.checkpoint import Verifier
    from policies.audit.export import Selection, count, selected, write_file, write_lines, write_table
    from policies.audit.prove import public_key
    from policies.audit.schema import open_for_reading

    selection = Selection(run, day_of(first, json), day_of(last, json))
    if out.exists():
        fail(f"{out} is there already; nothing was overwritten.", WRONG, json=json)
    with _readable(json) as path:
        key = Verifier.parse(public_key(path))
        with closing(open_for_reading(path)) as connection:
            connection.execute("BEGIN")
            entries = count(connection, selection)
            with _shown(entries, json) as done:
                if format is Format.bundle:
                    write_bundle(connection, key, selection, out, done)
                else:
                    write = write_lines if format is Format.jsonl else write_table
                    write_file(out, write, selected(connection, selection), done)
    if json:
        put({"file": str(out.absolute()), "format": format.value, "entries": entries})
    else:
        check = ""
        if format is Format.bundle:
            where = f"{out}/verify.py" if out.is_dir() else f"verify.py {out}, with verify.py from the .zip"
            check = f" Anybody can check it: python3 {where}"
        print(in_a_line(f"{entries} {'entry' if entries == 1 else 'entries'} in {out}.{check}"))


@contextmanager
def _shown(entries: int, json: bool) -> Iterator[Progress]:
    """A bar on the terminal, where there is one and there is something to wait for."""
    if json or entries < LONG or not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Exporting", total=entries)
        written = itertools.count(1)

        def done() -> None:
            if (so_far := next(written)) % STRIDE == 0:
                bar.update(task, completed=so_far)

        yield done


@contextmanager
def _readable(json: bool) -> Iterator[Path]:
    """The log's path; what stands in the way of reading it ends the command."""
    from policies.audit.checkpoint import BadCheckpoint, WrongKey
    from policies.audit.event import Unreadable
    from policies.audit.export import Altered
    from policies.audit.prove import NoSuchEntry, NotTheSame, Unprovable
    from policies.audit.schema import NewerFile

    path = log_path(json)
    try:
        yield path
    except NoSuchEntry as problem:
        fail(str(problem), WRONG, json=json)
    except NotTheSame as problem:
        fail(f"NOT PROVED. {problem}", FAILED, json=json)
    except (Unprovable, Altered, Unreadable) as problem:
        fail(str(problem), FAILED, json=json)
    except BadCheckpoint as problem:
        fail(f"That is no checkpoint of this log: {problem}.", FAILED, json=json)
    except (OSError, UnicodeDecodeError, sqlite3.Error, WrongKey, NewerFile) as problem:
        fail(f"That cannot be done: {problem}", FAILED, json=json)
