"""doctor: what works on this machine, and how to mend the rest."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from daemon.commands.common import DONE, FAILED, WRONG, AsJson, fail, put
from daemon.home import home

if TYPE_CHECKING:
    from daemon.doctor.check import Check
    from daemon.sections import Config

group = typer.Typer(
    help="See what works on this machine, and how to mend the rest.",
    epilog="Examples: devos doctor; devos doctor microphone; devos doctor hotkeys",
    rich_markup_mode=None,
)

COLUMNS = 110
"""How wide the findings are at most."""

Seconds = Annotated[float, typer.Option("--seconds", min=0.5, max=600, help="How long to listen.")]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(group, name="doctor")


@group.callback(invoke_without_command=True)
def doctor(context: typer.Context, json: AsJson = False) -> None:
    """Look at everything that can be looked at without your help. Nothing is changed, and nothing is said aloud."""
    if context.invoked_subcommand is not None:
        return
    from daemon.doctor.check import Machine
    from daemon.doctor.examination import examine
    from daemon.doctor.showing import lines_of, summary

    found = []
    for check in examine(Machine.of(home(), os.environ)):
        found.append(check)
        if not json:
            print("\n".join(lines_of(check, min(COLUMNS, shutil.get_terminal_size().columns))), flush=True)
    put([asdict(each) for each in found]) if json else print(f"\n{summary(found)}")
    raise typer.Exit(FAILED if any(each.status == "failed" for each in found) else DONE)


@group.command(epilog="Example: devos doctor microphone --seconds 10")
def microphone(seconds: Seconds = 5.0, json: AsJson = False) -> None:
    """Show live how loud the microphone hears you."""
    from daemon.doctor.hush import hushed
    from daemon.doctor.level import measured

    settings = _settings(json)
    live = sys.stdout.isatty() and not json
    if live:
        print(f"Say something; this listens for {seconds:g} seconds.")
    with hushed():
        level = measured(settings.microphone.name, seconds, _draw if live else lambda line: None)
    if live:
        print()
    _end(
        level.check(sys.platform, spoken=True),
        json,
        device=level.device,
        rate=level.rate,
        peak=round(level.peak, 4),
        overruns=level.overruns,
    )


@group.command(epilog="Example: devos doctor wake --seconds 60")
def wake(seconds: Seconds = 20.0, json: AsJson = False) -> None:
    """Listen for your wake words, and show whether one is heard."""
    from daemon.doctor.hush import hushed
    from daemon.doctor.wake import listened
    from daemon.hearing.voice_activity import NoVoiceDetector
    from daemon.hearing.wake import NoWakeWords, UnknownWakeWord

    settings = _settings(json)
    words = settings.wake.words

    def begun() -> None:
        if not json:
            print(f"Say {' or '.join(map(repr, words))}; this listens for {seconds:g} seconds.", flush=True)

    try:
        with hushed():
            heard = listened(settings.microphone.name, words, settings.wake.sensitivity, home(), seconds, begun)
    except (UnknownWakeWord, NoWakeWords, NoVoiceDetector) as problem:
        fail(str(problem), FAILED, json=json)
    _end(heard.check(words, seconds), json, word=heard.word, spoke=heard.spoke)


@group.command(epilog="Example: devos doctor voice")
def voice(json: AsJson = False) -> None:
    """Say a sentence aloud, and ask you whether you heard it."""
    from daemon.doctor.hush import hushed
    from daemon.doctor.voice import SENTENCE, spoken

    settings = _settings(json)

    def confirm() -> bool:
        return typer.confirm(f'Did you hear "{SENTENCE}"', default=True)

    asks = sys.stdin.isatty() and sys.stdout.isatty() and not json
    with hushed():
        found = spoken(settings.speech, confirm if asks else None)
    _end(found, json)


@group.command(epilog="Example: devos doctor hotkeys")
def hotkeys(json: AsJson = False) -> None:
    """Ask for each hotkey, and show whether it arrives.

    By which way it came is shown as well, and how soon.
    """
    from daemon.doctor.hotkeys import prove

    raise typer.Exit(prove(home(), json=json))


def _settings(json: bool) -> Config:
    from daemon.config import BadConfig, load

    try:
        return load(home())
    except BadConfig as problem:
        fail(str(problem), WRONG, json=json)


def _end(check: Check, json: bool, **more: Any) -> NoReturn:
    """Show one finding, and end with its exit code."""
    from daemon.doctor.showing import lines_of

    if json:
        put(asdict(check) | more)
    else:
        print("\n".join(lines_of(check, min(COLUMNS, shutil.get_terminal_size().columns))))
    raise typer.Exit(FAILED if check.status == "failed" else DONE)


def _draw(line: str) -> None:
    print(f"\r{line}", end="", flush=True)
