"""audit erase: take payloads out of the log, for good and on record."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Collection
from contextlib import ExitStack, closing
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daemon.client import ask_once
from daemon.commands.audit_log import day_of, readable
from daemon.commands.common import FAILED, REFUSED, WRONG, AsJson, fail, in_a_line, put, told
from daemon.home import home

if TYPE_CHECKING:
    from policies.audit.erasing import Choice


def add_to(group: typer.Typer) -> None:
    """Add this command to the audit group."""
    group.command(epilog='Example: devos audit erase --run 261120-1f3a9c2e --because "asked for by the customer"')(
        erase
    )


def erase(
    entries: Annotated[list[int] | None, typer.Argument(metavar="NUMBER…", help="Entries by number.")] = None,
    run: Annotated[str | None, typer.Option(help="All payloads of a run that has ended.")] = None,
    before: Annotated[str | None, typer.Option(metavar="DAY", help="All payloads from before that day.")] = None,
    because: Annotated[str | None, typer.Option(metavar="TEXT", help="The reason, kept in the audit log.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; needed where there is no terminal.")] = False,
    json: AsJson = False,
) -> None:
    """Erase what was said, planned and answered. Entries, signatures and proofs stay.

    That it was done, by whom and why, is written into the log. Runs that go on keep their payloads.
    """
    from policies.audit.erasing import BadChoice, Choice, choose

    try:
        choice = Choice.from_json({"run": run, "before": _midnight(day_of(before, json)), "entries": entries or None})
    except BadChoice as problem:
        fail(str(problem), WRONG, json=json)
    with readable(json) as path:
        found = choose(path, choice, ())
        if found.payloads and not yes:
            _confirm(found.payloads, json)
        said = _erase(path, choice, because, json) if found.payloads or found.kept else found.to_json()
    if json:
        put(said)
        return
    count = "1 payload" if said["payloads"] == 1 else f"{said['payloads']} payloads"
    print(f"Erased {count}." if said["payloads"] else "There is nothing to erase.")
    if said["kept"]:
        print(in_a_line(f"Kept, because they go on: {', '.join(said['kept'])}."))


def _confirm(payloads: int, json: bool) -> None:
    """Ask on a terminal; without one the answer must have been given beforehand."""
    if json or not sys.stdin.isatty():
        fail(f"{payloads} payloads would be erased for good; say --yes if that is meant.", WRONG, json=json)
    try:
        agreed = typer.confirm(f"Erase {payloads} payloads for good?", err=True)
    except typer.Abort:  # Ctrl-C, or the end of the input
        agreed = False
        print(file=sys.stderr)
    if not agreed:
        fail("Nothing was erased.", REFUSED, json=json)


def _midnight(day: date | None) -> str | None:
    return None if day is None else datetime.combine(day, time()).astimezone().isoformat()


def _erase(path: Path, choice: Choice, because: str | None, json: bool) -> dict[str, Any]:
    """Let the daemon do it, which is the log's one writer; where none runs, do it here and let none start meanwhile."""
    from daemon.claim import AlreadyRunning, claimed

    with ExitStack() as stack:
        try:
            stack.enter_context(claimed(home() / "devos.lock"))
        except AlreadyRunning:
            with told(json):
                return ask_once(home(), "erase", **choice.to_json(), because=because)
        return _erase_here(path, choice, because, json)


def _erase_here(path: Path, choice: Choice, because: str | None, json: bool) -> dict[str, Any]:
    from sqlalchemy.exc import SQLAlchemyError

    from daemon.config import BadConfig, load
    from policies.audit.checkpoint import Signer, WrongKey
    from policies.audit.erasing import shrink
    from policies.audit.keeping import Keeping, StillGoingOn
    from policies.audit.keys import system_keyring
    from policies.audit.log import CannotRecord, Log, RolledBack
    from policies.store import BadDatabase

    keys = home() / "keys"
    if not (keys / "audit.pub").exists():
        fail(f"The log's key is missing: {keys / 'audit.pub'}.", FAILED, json=json)
    try:
        config = load(home())
        going_on = _going_on(config.runs.database)
        keyring = None if (keys / "audit.key").exists() else system_keyring()
        with closing(Log(path, Signer.load_or_create(keys, keyring))) as log:
            keeping = Keeping(log, path, going_on=lambda: going_on)
            erased = keeping.erase(choice, config.person.name, because)
        if erased.payloads:
            shrink(path)
    except (BadConfig, BadDatabase, WrongKey, RolledBack, CannotRecord, StillGoingOn) as problem:
        fail(str(problem), FAILED, json=json)
    except (SQLAlchemyError, sqlite3.Error) as problem:
        fail(f"Nothing may be erased, because it cannot be told which runs go on: {problem}", FAILED, json=json)
    return erased.to_json()


def _going_on(database: str | None) -> Collection[str]:
    """The runs that have not ended, by their own database; a home that never ran any has none."""
    from policies.audit.keeping import put_aside
    from policies.store import engine_of

    file = home() / "runs.db"
    if database is None and not file.exists():
        return ()
    engine = engine_of(database or f"sqlite:///{file}")
    try:
        return put_aside(engine)
    finally:
        engine.dispose()
