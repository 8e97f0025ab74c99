"""run, say, hear, intents: asking for something."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daemon.client import ask, ask_once
from daemon.commands.common import ASKING, DONE, FAILED, NOT_UNDERSTOOD, REFUSED, AsJson, fail, put, told
from daemon.home import home

if TYPE_CHECKING:
    from daemon.showing import Screen

Wait = Annotated[
    bool, typer.Option("--wait/--no-wait", help="Follow the request to its end, or to the first question.")
]
PlanOnly = Annotated[bool, typer.Option("--plan", help="Show what it would change, and change nothing.")]
Channel = Annotated[str, typer.Option("--as", metavar="CHANNEL", help="voice, file, typed, hotkey or web.")]

ENDS = {"done": DONE, "failed": FAILED, "denied": REFUSED, "cancelled": REFUSED}
INTERRUPTED = 130
"""What a shell expects of a command that Ctrl-C ended; the request itself goes on."""


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command(epilog="Example: devos run --sandbox")(run)
    app.command(epilog='Example: devos say "scale web-app to 10 replicas" --plan')(say)
    app.command(epilog="Example: devos hear request.wav --wait")(hear)
    app.command(epilog='Example: devos intents test "how many replicas does web-app have"')(intents)


def run(
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Work on simulated systems; no account is needed.")
    ] = False,
) -> None:
    """Run the daemon in the foreground; it prints `ready` when it is. Ctrl-C ends it."""
    from daemon.process import serve

    raise typer.Exit(serve(home(), sandbox=sandbox))


def say(
    text: Annotated[str, typer.Argument(help="What you want, in plain English.")],
    wait: Wait = True,
    plan: PlanOnly = False,
    channel: Channel = "typed",
    json: AsJson = False,
) -> None:
    """Ask for something in words, as if it had been spoken."""
    question = {"text": text, "channel": channel, "cwd": str(Path.cwd()), "plan": plan}
    _follow(lambda: ask(home(), "say", **question), wait=wait, json=json)


def hear(
    file: Annotated[Path, typer.Argument(help="A recording: wav, flac, ogg or mp3, of any rate.")],
    wait: Wait = True,
    plan: PlanOnly = False,
    channel: Channel = "file",
    json: AsJson = False,
) -> None:
    """Take a recording the way of the microphone."""
    path = str(file.expanduser().absolute())
    question = {"file": path, "channel": channel, "cwd": str(Path.cwd()), "plan": plan}
    _follow(lambda: ask(home(), "hear", **question), wait=wait, json=json)


def _follow(answers: Any, *, wait: bool, json: bool) -> None:
    with told(json):
        end(answers(), wait=wait, json=json)


def end(answers: Iterator[dict[str, Any]], *, wait: bool, json: bool, stay: bool = False) -> None:
    """Show a request's way to its end, asking in the terminal where there is one, and end with its exit code.

    Args:
        answers: what the daemon tells of it.
        wait: whether to follow it at all.
        json: whether to say nothing but its JSON at the end.
        stay: whether to wait with it for a change request or a thaw too, where nobody is at a terminal.
    """
    from daemon.showing import screen

    asks = sys.stdin.isatty() and sys.stdout.isatty() and not json
    heard: dict[str, Any] = {}
    shown: dict[str, Any] = {}
    unanswered = ASKING if wait else DONE
    with screen(json) as view:
        try:
            for answer in answers:
                if "heard" in answer:
                    heard = answer["heard"]
                    view.heard(heard)
                elif "plan" in answer:
                    view.plan({**heard, **answer})
                    raise typer.Exit(_planned(answer))
                else:
                    shown = answer["run"]
                    view.run(shown)
                    if not wait or (shown["status"] == "waiting" and not (asks or stay)):
                        break
                    if shown["status"] == "asking" and not asks:
                        break
                    if shown["status"] == "asking" and not _ask(view, shown):
                        raise typer.Exit(ASKING)  # the question was shown whole, and how to answer it later
        except KeyboardInterrupt:
            if not shown:
                raise
            unanswered = INTERRUPTED if shown["status"] == "running" else ASKING
    if json:
        put({**heard, **shown})
    else:
        view.outcome(shown, wait)
    raise typer.Exit(ENDS.get(shown["status"], unanswered))


def _planned(plan: dict[str, Any]) -> int:
    """The exit code of a plan."""
    failed = plan["failed"] or {}
    return REFUSED if plan["level"] == "deny" or "refused" in failed else FAILED if failed else DONE


def _ask(view: Screen, run: dict[str, Any]) -> bool:
    """Put a run's questions to the person at the terminal; False when one was left open."""
    from daemon.asking.terminal import ask_here

    with view.paused():
        return ask_here(home(), run)


def intents(
    word: Annotated[str, typer.Argument(metavar="[test]", help="Say `test` to try a sentence.")] = "",
    text: Annotated[str, typer.Argument(help="The sentence to try.")] = "",
    json: AsJson = False,
) -> None:
    """List what DevOS understands, or try a sentence. Nothing is done."""
    if word == "test" and text:
        from daemon.client import Told

        try:
            found = ask_once(home(), "test", text=text, cwd=str(Path.cwd()))
        except Told as no:
            if no.code == NOT_UNDERSTOOD:
                fail(str(no), no.code, json=json, intent=None, slots={}, **no.more)
            fail(str(no), no.code, json=json)
        if json:
            put(found)
        else:
            slots = ", ".join(f"{name}={value}" for name, value in found["slots"].items() if value is not None)
            print(f"{found['intent']}({slots})")
            print(
                f"tier {found['tier']}, confidence {found['confidence']:.2f}, by {found['stage']}, {found['ms']:.1f} ms"
            )
        return
    if word:
        fail(f"devos intents {word!r}? Say `devos intents`, or `devos intents test TEXT`.", 2, json=json)
    from daemon.app import INTENTS

    if json:
        put(
            [
                {"intent": each.name, "summary": each.summary, "sentences": each.sentences}
                | {"tier": each.tier, "hotkey": each.hotkey}
                for each in INTENTS
            ]
        )
        return
    for each in INTENTS:
        print(f"{each.name} ({each.tier}{', ' + each.hotkey if each.hotkey else ''})\n  {each.summary}")
        for sentence in each.sentences:
            print(f'  "{sentence}"')
