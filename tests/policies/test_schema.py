"""The schema says exactly what the signatures say."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

import cedarpy
import pytest

from policies.action import Content, Effect, Outside, action, actions_of
from policies.schema import CHOICES, Argument, arguments_of, schema_of


class Risk(StrEnum):
    LOW = "low"
    HIGH = "high"


class Sample:
    @action(Effect.CHANGE)
    async def everything(
        self,
        text: str,
        body: Content,
        number: int,
        switch: bool,
        names: list[str],
        numbers: tuple[int, ...],
        switches: Sequence[bool],
        risk: Risk,
        speed: Literal["slow", "fast"],
        speeds: set[Literal["slow", "fast"]],
        maybe: int | None = None,
        maybe_risk: Risk | None = None,
    ) -> None: ...

    @action(Effect.CHANGE)
    async def nothing(
        self,
        fraction: float,
        when: datetime,
        table: dict[str, str],
        either: int | str,
        pair: tuple[int, int],
        nested: list[list[str]],
        holes: list[str | None],
        fractions: list[float],
        digits: Literal[1, 2],
        maybe_fraction: float | None = None,
        either_or_none: int | str | None = None,
    ) -> None: ...

    @action(Effect.READ)
    async def look(self) -> None: ...

    @action(Effect.DESTROY)
    async def drop(self, key: str, why: str | None = None, fraction: float = 0.5) -> None: ...


ACTIONS = actions_of(Sample)


def test_types_every_parameter_that_cedar_can_carry() -> None:
    assert arguments_of(ACTIONS["sample.everything"]) == {
        "text": Argument("String"),
        "body": Argument("String"),
        "number": Argument("Long"),
        "switch": Argument("Bool"),
        "names": Argument("Set<String>"),
        "numbers": Argument("Set<Long>"),
        "switches": Argument("Set<Bool>"),
        "risk": Argument("String", choices=("low", "high")),
        "speed": Argument("String", choices=("slow", "fast")),
        "speeds": Argument("Set<String>", choices=("slow", "fast")),
        "maybe": Argument("Long", optional=True),
        "maybe_risk": Argument("String", optional=True, choices=("low", "high")),
    }


def test_text_that_may_be_boxed_looks_like_text() -> None:
    class Mail:
        @action(Effect.CHANGE)
        async def send(
            self,
            to: str,
            body: Content,
            note: Content | None = None,
            quoted: Outside[str] | None = None,
            odd: Outside[int] | str = "",
        ) -> None: ...

    assert arguments_of(actions_of(Mail)["mail.send"]) == {
        "to": Argument("String"),
        "body": Argument("String"),
        "note": Argument("String", optional=True),
        "quoted": Argument("String", optional=True),
    }


def test_groups_are_enumerated_where_there_are_any() -> None:
    rule = 'permit(principal in Group::"on-cal", action, resource);'
    for groups, passes in ((["on-call", "payments"], False), (["on-cal", 'with "quotes"'], True), ([], True)):
        schema = cedarpy.Schema.from_str(schema_of(ACTIONS, groups))
        assert cedarpy.validate_policies(rule, schema).validation_passed is passes


def test_leaves_out_what_cedar_has_no_type_for() -> None:
    assert arguments_of(ACTIONS["sample.nothing"]) == {}


def test_writes_each_action_under_its_effect() -> None:
    lines = schema_of(ACTIONS).splitlines()
    (drop,) = (line for line in lines if line.startswith('action "sample.drop"'))
    assert drop == (
        'action "sample.drop" in [Action::"destroy"] appliesTo { principal: Person, resource: Thing, context: '
        '{"args": {"key": String, "why"?: String}, "channel": Channel, "tier": Tier, "intent": String, '
        '"weekday": Weekday, "hour": Long, "date": String, "outside": Set<String>, "opened": Set<String>, '
        '"before"?: Long, "after"?: Long, "bound"?: Long, "cost"?: Long} };'
    )
    assert lines[lines.index(drop) - 1] == "// A rule cannot see the argument fraction: Cedar has no type for it."
    assert any(line.startswith('action "sample.look" in [Action::"read"]') for line in lines)
    assert any(line.startswith('action "sample.everything" in [Action::"change"]') for line in lines)


@pytest.mark.parametrize("actions", [ACTIONS, {}])
def test_is_a_schema_that_cedar_reads(actions: dict[str, Any]) -> None:
    schema = cedarpy.Schema.from_str(schema_of(actions))
    for effect in Effect:
        rule = f'permit(principal is Person, action in Action::"{effect}", resource is Thing);'
        assert cedarpy.validate_policies(rule, schema).errors == []


@pytest.mark.parametrize("kind", CHOICES)
def test_enumerated_values_are_all_there_and_no_others(kind: str) -> None:
    schema = cedarpy.Schema.from_str(schema_of(ACTIONS))
    path = {"Environment": "resource.environment"}.get(kind, f"context.{kind.lower()}")
    for value in (*CHOICES[kind], "nonsense"):
        rule = f'permit(principal, action, resource) when {{ {path} == {kind}::"{value}" }};'
        assert cedarpy.validate_policies(rule, schema).validation_passed == (value != "nonsense")


@pytest.mark.parametrize(
    ("kind", "fits", "does_not"),
    [
        ("String", ["", "x"], [1, True, None, ["x"], {}]),
        ("Long", [0, -1, 2**80], ["1", True, 1.0, None]),
        ("Bool", [True, False], [0, 1, "true", None]),
        ("Set<String>", [[], ["x"]], ["x", [1], ["x", None], None, {"$text": []}]),
        ("Set<Long>", [[1, 2]], [[True], [1.5], 1]),
    ],
)
def test_a_value_fits_its_own_type_alone(kind: str, fits: list[Any], does_not: list[Any]) -> None:
    assert all(Argument(kind).fits(value) for value in fits)
    assert not any(Argument(kind).fits(value) for value in does_not)
