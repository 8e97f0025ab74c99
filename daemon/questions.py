"""How questions to a person look on a terminal: everything there is to see before answering, and whose words it is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from daemon.commands.common import in_a_line

OPEN, CLOSE = "⟦", "⟧"
"""Around words that others wrote; such brackets of theirs are shown as plain ones, so nobody closes them early."""
MOST = 8
"""How many changes are named beside a word that is to be typed; the question itself shows them all."""


def question_lines(question: Mapping[str, Any]) -> list[str]:
    """A question with everything a person has to see before answering, or with whose answer it takes instead."""
    code, why = question["id"], " --because WHY" if question.get("reason") else ""
    yes, no = f"devos approve {code}{why}", f"devos deny {code}{why}"
    lines = [f"{code} ({question['level']}, until {local(question['expires'])}): {question['because']}"]
    lines += [f"  {line}" for line in (_asked_by(question), _votes(question)) if line]
    if question["level"] == "outcome":
        change = question["plan"][0]
        lines.append(f"  {change['action']} {change['target']}: {_arguments(change)}")
        how = f"it happened: {yes}   it did not: {no}"
    else:
        for change in question["plan"]:
            lines += change_lines(change)
        how = f"yes: {yes}   no: {no}"
    lines.append(f"  {_left_to(question) or how}")
    return [in_a_line(line) for line in lines]


def summary_lines(question: Mapping[str, Any], yes: bool, *, answered_from: Sequence[str] = ()) -> list[str]:
    """What an answer agrees to, in short, for beside the word that confirms it.

    Args:
        question: what is answered.
        yes: the answer.
        answered_from: the programs that the answer comes through, the nearest last.
    """
    what = "say yes to" if yes else "say no to"
    if question["level"] == "outcome":
        what = "say that this happened:" if yes else "say that this did not happen, and may be done now:"
    asked = f", {by}" if (by := _asked_by(question)) else ""
    lines = [f"DevOS: you are about to {what} {question['id']}{asked}"]
    lines += [f"  answered from {' → '.join(answered_from)}" for _ in answered_from[:1]]
    plan = question["plan"]
    lines += [f"  {each['step']}. {each.get('summary') or each['action']} on {each['target']}" for each in plan[:MOST]]
    lines += [f"  and {len(plan) - MOST} more" for _ in plan[MOST : MOST + 1]]
    return [in_a_line(line) for line in lines]


def change_lines(change: Mapping[str, Any]) -> list[str]:
    """One change of a plan."""
    lines = [f"  {change['step']}. {change['summary']} [{change['level']}: {change['rule']}, {change['where']}]"]
    lines.append(f"     {change['action']} on {change['target']} ({change['environment']}): {_arguments(change)}")
    if outside := change.get("outside"):
        lines.append(f"     {OPEN}{', '.join(outside)} may come from what others wrote: look twice{CLOSE}")
    if opened := change.get("opened"):
        lines.append(f"     decided after reading {', '.join(opened)}")
    if (cost := change.get("cost")) is not None:
        lines.append(f"     costs ${cost} a month")
    lines.append(f"     undo: {change['undo'] or 'cannot be taken back'}")
    lines += [f"     | {line}" for line in change["evidence"].splitlines()]
    return lines


def table_of_questions(questions: Sequence[Mapping[str, Any]]) -> str:
    """The open questions, one line each."""
    rows = [["ID", "NEEDS", "VOTES", "UNTIL", "ASKED BY", "WHAT"]]
    for each in questions:
        first, more = each["plan"][0], len(each["plan"]) - 1
        what = f"{first.get('summary') or first['action']}{f' and {more} more' if more else ''}"
        group = f" by {each['group']}" if each["group"] else ""
        votes = f"{len(each['given'])} of {each['votes']}"
        row = (each["id"], f"{each['level']}{group}", votes, local(each["expires"]), each["asker"] or "-", what)
        rows.append([in_a_line(cell) for cell in row])
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[5]]) for row in rows
    ]
    return "\n".join([*lines, "`devos approvals ID` shows one with everything it would do."])


def painted(line: str) -> str:
    """A line with the words of others in yellow, for a terminal."""
    return re.sub(f"{OPEN}[^{CLOSE}]*{CLOSE}", "\x1b[1;33m\\g<0>\x1b[0m", line)


def local(moment: str) -> str:
    """A stored moment as a person reads it, in local time."""
    return f"{datetime.fromisoformat(moment).astimezone():%Y-%m-%d %H:%M}"


def _asked_by(question: Mapping[str, Any]) -> str:
    if not question.get("asker"):
        return ""
    way = " → ".join(question.get("asked_from") or ())
    return f"asked by {question['asker']}{f' from {way}' if way else ''}"


def _left_to(question: Mapping[str, Any]) -> str:
    """Whose answer it takes and how it is given up, where whoever looks cannot answer; empty where they can."""
    who = question.get("left_to")
    if not who:
        return ""
    return f"only {who} can answer it; {question['asker']} gives it up: devos runs cancel {question['run']}"


def _votes(question: Mapping[str, Any]) -> str:
    given = question.get("given") or ()
    if question.get("votes", 1) == 1 and not given:
        return ""
    said = [f"{each['by']} via {each['via']}{': ' + each['reason'] if each['reason'] else ''}" for each in given]
    return f"{len(given)} of {question['votes']} said yes{': ' if said else ''}{'; '.join(said)}"


def _arguments(change: Mapping[str, Any]) -> str:
    quoted = change.get("quoted") or {}
    return ", ".join(
        f"{name}={_segments(quoted[name]) if name in quoted else repr(value)}" for name, value in change["args"].items()
    )


def _segments(segments: Sequence[Mapping[str, Any]]) -> str:
    """An argument that holds words of others: those in brackets, with where they came from."""
    return " ".join(_theirs(each) if each["from"] else repr(each["text"]) for each in segments)


def _theirs(segment: Mapping[str, Any]) -> str:
    text = str(segment["text"]).replace(OPEN, "[").replace(CLOSE, "]")
    return f"{OPEN}{text}{CLOSE} (from {segment['from']})"
