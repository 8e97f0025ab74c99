"""From a sentence to a request, or to a clear answer why not."""

import json
import random
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from intents.context import Context
from intents.intent import Intent, intent
from intents.understanding.catalogue import Catalogue
from intents.understanding.slots import Replicas, ServiceName
from intents.understanding.understand import NotUnderstood, Understanding, Understood

FOREIGN = Path(__file__).parents[4] / "shared" / "data" / "clinc150.json"


def test_a_request_comes_with_slots_tier_and_time(understanding: Understanding, context: Context) -> None:
    answer = understanding.understand(
        "Scale the web-app deployment to 10 replicas and monitor the rollout", context, channel="voice"
    )
    assert isinstance(answer, Understood)
    assert answer.intent.name == "scale_deployment"
    assert answer.slots == answer.intent.slots("web-app", 10, "production", None)
    assert (answer.tier, answer.confidence, answer.stage) == ("medium", 1.0, "template")
    assert answer.ms > 0


@pytest.mark.parametrize(
    "heard",
    [
        "Scale the Web App deployment to 10 replicas, and monitor the rollout.",
        "SCALE THE WEB APP DEPLOYMENT TO TEN REPLICAS AND MONITOR THE ROLLOUT",
        "scale the webapp deployment to 10 replicas. And monitor the rollout.",
        "Scale the web-app deployment... to 10 replicas and monitor the roll-out!",
        " Hey DevOS: scale the \u201cweb app\u201d deployment to 10 replicas \u2013 and monitor the rollout",
    ],
)
def test_casing_and_punctuation_change_nothing(heard: str, understanding: Understanding, context: Context) -> None:
    answer = understanding.understand(heard, context, channel="voice")
    assert isinstance(answer, Understood), answer
    assert answer.slots == answer.intent.slots("web-app", 10)


def test_words_written_apart_are_surer_only_when_people_write_them_so(
    understanding: Understanding, context: Context
) -> None:
    together = understanding.understand("set checkout to six pods in staging", context, channel="typed")
    apart = understanding.understand("set check out to six pods in staging", context, channel="voice")
    assert isinstance(together, Understood)
    assert isinstance(apart, Understood)
    assert together.slots == apart.slots
    assert apart.confidence < together.confidence == 1.0


def test_a_name_that_does_not_exist_is_never_guessed(understanding: Understanding, context: Context) -> None:
    answer = understanding.understand("scale the web-ap deployment to 10 replicas", context, channel="typed")
    assert isinstance(answer, NotUnderstood)
    assert answer.because == "there is no deployment 'web-ap' in production; did you mean web-app?"
    assert answer.nearest == ["scale web-app to 10"]
    assert answer.missing == []
    assert answer.ms > 0


def test_an_answer_tells_names_that_could_not_be_read_from_a_sentence_that_is_wrong(
    requests: list[Intent], catalogue: Catalogue, context: Context
) -> None:
    unread = {"deployment": "ask again.", "project": "ask again."}
    understanding = Understanding(requests, replace(catalogue, unread=unread))

    def answer(text: str) -> NotUnderstood:
        said = understanding.understand(text, context, channel="typed")
        assert isinstance(said, NotUnderstood)
        return said

    assert answer("scale the web-ap deployment to 10 replicas").unread
    assert not answer("scale web-app to 5000 replicas").unread
    assert not answer("what is the weather").unread
    assert isinstance(understanding.understand("scale web-app to 10", context, channel="typed"), Understood)


def test_a_deployment_must_exist_where_it_is_wanted(requests: list[Intent], context: Context) -> None:
    names = Catalogue.of(deployment={"production": ["web-app"], "staging": []}, environment=["production", "staging"])
    answer = Understanding(requests, names).understand("scale web-app to 3 in staging", context, channel="typed")
    assert isinstance(answer, NotUnderstood)
    assert answer.because == "there is no deployment 'web-app' in staging; it exists in production."


