"""approvals, approve, deny, freeze, thaw: agreeing, refusing, and stopping everything."""

from __future__ import annotations

import json as json_module
import sys
from typing import Annotated

import typer

from daemon.client import Told, ask_once
from daemon.commands.common import ASKING, FAILED, WRONG, AsJson, fail, printable, put, told
from daemon.home import home

Id = Annotated[str, typer.Argument(metavar="ID", help="The question, as `devos approvals` lists it.")]
Because = Annotated[str | None, typer.Option("--because", metavar="TEXT", help="Your reason, kept in the audit log.")]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command(epilog="Example: devos approvals --json")(approvals)
    app.command(epilog="Example: devos approve k7m2xq")(approve)
    app.command(epilog='Example: devos deny k7m2xq --because "not on a Friday"')(deny)
    app.command(epilog="Example: devos freeze")(freeze)
    app.command(epilog="Example: devos thaw")(thaw)


def approvals(
    id: Annotated[str, typer.Argument(metavar="[ID]", help="Show only this question, with everything.")] = "",  # noqa: A002  # the contract's word, shown in the help
    json: AsJson = False,
) -> None:
    """List the questions that wait for an answer. A single one, or the one that is named, is shown whole."""
    from daemon.questions import painted, question_lines, table_of_questions

    with told(json):
        found = ask_once(home(), "approvals")["approvals"]
    shown = [each for each in found if id in ("", each["id"])]
    if id and not shown:
        fail(f"No question {id!r} is open; `devos approvals` lists those that are.", FAILED, json=json)
    if json:
        put(shown)
    elif not shown:
        print("Nothing waits for an answer.")
    elif len(shown) > 1:
        print(table_of_questions(shown))
    else:
        print("\n".join(painted(line) if sys.stdout.isatty() else line for line in question_lines(shown[0])))


def approve(
    id: Id,  # noqa: A002  # the contract's word, shown in the help
    because: Because = None,
    result: Annotated[
        str | None, typer.Option(metavar="JSON", help="For a question whether something happened: the result it had.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Say yes to a question. To the question whether something happened: it did."""
    value = None
    if result is not None:
        try:
            value = json_module.loads(result)
        except ValueError as problem:
            fail(f"--result is not JSON: {problem}", WRONG, json=json)
    _answer(id, True, because, json, result=value)


def deny(
    id: Id,  # noqa: A002  # the contract's word, shown in the help
    because: Because = None,
    json: AsJson = False,
) -> None:
    """Say no to a question. To the question whether something happened: it did not, and is done now."""
    _answer(id, False, because, json)


def _answer(code: str, yes: bool, because: str | None, json: bool, **more: object) -> None:
    from daemon.asking.terminal import answer

    try:
        with told(json):
            approval = answer(home(), id=code, yes=yes, because=because, **more)
    except (EOFError, KeyboardInterrupt):
        fail(f"{code} was left open.", ASKING, json=json)
    if json:
        put(approval)
        return
    print(f"{'Approved' if yes else 'Denied'} {printable(approval['id'])}, a question of run {approval['run']}.")
    if approval["status"] == "open":
        print(f"{len(approval['given'])} of {approval['votes']} have said yes; the others are still asked.")
    print(f"`devos runs show {approval['run']}` tells how it goes on, or what it asks now.")


def freeze(json: AsJson = False) -> None:
    """Stop every change at once, until `devos thaw`. Running requests stop at their next step."""
    _brake(True, json)


def thaw(json: AsJson = False) -> None:
    """Let changes go on after `devos freeze`."""
    _brake(False, json)


def _brake(on: bool, json: bool) -> None:
    """The brake works without a daemon too: the next one finds it on."""
    from policies.brake import Brake

    folder = home()
    if on and folder.is_dir():
        Brake(folder).freeze()
    try:
        ask_once(folder, "brake", on=on)
    except Told:
        if not folder.is_dir():
            fail(f"There is no DevOS in {folder} to {'freeze' if on else 'thaw'}.", WRONG, json=json)
        if not on:
            Brake(folder).thaw()
    if json:
        put({"frozen": on})
    else:
        print("Frozen: nothing is changed until `devos thaw`." if on else "Thawed: changes go on.")
