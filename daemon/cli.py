"""The `devos` command."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from daemon.commands import (
    audit,
    dashboard,
    doctor,
    inbox,
    init,
    models,
    policy,
    press,
    requests,
    runs,
    sandbox,
    senses,
    service,
    settings,
    wakeword,
)
from daemon.commands.common import DONE, put

app = typer.Typer(
    name="devos",
    help="Say it, approve it, prove it: work across Jira, ServiceNow, Kubernetes and the rest, by voice or by hand.",
    epilog='Without any account: devos run --sandbox, and in another terminal: devos say "scale web-app to 10".',
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help needs no rich, and is there at once
    pretty_exceptions_enable=False,
)
for group in (
    *(requests, runs, inbox, press, senses, dashboard, audit, policy),
    *(init, doctor, models, wakeword, service, sandbox, settings),
):
    group.add_to(app)


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print(f"devos {version('devos')}")
        raise typer.Exit


@app.callback()
def devos(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Hold the options that stand before any command; what the help says is said where the app is made."""


def main() -> None:
    """Run one command and end with its exit code."""
    try:
        try:
            if "--json" in sys.argv:
                sys.exit(_in_json())
            app()
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # The reader went away, as `devos runs | head` does; what is still buffered has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _in_json() -> int:
    """Run one command whose every word on standard output is JSON, also where it is used in a wrong way."""
    try:
        return int(app(standalone_mode=False) or DONE)
    except typer.TyperException as wrong:
        put({"error": wrong.format_message()})
        return wrong.exit_code


if __name__ == "__main__":
    main()
