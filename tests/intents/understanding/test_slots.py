"""The marks on a request's fields: how a slot is asked for, and what pydantic makes of it."""

from dataclasses import dataclass

import pytest
from pydantic import TypeAdapter, ValidationError

from intents.understanding.slots import (
    Between,
    DeploymentName,
    Named,
    Replicas,
    Shaped,
    TicketKey,
    Version,
    rules_in,
    slots_in,
    slots_of,
)


@dataclass(frozen=True)
class Request:
    deployment: DeploymentName
    replicas: Replicas
    ticket: TicketKey | None = None
    note: str = "not spoken"


def test_fields_become_slots_with_their_marks() -> None:
    slots = slots_of(Request)
    assert list(slots) == ["deployment", "replicas", "ticket"]
    assert slots["deployment"].mark == Named("deployment", within="namespace")
    assert slots["replicas"].mark == Between(0, 1000)
    assert isinstance(slots["ticket"].mark, Shaped)
    assert [slot.required for slot in slots.values()] == [True, True, False]


def test_a_slot_knows_how_to_be_asked_for() -> None:
    slots = slots_of(Request)
    assert slots["deployment"].question == "Which deployment?"
    assert slots["replicas"].question == "How many replicas?"


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        (Replicas, [0, 1000], [-1, 1001]),
        (TicketKey, ["DEV-456", "PERF2-1"], ["dev-456", "DEV456", "DEV-0", "DEV-456 ", "DEV-456\nx"]),
        (Version, ["v2", "v2.1", "v2.1.0"], ["2.1", "v2.1.0.0", "v", "v2."]),
    ],
)
def test_json_is_held_to_the_mark(kind: object, right: list[object], wrong: list[object]) -> None:
    adapter = TypeAdapter(kind)
    for value in right:
        assert adapter.validate_python(value) == value
    for value in wrong:
        with pytest.raises(ValidationError):
            adapter.validate_python(value)


def test_templates_are_searched_for_slots_and_rules() -> None:
    assert slots_in("scale {deployment} to {replicas} [<where>]") == {"deployment", "replicas"}
    assert rules_in("scale {deployment} to {replicas} [<where>] <tail>") == {"where", "tail"}