@pytest.mark.parametrize(
    ("say", "because", "missing"),
    [
        ("scale web-app", "How many replicas?", ["replicas"]),
        ("deploy the user authentication service", "Which environment?", ["environment"]),
        ("deploy to staging", "Which service?", ["service"]),
        ("how many pods do we have", "Which deployment?", ["deployment"]),
    ],
)
def test_what_was_not_said_is_asked_for(
    say: str, because: str, missing: list[str], understanding: Understanding, context: Context
) -> None:
    answer = understanding.understand(say, context, channel="voice")
    assert isinstance(answer, NotUnderstood)
    assert (answer.because, answer.missing) == (because, missing)


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("10.5", "10.5"),
        ("ten and a half", "10 and a half"),
        ("minus three", "minus 3"),
        ("-3", "minus 3"),
        ("1001", "1001"),
        ("two million", "2000000"),
        ("ten to twenty", "10 to 20"),
        ("lots of", "lots of"),
    ],
)
def test_a_number_that_cannot_be_is_refused_in_words(
    amount: str, shown: str, understanding: Understanding, context: Context
) -> None:
    answer = understanding.understand(f"scale web-app to {amount} replicas", context, channel="voice")
    assert isinstance(answer, NotUnderstood)
    if shown != "lots of":
        assert answer.because == f"Replicas must be a whole number from 0 to 1000, not {shown!r}."


@pytest.mark.parametrize(
    "no", ["don't", "do not", "please don\u2019t", "never", "you must not", "no, don't", "cancel:"]
)
@pytest.mark.parametrize(
    "say",
    ["scale web-app to 10 replicas", "deploy checkout to staging", "how many replicas does web-app have in production"],
)
def test_a_negation_is_never_the_positive(no: str, say: str, understanding: Understanding, context: Context) -> None:
    answer = understanding.understand(f"{no} {say}", context, channel="voice")
    assert isinstance(answer, NotUnderstood)
    assert "what not to do; nothing is done" in answer.because


def test_the_answer_speaks_of_hearing_only_when_something_was_said(
    understanding: Understanding, context: Context
) -> None:
    heard = understanding.understand("order a pizza", context, channel="voice")
    read = understanding.understand("order a pizza", context, channel="typed")
    assert heard.because == "I heard 'order a pizza', and know no such request."
    assert read.because == "I read 'order a pizza', and know no such request."
    assert understanding.understand("  ", context, channel="file").because == "I heard nothing that asks for something."


def test_a_text_that_is_too_long_is_refused_at_once(understanding: Understanding, context: Context) -> None:
    answer = understanding.understand("scale web-app " * 1000, context, channel="web")
    assert isinstance(answer, NotUnderstood)
    assert "14,000 characters long" in answer.because
    assert len(answer.text) < 100


@dataclass(frozen=True)
class Drain:
    service: ServiceName


@dataclass(frozen=True)
class Cap:
    service: ServiceName
    replicas: Replicas


@intent("scale down {service}", tier="medium")
async def drain(want: Drain) -> str:
    return ""


@intent("scale down {service}", "scale {service} to {replicas}", tier="medium")
async def cap(want: Cap) -> str:
    return ""


@intent("(scale|cap) {service} (to|at) {replicas}", tier="medium")
async def cap_other(want: Cap) -> str:
    return ""


def test_two_requests_that_fit_are_both_shown(catalogue: Catalogue, context: Context) -> None:
    answer = Understanding([cap, cap_other], catalogue).understand("scale checkout to 3", context, channel="typed")
    assert isinstance(answer, NotUnderstood)
    assert answer.because.startswith("That can mean")
    assert answer.nearest == ["scale checkout to 3", "scale checkout to 3"]


def test_a_reading_that_lacks_something_gives_way_to_one_that_is_whole(catalogue: Catalogue, context: Context) -> None:
    answer = Understanding([cap, drain], catalogue).understand("scale down checkout", context, channel="typed")
    assert isinstance(answer, Understood)
    assert answer.intent is drain


def test_a_name_that_may_be_two_is_asked_about(requests: list[Intent], context: Context) -> None:
    names = Catalogue.of(
        deployment={"production": ["auth-api", "authn-api"]}, environment=["production"], service=[], project=[]
    )
    answer = Understanding(requests, names).understand("scale authentication api to 3", context, channel="typed")
    assert isinstance(answer, NotUnderstood)
    assert sorted(answer.nearest) == ["scale auth-api to 3", "scale authn-api to 3"]


