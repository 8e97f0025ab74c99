"""The output of a step as it is stored, and the value that a request gets from it.

A step's output is JSON: {"digest": of the call, and one of "result", "error" or "refused"}, with "opened" where a poll
opened values from outside. It is always decoded, also the first time, so that a replayed run sees exactly what the
first one saw.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from policies.action import Call, IntegrationError, Json, digest
from policies.outside import stored


class Refused(Exception):
    """A rule or a person said no."""

    def __init__(self, message: str, rule: str = "", where: str = "") -> None:
        super().__init__(message, rule, where)
        self.rule, self.where = rule, where

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True)
class Origin:
    """Whose request an action belongs to: the same for all actions of a run."""

    run: str
    person: str
    channel: str
    """voice, file, typed, hotkey or web."""
    intent: str
    tier: str
    slots: Mapping[str, Json] = field(default_factory=dict, compare=False)
    """What the person said, by slot: an argument of that name that equals it is clean (policies/provenance.py)."""
    constants: frozenset[str] = field(default=frozenset(), compare=False)
    """The texts that stand in the request's own code and in the settings: as arguments they are clean too."""


def key_of(origin: Origin, call: Call[Any], step: int) -> str:
    """The idempotency key of a step: the same at every attempt, in every process."""
    return digest([origin.run, step, call.digest])[:32]


def result(call: Call[Any], value: Any) -> Json:
    """The output of a call that returned `value`."""
    return {"digest": call.digest, "result": call.action.result.dump_python(value, mode="json")}


def error(call: Call[Any], raised: IntegrationError) -> Json:
    """The output of a call that raised."""
    return {"digest": call.digest, "error": failed(raised)}


def failed(raised: IntegrationError) -> Json:
    """An error as it is stored."""
    return {"kind": raised.kind, "args": list(map(stored, raised.args)), "text": raised.readable}


def refusal(call: Call[Any], refused: Refused) -> Json:
    """The output of a call that was refused."""
    return {"digest": call.digest, "refused": [str(refused), refused.rule, refused.where]}


def decode(call: Call[Any], output: Json) -> Any:
    """The value an output holds.

    Raises:
        IntegrationError: the action failed; the same class with the same arguments as when it was performed.
        Refused: a rule or a person refused it.
        pydantic.ValidationError: the result is not of the action's type.
    """
    check(output)
    return call.action.result.validate_python(output["result"])


def check(output: Json) -> None:
    """Raise what an output says that went wrong, if anything: errors as the class they were, where it still exists."""
    if "refused" in output:
        raise Refused(*output["refused"])
    if "error" in output:
        stored = output["error"]
        kind = IntegrationError.known.get(stored["kind"])
        raise IntegrationError(stored["text"]) if kind is None else kind(*stored["args"])
