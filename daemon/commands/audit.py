"""audit: the record, and the proof that nobody changed it."""

from __future__ import annotations

import json as json_module
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daemon.commands import audit_approvals, audit_erase, audit_witnesses, proof
from daemon.commands.audit_log import day_of, local, log_path, readable, without_own_reads
from daemon.commands.common import FAILED, WRONG, AsJson, fail, in_a_line, put
from daemon.home import home

if TYPE_CHECKING:
    from policies.audit.event import Stored

group = typer.Typer(
    help="Review the record, and prove that nobody changed it.",
    epilog="Example: devos audit list --day today",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    for more in (audit_approvals, proof, audit_witnesses, audit_erase):
        more.add_to(group)
    app.add_typer(group, name="audit")


@group.command("list", epilog='Example: devos audit list --search "web-app" --day today')
def list_(
    run: Annotated[str | None, typer.Option(help="Only one run's entries.")] = None,
    person: Annotated[
        str | None, typer.Option(help="Only what this person asked for, did, agreed to or answered.")
    ] = None,
    system: Annotated[str | None, typer.Option(help="Only one system's, for example kubernetes.")] = None,
    rule: Annotated[str | None, typer.Option(help="Only what this rule decided.")] = None,
    day: Annotated[
        str | None, typer.Option(metavar="DAY", help="Only one day's: 2026-11-20, today or yesterday.")
    ] = None,
    type: Annotated[  # noqa: A002 - the entries' own word, shown in the help
        str | None, typer.Option("--type", help="Only one kind of entry, for example devos.action.done.")
    ] = None,
    search: Annotated[
        str | None, typer.Option(metavar="WORDS", help='Only entries with all these words; web* or "two words" too.')
    ] = None,
    before: Annotated[int | None, typer.Option(min=1, help="Only entries before this number: the next page.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many of the newest entries.")] = 50,
    everything: Annotated[
        bool, typer.Option("--all", help="Also what DevOS itself reads to know which names exist.")
    ] = False,
    json: AsJson = False,
) -> None:
    """List the newest entries, oldest of them first.

    What DevOS itself reads to know which names exist is left out, unless --all, --run or --search is given.
    """
    known: dict[str, Any] = {"run": run, "type": type}
    sought = {"person": person, "system": system, "rule": rule, "text": search, "day": day_of(day, json)}
    with readable(json) as path, _reading(path, known, sought) as read:
        whole = everything or run or search
        found, left_out = (read(before, limit), 0) if whole else without_own_reads(read, before, limit)
    if json:
        put([_plain(entry) for entry in reversed(found)])
        return
    if not found:
        print("No entry matches.", file=sys.stderr)
    if left_out:
        entries = "1 entry" if left_out == 1 else f"{left_out} entries"
        print(f"Left out: {entries} of DevOS reading which names exist; --all lists them too.", file=sys.stderr)
    for entry in reversed(found):
        data = entry.data
        more = " ".join(
            str(data[name]) for name in ("target", "level", "rule", "answer", "by", "status") if data.get(name)
        )
        what = f"{entry.run or '-':<16} {entry.type:<26} {entry.action or '':<26}"
        print(in_a_line(f"{entry.seq:>6}  {local(entry.time)}  {what} {more}".rstrip()))


@group.command(epilog="Example: devos audit show 17")
def show(seq: Annotated[int, typer.Argument(min=1, help="The entry's number.")], json: AsJson = False) -> None:
    """Show one entry whole, with its payload."""
    with readable(json) as path:
        from policies.audit.reader import Reader

        with closing(Reader(path)) as reader:
            found = reader.entries(after=seq - 1, before=seq + 1)
    if not found:
        fail(f"There is no entry {seq}; `devos audit list` shows the newest.", WRONG, json=json)
    entry = _plain(found[0])
    if json:
        put(entry)
        return
    for name, value in entry.items():
        if isinstance(value, dict):
            print(f"{name}:")
            for inner, each in value.items():
                print(in_a_line(f"  {inner}: {_shown(each)}"))
        else:
            print(in_a_line(f"{name}: {_shown(value)}"))


def _shown(value: Any) -> str:
    """A value of an entry as it reads in the log: text as it is, the rest as JSON; nothing as a dash."""
    return "-" if value is None else value if isinstance(value, str) else json_module.dumps(value, ensure_ascii=False)


@group.command(epilog="Example: devos audit verify")
def verify(json: AsJson = False) -> None:
    """Check every entry, payload and signature. The first bad entry is named, and the exit code is 1."""
    from policies.audit.checkpoint import WrongKey
    from policies.audit.schema import NewerFile
    from policies.audit.verify import verify as check

    path = log_path(json)
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


@contextmanager
def _reading(
    path: Path, known: dict[str, Any], sought: dict[str, Any]
) -> Iterator[Callable[[int | None, int], list[Stored]]]:
    """What reads the entries before a seq, newest first: straight from the log, or by the search index.

    The first search after a long time makes the index.
    """
    if any(sought.values()):
        from policies.audit.index import Index

        with closing(Index(path, home() / "audit-index.db")) as index:
            index.refresh()
            yield lambda before, limit: index.find(before=before, limit=limit, **known, **sought)
    else:
        from policies.audit.reader import Reader

        with closing(Reader(path)) as reader:
            yield lambda before, limit: reader.entries(newest=True, before=before, limit=limit, **known)


def _plain(entry: Stored) -> dict[str, Any]:
    return {**asdict(entry), "time": entry.time.isoformat(timespec="milliseconds").replace("+00:00", "Z")}