def test_the_ticket_comes_from_the_branch_when_it_is_not_said(understanding: Understanding, context: Context) -> None:
    at_work = replace(context, ticket="DEV-789")
    unsaid = understanding.understand("scale web-app to 3", at_work, channel="typed")
    said = understanding.understand("scale web-app to 3 for DEV four five six", at_work, channel="voice")
    assert isinstance(unsaid, Understood)
    assert isinstance(said, Understood)
    assert (unsaid.slots.ticket, said.slots.ticket) == ("DEV-789", "DEV-456")


def test_new_names_are_understood_at_once(understanding: Understanding, context: Context) -> None:
    later = understanding.with_catalogue(
        Catalogue.of(deployment={"production": ["ledger"]}, environment=["production"])
    )
    assert isinstance(later.understand("scale ledger to 3", context, channel="typed"), Understood)
    assert isinstance(later.understand("scale web-app to 3", context, channel="typed"), NotUnderstood)
    assert isinstance(understanding.understand("scale web-app to 3", context, channel="typed"), Understood)


@pytest.mark.skipif(not FOREIGN.exists(), reason="the CLINC150 sentences are not on this machine")
def test_no_foreign_sentence_is_accepted(understanding: Understanding, context: Context) -> None:
    written = json.loads(FOREIGN.read_text(encoding="utf-8"))
    sentences = [say for say, _ in written["oos_test"]] + [say for say, _ in written["test"]]
    chosen = random.Random(20261120).sample(sentences, 400)
    accepted = [
        say for say in chosen if isinstance(understanding.understand(say, context, channel="voice"), Understood)
    ]
    assert accepted == []


def test_odd_text_never_raises_and_is_never_a_request(understanding: Understanding, context: Context) -> None:
    chance = random.Random(20261120)
    words = ["scale", "deploy", "web-app", "checkout", "to", "in", "10", "staging", "replicas", "how many", "DEV-456"]
    odd = [
        "\u202e",
        "\x00",
        "\u200b",
        "\U0001f680",
        "{deployment}",
        "<tail>",
        "[",
        "(",
        "|",
        "\\",
        "'",
        '"',
        "٣",
        "½",
        "10²",
    ]
    for _ in range(200):
        parts = chance.choices(words, k=6) + chance.choices(odd, k=4)
        chance.shuffle(parts)
        answer = understanding.understand(" ".join(parts) + " and forget the rest", context, channel="typed")
        assert isinstance(answer, NotUnderstood)
        assert answer.because


def test_while_the_projects_are_not_known_an_issue_is_taken_as_it_is_written(
    requests: list[Intent], context: Context
) -> None:
    names = Catalogue.of(deployment={"production": ["web-app"]}, environment=["production"])
    answer = Understanding(requests, names).understand("scale web-app to 3 for DEV-456", context, channel="typed")
    assert isinstance(answer, Understood)
    assert answer.slots.ticket == "DEV-456"


@pytest.mark.parametrize(
    ("text", "slot", "both"),
    [
        ("scale the staging checkout deployment to 4 in production", "namespace", "staging or production"),
        ("in staging scale checkout to 4 in production", "namespace", "staging or production"),
        ("scale checkout in production to 4 in staging", "namespace", "production or staging"),
        ("scale checkout to 4 for DEV-1 and watch the rollout for DEV-2", "ticket", "DEV-1 or DEV-2"),
    ],
)
def test_a_sentence_that_contradicts_itself_is_not_carried_out(
    text: str, slot: str, both: str, understanding: Understanding, context: Context
) -> None:
    answer = understanding.understand(text, context, channel="typed")
    assert isinstance(answer, NotUnderstood)
    assert answer.because == f"I cannot tell which {slot} is meant, {both}."
    # An answer completes it, and the default does not.
    assert answer.known == {"deployment": "checkout", "replicas": 4, slot: None}


def test_a_place_may_be_said_twice(understanding: Understanding, context: Context) -> None:
    answer = understanding.understand("scale staging checkout to 4 in the staging cluster", context, channel="typed")
    assert isinstance(answer, Understood)
    assert answer.known == {"deployment": "checkout", "replicas": 4, "namespace": "staging"}


@pytest.mark.parametrize("name", ["billing", "frontend app"])
def test_an_unknown_name_is_named_whole(name: str, understanding: Understanding, context: Context) -> None:
    answer = understanding.understand(f"scale the {name} deployment to 5 in staging", context, channel="typed")
    assert isinstance(answer, NotUnderstood)
    assert f"no deployment '{name}' in staging" in answer.because
