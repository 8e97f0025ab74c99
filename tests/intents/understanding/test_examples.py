"""Sentences filled in for the person to read."""

from dataclasses import dataclass

import pytest

from intents.intent import Intent, intent
from intents.understanding.catalogue import Catalogue
from intents.understanding.examples import Examples
from intents.understanding.slots import Replicas, TicketKey
from intents.understanding.templates import Templates
from intents.understanding.understand import Understanding, Understood


@pytest.fixture
def examples(requests: list[Intent], catalogue: Catalogue) -> Examples:
    return Examples(Templates(requests), catalogue)


def test_a_template_is_filled_with_what_is_known(examples: Examples, requests: list[Intent]) -> None:
    scale, deploy, count = requests
    assert examples.filled(scale, {"deployment": "web-app", "replicas": "10"}) == "scale web-app to 10"
    assert examples.filled(scale, {"deployment": "web-app"}) == "scale web-app to <replicas>"
    assert examples.filled(deploy, {"environment": "staging"}) == "deploy <service> to staging"
    said = examples.filled(count, {"deployment": "checkout", "namespace": "staging"})
    assert said == "how many replicas does checkout have in staging"


def test_each_slot_is_said_once(examples: Examples, requests: list[Intent]) -> None:
    scale = requests[0]
    values = {"deployment": "web-app", "replicas": "10", "namespace": "staging", "ticket": "DEV-456"}
    said = examples.filled(scale, values)
    assert [said.count(value) for value in values.values()] == [1, 1, 1, 1]


def test_what_an_example_says_is_understood(
    examples: Examples, requests: list[Intent], understanding: Understanding, context: object
) -> None:
    values = {
        "scale_deployment": {"deployment": "web-app", "replicas": "10", "namespace": "staging", "ticket": "DEV-456"},
        "deploy_service": {"service": "checkout", "environment": "staging", "version": "v2.1.0", "ticket": "DEV-456"},
        "count_replicas": {"deployment": "checkout", "namespace": "staging"},
    }
    for each in requests:
        answer = understanding.understand(examples.filled(each, values[each.name]), context, channel="typed")
        assert isinstance(answer, Understood)
        assert {name: str(value) for name, value in vars(answer.slots).items()} == values[each.name]


def test_slots_that_no_template_says_together_leave_the_template_itself(
    examples: Examples, requests: list[Intent]
) -> None:
    count = requests[2]
    assert examples.filled(count, {"deployment": "checkout", "unheard of": "x"}) == count.sentences[0]


def test_only_examples_that_are_alike_are_offered(examples: Examples) -> None:
    assert examples.alike("how many replicas") == ["how many replicas does web-app have"]
    assert examples.alike("order a pizza for tonight") == []


def test_without_names_an_example_shows_the_slots(requests: list[Intent]) -> None:
    nameless = Examples(Templates(requests), Catalogue.of())
    assert nameless.alike("how many replicas") == ["how many replicas does <deployment> have"]


@dataclass(frozen=True)
class Close:
    ticket: TicketKey
    copies: Replicas


@intent("close {ticket} with {copies} copies", tier="simple")
async def close_ticket(want: Close) -> str:
    return ""


def test_numbers_and_shapes_have_samples_of_their_own() -> None:
    assert Examples(Templates([close_ticket]), Catalogue.of()).alike("close it with some copies") == [
        "close DEV-456 with 3 copies"
    ]
