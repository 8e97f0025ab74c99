"""open: the dashboard in the browser."""

from __future__ import annotations

from typing import Annotated

import typer

from daemon.client import ask_once
from daemon.commands.common import AsJson, printable, put, told
from daemon.home import home


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command("open", epilog="Example: devos open --no-browser")(open_)


def open_(
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the link in the browser, or only print it.")
    ] = True,
    json: AsJson = False,
) -> None:
    """Open the dashboard: runs, questions, the record, the rules.

    The link works once, within five minutes. Outside of the sandbox the terminal also shows a word; the dashboard asks
    for it before it lets anybody answer.
    """
    with told(json):
        url = ask_once(home(), "open")["url"]
    if json:
        put({"url": url})
        return
    print(printable(url))
    if browser:
        from daemon.outside import open_page

        open_page(url)
