"""How runs, plans and questions look to a person: live on a terminal, plain lines in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Protocol

from daemon.commands.common import in_a_line, printable, put
from daemon.questions import change_lines, question_lines

COLUMNS = 100
"""How wide a list of runs is at most."""
SHORTEST = 12
"""Characters of what was asked for that are shown beside what is waited for."""
MARKS = {"done": "ok", "failed": "FAILED", "denied": "DENIED", "running": "...", "asking": "asks"}


class Screen(Protocol):
    """Where a request's way is shown."""

    def heard(self, heard: dict[str, Any]) -> None:
        """What a recording said."""

    def plan(self, plan: dict[str, Any]) -> None:
        """What a request would change."""

    def run(self, run: dict[str, Any]) -> None:
        """A run as it is now."""

    def outcome(self, run: dict[str, Any], wait: bool) -> None:
        """How a run stands when nobody follows it any more."""

    def paused(self) -> Any:
        """A context in which the screen belongs to a question."""


@contextmanager
def screen(json: bool) -> Iterator[Screen]:
    """The screen for this output: silent for JSON, live on a terminal, plain lines otherwise."""
    if json:
        yield Silent()
    elif sys.stdout.isatty():
        from daemon.live import Live

        with Live() as live:
            yield live
    else:
        yield Lines()


class Silent:
    """Shows nothing; the JSON is printed at the end."""

    def heard(self, heard: dict[str, Any]) -> None:
        """Nothing."""

    def plan(self, plan: dict[str, Any]) -> None:
        """The plan as JSON."""
        put(plan)

    def run(self, run: dict[str, Any]) -> None:
        """Nothing."""

    def outcome(self, run: dict[str, Any], wait: bool) -> None:
        """Nothing."""

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Nothing to pause."""
        yield


class Lines(Silent):
    """One plain line for everything that happens, for pipes and logs."""

    def __init__(self) -> None:
        self._printed: set[str] = set()

    def heard(self, heard: dict[str, Any]) -> None:
        """What a recording said."""
        print(f"heard: {printable(heard['transcript'])}", flush=True)

    def plan(self, plan: dict[str, Any]) -> None:
        """What a request would change."""
        print("\n".join(plan_lines(plan)))

    def run(self, run: dict[str, Any]) -> None:
        """Each step once it has ended, and what is waited for."""
        lines = {run["run"]: f"run {run['run']}: {run['intent']}({_slots(run)})"}
        for step in run["steps"]:
            if step["status"] not in ("running", "asking"):
                lines[f"{step['n']} {step['action']}"] = step_line(step)
        if run["waits_for"]:
            lines[run["waits_for"]] = f"  waits for {run['waits_for']}"
        for key in [key for key in lines if key not in self._printed]:
            print(in_a_line(lines[key]), flush=True)
        self._printed |= lines.keys()

    def outcome(self, run: dict[str, Any], wait: bool) -> None:
        """What is said at the end, or what to do next."""
        print("\n".join(outcome_lines(run)), flush=True)


def run_lines(run: dict[str, Any]) -> list[str]:
    """A run with its steps and what became of it."""
    head = f"{run['run']}  {run['status']}  {run['utterance']['text']!r} ({run['utterance']['channel']})"
    steps = [step_line(step) for step in run["steps"]]
    return [in_a_line(line) for line in (head, f"  {run['intent']}({_slots(run)}), tier {run['tier']}", *steps)] + (
        outcome_lines(run)
    )


def step_line(step: dict[str, Any]) -> str:
    """One step on one line."""
    arguments = _short(", ".join(str(value) for value in (step["args"] or {}).values()))
    agreed = f"; {step['approved_by']} agreed via {step['via']}" if step["approved_by"] else ""
    took = f" {step['ms']} ms" if step["ms"] is not None else ""
    mark = MARKS.get(step["status"], step["status"])
    return (
        f"  {step['n']:>3} {mark:<6} {step['action']}({arguments}){took} [{step['decision']}: {step['rule']}{agreed}]"
    )


def outcome_lines(run: dict[str, Any]) -> list[str]:
    """What is said, or what the person has to do next."""
    lines = [printable(run["said"])] if run["said"] else []
    for question in run["approvals"]:
        lines += question_lines(question)
    if run["status"] == "waiting":
        lines.append(
            printable(
                f"{run['run']} waits for {run['waits_for']}. `devos runs show {run['run']}` tells how it goes on."
            )
        )
    elif run["status"] == "running":
        lines.append(f"{run['run']} goes on; `devos runs show {run['run']}` shows it.")
    return lines


def plan_lines(plan: dict[str, Any]) -> list[str]:
    """A plan that was asked for with --plan."""
    if plan["failed"]:
        problem = plan["failed"].get("refused") or [plan["failed"]["error"]["text"]]
        return [printable(f"It would fail: {problem[0]}")]
    if plan["answer"] is not None:
        return [printable(plan["answer"]), "Nothing would be changed."]
    lines = [f"{plan['intent']} would make {_count(len(plan['plan']), 'change')} (level {plan['level']}):"]
    for change in plan["plan"]:
        lines += change_lines(change)
    lines += [f"  Then: {plan['open']} What follows is asked for when it is reached."] if plan["open"] else []
    return [in_a_line(line) for line in [*lines, f"digest {plan['digest']}"]]


def table_of_runs(runs: list[dict[str, Any]]) -> str:
    """The newest runs, one line of at most a hundred columns each, under a line that says what stands in them."""
    if not runs:
        return 'Nothing was asked for yet. Try: devos say "how many replicas does web-app have"'
    lines = [f"{'run':<15}  {'began':<12}  {'status':<9} {'request':<16} what was said"]
    for run in runs:
        began = f"{datetime.fromisoformat(run['started']).astimezone():%d %b %H:%M}"
        text = run["said"] if run["status"] in ("failed", "denied") else run["utterance"]["text"]
        note = f" (waits for {run['waits_for']})" if run["waits_for"] else ""
        head = in_a_line(f"{run['run']:<15}  {began}  {run['status']:<9} {run['intent']:<16} ")
        room = max(SHORTEST, COLUMNS - len(head) - len(note))
        lines.append(_short(f"{head}{_short(in_a_line(text), room)}{in_a_line(note)}", COLUMNS))
    return "\n".join(lines)


def _slots(run: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in run["slots"].items() if value is not None)


def _short(text: str, most: int = 60) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
