"""The `devos` command."""

from __future__ import annotations

import os
import sys

import typer

from daemon.commands import audit, inbox, requests, runs, sandbox, settings

app = typer.Typer(
    name="devos",
    help="Say it, approve it, prove it: work across Jira, ServiceNow, Kubernetes and the rest, by voice or by hand.",
    epilog='Without any account: devos run --sandbox, and in another terminal: devos say "scale web-app to 10".',
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help needs no rich, and is there at once
    pretty_exceptions_enable=False,
)
for group in (requests, runs, inbox, audit, sandbox, settings):
    group.add_to(app)


def main() -> None:
    """Run one command and end with its exit code."""
    try:
        app()
    except BrokenPipeError:
        # The reader went away, as `devos runs | head` does; what is still buffered has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


if __name__ == "__main__":
    main()
