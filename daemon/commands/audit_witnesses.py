"""audit witnesses: what the places outside DEVOS_HOME saw of the log, compared with it now."""

from __future__ import annotations

from typing import Any

import typer

from daemon.commands.audit_log import readable
from daemon.commands.common import FAILED, AsJson, fail, in_a_line, put
from daemon.home import home


def add_to(group: typer.Typer) -> None:
    """Add this command to the audit group."""
    group.command(epilog="Example: devos audit witnesses")(witnesses)


def witnesses(json: AsJson = False) -> None:
    """Ask every witness what it saw of the log. The exit code is 1 where one contradicts it or cannot be asked."""
    from daemon.config import BadConfig, load
    from policies.audit.checkpoint import Verifier, WrongKey
    from policies.audit.head import RolledBack
    from policies.audit.shipping import witness_of
    from policies.audit.witness import BadWitness, Unreachable

    said: list[dict[str, Any]] = []
    with readable(json) as path:
        try:
            verifier = Verifier.parse((home() / "keys" / "audit.pub").read_text(encoding="utf-8"))
            named = load(home()).audit.witnesses
        except (WrongKey, BadConfig) as problem:
            fail(str(problem), FAILED, json=json)
        for witness in (witness_of(where, verifier, home() / "witnesses") for where in named):
            one: dict[str, Any] = {"witness": witness.name, "entries": None, "problem": None}
            try:
                seen = witness.compare(path)
                one["entries"] = None if seen is None else seen.size
            except (RolledBack, BadWitness, Unreachable) as problem:
                one["problem"] = str(problem)
            said.append(one)
    if json:
        put(said)
    elif not said:
        print("No witness is named; docs/audit.md says what one is good for.")
    for one in [] if json else said:
        saw = (
            "has seen nothing yet" if one["entries"] is None else f"saw {one['entries']} entries, and they are the same"
        )
        print(in_a_line(f"{one['witness']}: {one['problem'] or saw}"))
    raise typer.Exit(FAILED if any(one["problem"] for one in said) else 0)
