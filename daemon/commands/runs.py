"""runs and undo: what was asked for, and taking it back."""

from __future__ import annotations

from typing import Annotated

import typer

from daemon.client import ask, ask_once
from daemon.commands.common import WRONG, AsJson, fail, put, told
from daemon.commands.requests import Wait, end
from daemon.home import home

WORDS = ("list", "show", "cancel", "resume")


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command(epilog="Example: devos runs show 261120-1f3a9c2e")(runs)
    app.command(epilog="Example: devos undo 261120-1f3a9c2e")(undo)


def runs(
    word: Annotated[
        str, typer.Argument(metavar="[list|show|cancel|resume]", help="list is meant when nothing is said.")
    ] = "list",
    run: Annotated[str, typer.Argument(metavar="[RUN]", help="The run's id, for show, cancel and resume.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many of the newest runs are listed.")] = 20,
    follow: Annotated[bool, typer.Option("--follow", help="With show: stay until the run has ended, or asks.")] = False,
    json: AsJson = False,
) -> None:
    """List the newest runs, show one, cancel one, or resume one."""
    if word not in WORDS or (word != "list" and not run):
        fail("Say `devos runs`, or `devos runs show|cancel|resume RUN`.", WRONG, json=json)
    from daemon.showing import run_lines, table_of_runs

    with told(json):
        if word == "list":
            found = ask_once(home(), "runs", limit=limit)["runs"]
            put(found) if json else print(table_of_runs(found))
        elif word == "resume" or follow:
            end(ask(home(), "resume" if word == "resume" else "follow", run=run), wait=True, json=json, stay=follow)
        else:
            shown = ask_once(home(), "run" if word == "show" else "cancel", run=run)["run"]
            put(shown) if json else print("\n".join(run_lines(shown)))


def undo(
    run: Annotated[str, typer.Argument(help="The run whose changes are taken back.")],
    wait: Wait = True,
    json: AsJson = False,
) -> None:
    """Take back what a run changed, last change first. Each step is decided by the rules again."""
    with told(json):
        end(ask(home(), "undo", run=run), wait=wait, json=json)
