"""audit: the record, and the proof that nobody changed it."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from daemon.commands.common import FAILED, WRONG, AsJson, fail, in_a_line, put
from daemon.home import home

group = typer.Typer(
    help="Review the record of what was done, and prove that nobody changed it.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(group, name="audit")


@group.command("list", epilog="Example: devos audit list --run 261120-1f3a9c2e")
def list_(
    run: Annotated[str | None, typer.Option(help="Only one run's entries.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many of the newest entries.")] = 50,
    json: AsJson = False,
) -> None:
    """List the newest entries, oldest of them first."""
    entries = [_plain(entry) for entry in reversed(_entries(json, run=run, limit=limit, newest=True))]
    if json:
        put(entries)
        return
    for entry in entries:
        what = entry["action"] or ""
        data = entry["data"]
        more = " ".join(
            str(data[name]) for name in ("target", "level", "rule", "answer", "by", "status") if data.get(name)
        )
        print(
            in_a_line(
                f"{entry['seq']:>6}  {entry['time']}  {entry['run'] or '-':<16} {entry['type']:<26} {what:<26} {more}"
            )
        )


@group.command(epilog="Example: devos audit show 17")
def show(seq: Annotated[int, typer.Argument(min=1, help="The entry's number.")], json: AsJson = False) -> None:
    """Show one entry whole, with its payload."""
    found = _entries(json, after=seq - 1, limit=1)
    if not found or found[0].seq != seq:
        fail(f"There is no entry {seq}; `devos audit list` shows the newest.", WRONG, json=json)
    entry = _plain(found[0])
    if json:
        put(entry)
        return
    for name, value in entry.items():
        if isinstance(value, dict):
            print(f"{name}:")
            for inner, each in value.items():
                print(in_a_line(f"  {inner}: {each}"))
        else:
            print(in_a_line(f"{name}: {value}"))


@group.command(epilog="Example: devos audit verify")
def verify(json: AsJson = False) -> None:
    """Check every entry, payload and signature; the first bad entry is named, and the exit code is 1."""
    from policies.audit.checkpoint import WrongKey
    from policies.audit.schema import NewerFile
    from policies.audit.verify import verify as check

    path = _path(json)
    try:
        report = check(path, (home() / "keys" / "audit.pub").read_text(encoding="utf-8"))
    except (OSError, WrongKey, NewerFile) as problem:
        fail(f"The log cannot be verified: {problem}", FAILED, json=json)
    if json:
        put({**asdict(report), "ok": report.ok})
    elif report.ok:
        count = "1 payload was" if report.erased == 1 else f"{report.erased} payloads were"
        erased = f" {count} erased." if report.erased else ""
        print(f"Valid: {report.entries} entries, root {report.root}, signed.{erased}")
    else:
        where = f"Entry {report.bad}: " if report.bad is not None else ""
        print(f"NOT VALID. {where}{report.problem}")
    raise typer.Exit(0 if report.ok else FAILED)


def _path(json: bool) -> Path:
    path = home() / "audit.db"
    if not path.exists():
        fail(f"There is no audit log in {home()} yet; it begins with the first `devos run`.", FAILED, json=json)
    return path


def _entries(json: bool, **wanted: Any) -> list[Any]:
    """The entries that `Reader.entries` finds; a log that cannot be read ends the command."""
    import sqlite3

    from policies.audit.event import Unreadable
    from policies.audit.reader import Reader
    from policies.audit.schema import NewerFile

    path = _path(json)
    try:
        with closing(Reader(path)) as reader:
            return reader.entries(**wanted)
    except (OSError, sqlite3.Error, Unreadable, NewerFile) as problem:
        fail(f"{path} cannot be read: {problem} `devos audit verify` names the first bad entry.", FAILED, json=json)


def _plain(entry: Any) -> dict[str, Any]:
    return {**asdict(entry), "time": entry.time.isoformat(timespec="milliseconds").replace("+00:00", "Z")}
