"""press: a hotkey without a keyboard, and what makes a desktop press it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from daemon.client import ask_once
from daemon.commands.common import WRONG, AsJson, fail, in_a_line, put, told
from daemon.home import home

if TYPE_CHECKING:
    from daemon.hotkeys.bindings import Binding

DESKTOPS = ("gnome", "kde", "sway", "hyprland")
"""As `daemon.hotkeys.snippets` has them, which is too slow to load for --help."""


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command(
        epilog="Example: devos press talk; devos press ctrl+alt+k; devos press --list; devos press --snippet sway"
    )(press)


def _names() -> list[str]:
    """What can be pressed, for the shell's completion."""
    from daemon.config import BadConfig
    from daemon.hotkeys.bindings import BadBindings

    try:
        bindings, _ = _bound()
    except (BadConfig, BadBindings):
        return []
    return [text for each in bindings for text in (each.name, each.chord.text)]


def press(
    keys: Annotated[
        str,
        typer.Argument(
            help='The keys, as in "ctrl+alt+k", or the name of what they stand for, as in "talk".',
            autocompletion=_names,
            show_default=False,
        ),
    ] = "",
    release: Annotated[
        bool, typer.Option("--release", help="The talk key was let go of: end what is being said.")
    ] = False,
    list_: Annotated[bool, typer.Option("--list", help="Show every hotkey and what it stands for.")] = False,
    snippet: Annotated[
        str | None,
        typer.Option(
            "--snippet",
            metavar="DESKTOP",
            help=f"Print the configuration that binds every hotkey in {', '.join(DESKTOPS[:-1])} or {DESKTOPS[-1]}.",
            autocompletion=lambda: list(DESKTOPS),
        ),
    ] = None,
    json: AsJson = False,
) -> None:
    """Press a hotkey, for desktops that bind keys themselves."""
    if bool(keys) + list_ + (snippet is not None) != 1 or (release and not keys):
        fail("Name the keys to press, or give --list, or --snippet with a desktop.", WRONG, json=json)
    if snippet is not None:
        _show_snippet(snippet.lower(), json=json)
    elif list_:
        _show_list(json=json)
    else:
        with told(json):
            answer = ask_once(home(), "press", keys=keys, **({"release": True} if release else {}))
        put(answer) if json else print(_said(answer))


def _said(answer: dict[str, Any]) -> str:
    """What became of a press, in a line."""
    what = "pressed" if answer.get("down", True) else "let go of"
    return in_a_line(answer.get("says") or f"{answer['pressed']} was {what}.")


def _bound() -> tuple[tuple[Binding, ...], dict[str, str]]:
    """The hotkeys as config.toml has them, and what each request does.

    Raises:
        BadConfig, BadBindings: they are wrong.
    """
    from daemon.app import INTENTS
    from daemon.config import load
    from daemon.hotkeys.bindings import bindings_of

    return bindings_of(load(home()).hotkeys, INTENTS), {each.name: each.summary for each in INTENTS}


def _bound_or_fail(json: bool) -> tuple[tuple[Binding, ...], dict[str, str]]:
    from daemon.config import BadConfig
    from daemon.hotkeys.bindings import BadBindings

    try:
        return _bound()
    except (BadConfig, BadBindings) as problem:
        fail(str(problem), WRONG, json=json)


def _show_list(*, json: bool) -> None:
    from daemon.hotkeys.triggers import OWN

    bindings, summaries = _bound_or_fail(json)
    rows = [
        {
            "keys": each.chord.text,
            "name": each.name,
            "kind": each.kind,
            "does": OWN.get(each.kind) or summaries[each.name],
            "how": each.chord.described,
        }
        for each in bindings
    ]
    if json:
        put(rows)
        return
    widths = [max((len(row[column]) for row in rows), default=0) for column in ("keys", "name")]
    for row in rows:
        print(f"{row['keys']:{widths[0]}}  {row['name']:{widths[1]}}  {row['does']}")
    if not rows:
        print("No hotkey is bound; section [hotkeys] of config.toml binds them.")


def _show_snippet(desktop: str, *, json: bool) -> None:
    if desktop not in DESKTOPS:
        fail(f"There is no snippet for {desktop!r}; there are: {', '.join(DESKTOPS)}.", WRONG, json=json)
    from daemon.config import load
    from daemon.hotkeys.program import program
    from daemon.hotkeys.snippets import snippet

    bindings, summaries = _bound_or_fail(json)
    text = snippet(desktop, bindings, program(), summaries, hold=load(home()).hotkeys.hold)
    put({"desktop": desktop, "snippet": text}) if json else print(text, end="")
