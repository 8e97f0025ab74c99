"""From a reading to checked slots, or to what is wrong with it."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from intents.context import Context
from intents.intent import Intent
from intents.understanding.catalogue import Catalogue
from intents.understanding.examples import Examples
from intents.understanding.resolve import Refusal, Resolving, faults, missing_in
from intents.understanding.templates import Reading, Templates, Unknown

Read = Callable[..., Reading]


@pytest.fixture
def resolving(requests: list[Intent], catalogue: Catalogue) -> Resolving:
    return Resolving(catalogue, Examples(Templates(requests), catalogue))


@pytest.fixture
def scale(requests: list[Intent]) -> Read:
    """Makes a reading of "scale …" with the slots given."""
    return lambda **slots: Reading(requests[0], tuple(slots.items()), literal=7, respelled=False)


def working_on(ticket: str | None) -> Context:
    return Context(project="shop", branch=None, ticket=ticket, folder=None, person="ines")


def test_slots_become_the_requests_dataclass(resolving: Resolving, scale: Read, requests: list[Intent]) -> None:
    reading = scale(deployment="web-app", replicas=10, namespace="staging")
    assert resolving.resolve(reading, working_on(None)) == requests[0].slots("web-app", 10, "staging", None)


def test_the_context_fills_the_ticket_that_was_not_said(resolving: Resolving, scale: Read) -> None:
    unsaid, said = scale(deployment="web-app", replicas=10), scale(deployment="web-app", replicas=10, ticket="DEV-1")
    assert resolving.resolve(unsaid, working_on("DEV-789")).ticket == "DEV-789"
    assert resolving.resolve(said, working_on("DEV-789")).ticket == "DEV-1"


@pytest.mark.parametrize("ticket", ["UTF-8", "DEV-789; rm -rf", "dev-789", ""])
def test_a_ticket_of_no_known_project_or_shape_is_not_taken(resolving: Resolving, scale: Read, ticket: str) -> None:
    assert resolving.resolve(scale(deployment="web-app", replicas=10), working_on(ticket)).ticket is None


def test_what_is_missing_is_asked_for(resolving: Resolving, scale: Read) -> None:
    assert resolving.resolve(scale(deployment="web-app"), working_on(None)) == Refusal(
        "How many replicas?", ["scale web-app to <replicas>"], ["replicas"]
    )
    nothing = resolving.resolve(scale(), working_on(None))
    assert (nothing.because, nothing.missing) == ("Which deployment? How many replicas?", ["deployment", "replicas"])
    assert missing_in(scale(replicas=3)) == ["deployment"]


@pytest.mark.parametrize(
    ("slots", "because"),
    [
        (
            {"deployment": Unknown("web-ap"), "replicas": 1},
            "there is no deployment 'web-ap' in production; did you mean",
        ),
        ({"deployment": Unknown("web-ap"), "replicas": 1, "namespace": "staging"}, "'web-ap' in staging; did you mean"),
        ({"deployment": "web-app", "replicas": 1, "namespace": Unknown("moon")}, "there is no environment 'moon'"),
        ({"deployment": "web-app", "replicas": Unknown("10.5")}, "whole number from 0 to 1000, not '10.5'"),
        ({"deployment": "web-app", "replicas": 1, "ticket": Unknown("abc 12")}, "must look like DEV-456, not 'abc 12'"),
        ({"deployment": "web-app", "replicas": 1, "ticket": "ABC-12"}, "there is no project 'ABC'"),
    ],
)
def test_each_kind_of_slot_says_what_is_wrong(
    resolving: Resolving, scale: Read, slots: dict[str, object], because: str
) -> None:
    refusal = resolving.resolve(scale(**slots), working_on(None))
    assert isinstance(refusal, Refusal)
    # An environment that does not exist also has no deployments, so that either may be named first.
    assert because in refusal.because


def test_a_near_name_is_offered_in_the_whole_sentence(resolving: Resolving, scale: Read) -> None:
    refusal = resolving.resolve(scale(deployment=Unknown("web-ap"), replicas=10), working_on(None))
    assert refusal.nearest == ["scale web-app to 10"]


def test_what_could_not_be_read_is_not_claimed(requests: list[Intent], catalogue: Catalogue, scale: Read) -> None:
    nothing = replace(catalogue, names={**catalogue.names, "deployment": {}}, unread={"deployment": "ask again."})
    resolving = Resolving(nothing, Examples(Templates(requests), nothing))
    reading = scale(deployment=Unknown("the old payment gateway"), replicas=10)
    assert list(resolving.likely([reading])) == [reading]
    refusal = resolving.resolve(reading, working_on(None))
    assert isinstance(refusal, Refusal)
    assert refusal.because == (
        "It is not known whether there is a deployment 'the old payment gateway' in production: ask again."
    )
    assert refusal.nearest == ["scale the old payment gateway to 10"]


def test_names_that_were_read_once_are_still_offered(requests: list[Intent], catalogue: Catalogue, scale: Read) -> None:
    stale = replace(catalogue, unread={"deployment": "ask again."})
    refusal = Resolving(stale, Examples(Templates(requests), stale)).resolve(
        scale(deployment=Unknown("web-ap"), replicas=10), working_on(None)
    )
    assert isinstance(refusal, Refusal)
    assert refusal.because.startswith("It is not known whether") and refusal.nearest == ["scale web-app to 10"]


def test_readings_are_ranked_by_how_much_is_wrong(resolving: Resolving, scale: Read) -> None:
    whole = scale(deployment="web-app", replicas=10)
    number = scale(deployment="web-app", replicas=Unknown("ten-ish"))
    like = scale(deployment=Unknown("web-ap"), replicas=10)
    unlike = scale(deployment=Unknown("pizza"), replicas=10)
    both = scale(deployment=Unknown("web-ap"), replicas=Unknown("lots"))
    lacking = scale(deployment="web-app")
    shuffled = [both, like, lacking, whole, unlike, number]
    assert list(resolving.likely(shuffled)) == [whole, number, like, unlike, both, lacking]
    assert sorted(shuffled, key=faults)[0] is whole


def test_many_words_that_resemble_no_name_are_another_sentence(resolving: Resolving, scale: Read) -> None:
    short = scale(deployment=Unknown("banana bread"), replicas=1)
    like = scale(deployment=Unknown("the web up app"), replicas=1)
    number = scale(deployment="web-app", replicas=Unknown("as many as possible"))
    other = scale(deployment=Unknown("fish in my pond"), replicas=1)
    assert list(resolving.likely([other, short, like, number])) == [number, like, short]
