"""audit approvals: who approved what, when, by which channel, seeing which plan."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daemon.commands.audit_log import day_of, local, readable
from daemon.commands.common import AsJson, in_a_line, put

if TYPE_CHECKING:
    from policies.audit.agreed import Answer, Question


def add_to(group: typer.Typer) -> None:
    """Add this command to the audit group."""
    group.command(epilog="Example: devos audit approvals --person ana --day today")(approvals)


def approvals(
    person: Annotated[str | None, typer.Option(help="Only questions that this person answered.")] = None,
    run: Annotated[str | None, typer.Option(help="Only one run's questions.")] = None,
    day: Annotated[str | None, typer.Option(metavar="DAY", help="Only what was asked or answered on that day.")] = None,
    json: AsJson = False,
) -> None:
    """List who approved what, when, how, and seeing which plan. The oldest comes first."""
    from policies.audit.agreed import agreed
    from policies.audit.reader import Reader

    chosen = day_of(day, json)
    with readable(json) as path, closing(Reader(path)) as reader:
        found = agreed(reader, run=run, person=person, day=chosen)
    if json:
        put([_plain(question) for question in found])
    elif not found:
        print("No question was asked.")
    for question in [] if json else found:
        print("\n".join(in_a_line(line) for line in _lines(question)))


def _lines(question: Question) -> Iterator[str]:
    """One question for a person."""
    yield (
        f"{question.approval}  {question.run}  {question.subject} ({question.level}) of {question.asker or 'unknown'}"
        f" asked {local(question.asked)}: {question.because or 'the reason was erased'}"
    )
    if question.plan is None:
        yield "    the plan was erased"
    for change in question.plan or ():
        yield f"    {change.get('summary') or change.get('action')}" if isinstance(change, dict) else f"    {change}"
    yield f"    digest {question.digest}"
    for answer in question.answers:
        yield f"    {_said(answer)}"
    if question.withdrawn:
        yield "    withdrawn: its run ended before it was answered"
    elif not question.answers:
        yield "    nobody answered"


def _said(answer: Answer) -> str:
    """One answer for a person."""
    reason = f", because {answer.reason!r}" if answer.reason else ""
    outcome = f": did not count, {answer.problem}" if answer.problem else ""
    return f"{answer.answer} from {answer.by} via {answer.via}, {local(answer.at)}{reason}{outcome}"


def _plain(question: Question) -> dict[str, Any]:
    """One question as JSON, its moments in UTC."""
    plain = asdict(question)
    for holder, name in [(plain, "asked"), *((answer, "at") for answer in plain["answers"])]:
        holder[name] = holder[name].isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return plain
