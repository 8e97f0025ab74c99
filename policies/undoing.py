"""Taking a run back: its changes in reverse order, each through the door again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from policies.action import Action, Call, IntegrationError, Json
from policies.audit.log import Log
from policies.scope import current_scope, note_opened


class NothingToUndo(IntegrationError):
    """The run made no change that can be taken back."""


async def undo(run: str, log: Log, actions: Mapping[str, Action[..., Any]], owners: Mapping[str, object]) -> str:
    """Take back what a run changed, as a request of its own.

    Args:
        run: the run.
        log: the audit log that says what it did.
        actions: every action by name.
        owners: the connected system of each action, by the action's name.

    Raises:
        NothingToUndo: it changed nothing, or nothing that has a way back.
    """
    calls, stay = _ways_back(run, log, actions, owners)
    if not calls:
        why = f"nothing can take back {' and '.join(stay)}" if stay else "it changed nothing"
        raise NothingToUndo(f"There is nothing to undo in {run}: {why}.")
    for call, sources in calls:
        note_opened(sources)
        await current_scope(call.name).enter(call)
    done = f"Took back {len(calls)} change{'' if len(calls) == 1 else 's'} of {run}."
    return f"{done} Nothing takes back {' and '.join(stay)}." if stay else done


def _ways_back(
    run: str, log: Log, actions: Mapping[str, Action[..., Any]], owners: Mapping[str, object]
) -> tuple[list[tuple[Call[Any], list[str]]], list[str]]:
    """The calls that undo a run's changes, last change first, and the names of the actions that have no way back.

    With each call stands where the text came from that may have chosen what it takes back, and so chooses here too.
    """
    entries = log.entries(run=run)
    intended = {
        entry.step: entry for entry in entries if entry.type == "devos.action.intended" and not entry.data["plan"]
    }
    calls: list[tuple[Call[Any], list[str]]] = []
    stay: list[str] = []
    for entry in reversed(entries):
        first = intended.get(entry.step)
        if entry.type != "devos.action.done" or entry.data["plan"] or first is None or first.data["effect"] == "read":
            continue
        name = str(entry.action)
        if name not in owners or first.payload is None or entry.payload is None:
            stay.append(name)
            continue
        back = _way_back(actions[name], owners[name], first.payload["args"], entry.payload["result"])
        if back is None:
            stay.append(name)
        else:
            facts = first.data.get("facts", {})
            calls.append((back, facts["opened"] if facts.get("outside") else []))
    return calls, stay


def _way_back(action: Action[..., Any], owner: object, stored: Mapping[str, Json], result: Json) -> Call[Any] | None:
    """The call that takes one change back; None where none does, or the action has another shape by now."""
    try:
        arguments = {name: action.arguments[name].validate_python(value) for name, value in stored.items()}
        return Call(action, owner, arguments).undo(action.result.validate_python(result))
    except (KeyError, ValidationError):
        return None
