"""Turn by turn: fragments, corrections and choices complete a request that is known already."""

import pytest

from intents.context import Context
from intents.intent import Intent
from intents.understanding.catalogue import Catalogue
from intents.understanding.understand import NotUnderstood, Understanding, Understood


def told(
    understanding: Understanding, context: Context, text: str, chosen: Intent, **known: object
) -> tuple[str, dict[str, object]]:
    """The request and slots that an answer makes; with nothing understood, what is said, and what is known."""
    answer = understanding.understand(text, context, channel="voice", chosen=chosen, known=known)
    if isinstance(answer, Understood):
        return answer.intent.name, answer.known
    return answer.because, dict(answer.known)


def test_a_fragment_completes_the_request_that_is_chosen(
    understanding: Understanding, context: Context, requests: list[Intent]
) -> None:
    scale = requests[0]
    whole = ("scale_deployment", {"deployment": "web-app", "replicas": 10, "namespace": "production"})
    assert told(understanding, context, "Web-app to ten.", scale) == whole
    assert told(understanding, context, "ten", scale, deployment="web-app") == whole
    assert told(understanding, context, "Scale it to ten", scale, deployment="web-app") == whole
    assert told(understanding, context, "The web-app one.", scale, replicas=10) == whole
    assert told(understanding, context, "", scale, deployment="web-app", replicas=10) == whole
    assert told(understanding, context, "ten", scale) == ("Which deployment?", {"replicas": 10})
    assert told(understanding, context, "staging", scale, deployment="web-app") == (
        "How many replicas?",
        {"deployment": "web-app", "namespace": "staging"},
    )


def test_with_nothing_said_everything_that_is_missing_is_named(
    understanding: Understanding, context: Context, requests: list[Intent]
) -> None:
    answer = understanding.understand("", context, channel="hotkey", chosen=requests[0])
    assert isinstance(answer, NotUnderstood)
    assert (answer.missing, answer.intent) == (["deployment", "replicas"], requests[0])


def test_an_answer_can_be_completed_turn_by_turn(understanding: Understanding, context: Context) -> None:
    first = understanding.understand("deploy the checkout service", context, channel="voice")
    assert isinstance(first, NotUnderstood)
    assert first.intent is not None
    second = understanding.understand("staging", context, channel="voice", chosen=first.intent, known=first.known)
    assert isinstance(second, Understood)
    assert second.known == {"service": "checkout", "environment": "staging"}


@pytest.mark.parametrize(
    ("correction", "changed"),
    [
        ("no, I meant staging", {"namespace": "staging"}),
        ("not web-app, checkout", {"deployment": "checkout"}),
        ("make that five", {"replicas": 5}),
        ("staging, not production", {"namespace": "staging"}),
        ("no, make it five in staging", {"replicas": 5, "namespace": "staging"}),
        ("no, scale checkout to three", {"deployment": "checkout", "replicas": 3}),
        ("not ten, twelve", {"replicas": 12}),
    ],
)
def test_a_correction_changes_what_it_says_and_nothing_else(
    correction: str, changed: dict[str, object], understanding: Understanding, context: Context, requests: list[Intent]
) -> None:
    said = {"deployment": "web-app", "replicas": 10, "namespace": "production"}
    assert told(understanding, context, correction, requests[0], **said) == ("scale_deployment", said | changed)


@pytest.mark.parametrize(
    "said", ["no", "no, don't scale it", "not checkout, web-app", "don't make that five", "never mind that", "stop it"]
)
def test_no_refusal_is_taken_for_a_correction(
    said: str, understanding: Understanding, context: Context, requests: list[Intent]
) -> None:
    known = {"deployment": "web-app", "replicas": 10, "namespace": "production"}
    answer = understanding.understand(said, context, channel="voice", chosen=requests[0], known=known)
    assert isinstance(answer, NotUnderstood), answer
    assert "nothing is done" in answer.because


def test_what_was_rejected_does_not_come_back_as_the_default(
    understanding: Understanding, context: Context, requests: list[Intent]
) -> None:
    known = {"deployment": "web-app", "replicas": 10, "namespace": "production"}
    rejected = understanding.understand("not production", context, channel="voice", chosen=requests[0], known=known)
    assert isinstance(rejected, NotUnderstood)
    assert (rejected.because, rejected.missing) == ("Which namespace?", ["namespace"])
    still = told(understanding, context, "twelve", requests[0], **rejected.known)
    assert still == ("Which namespace?", {"deployment": "web-app", "replicas": 12, "namespace": None})
    assert told(understanding, context, "staging", requests[0], **rejected.known)[0] == "scale_deployment"


def test_a_sentence_that_says_another_request_whole_is_that_one(
    understanding: Understanding, context: Context, requests: list[Intent]
) -> None:
    assert told(understanding, context, "how many pods does checkout have", requests[0])[0] == "count_replicas"


def test_a_name_that_comes_near_is_an_option(
    understanding: Understanding, context: Context, requests: list[Intent]
) -> None:
    answer = understanding.understand("web-ap to ten", context, channel="voice", chosen=requests[0])
    assert isinstance(answer, NotUnderstood)
    assert answer.because == "there is no deployment 'web-ap' in production; did you mean web-app?"
    (option,) = answer.options
    assert (option.label, option.known) == ("web-app", {"deployment": "web-app", "replicas": 10})
    assert told(understanding, context, "", requests[0], **option.known)[0] == "scale_deployment"


def test_what_has_nothing_to_do_with_the_question_leaves_it_open(
    understanding: Understanding, context: Context, requests: list[Intent]
) -> None:
    answer = understanding.understand(
        "order a pizza with cheese", context, channel="voice", chosen=requests[0], known={"deployment": "web-app"}
    )
    assert isinstance(answer, NotUnderstood)
    assert "know no such request" in answer.because
    assert (answer.intent, answer.known) == (requests[0], {"deployment": "web-app"})


def test_two_readings_are_options_by_name(requests: list[Intent], context: Context) -> None:
    names = Catalogue.of(
        deployment={"production": ["auth-api", "authn-api"]}, environment=["production"], service=[], project=[]
    )
    answer = Understanding(requests, names).understand("scale authentication api to 3", context, channel="voice")
    assert isinstance(answer, NotUnderstood)
    assert sorted(option.label for option in answer.options) == ["auth-api", "authn-api"]


def test_a_text_that_is_too_long_is_refused_while_something_is_asked_too(
    understanding: Understanding, context: Context, requests: list[Intent]
) -> None:
    answer = understanding.understand("ten " * 1000, context, channel="voice", chosen=requests[0])
    assert isinstance(answer, NotUnderstood)
    assert answer.intent is requests[0]


def test_an_answer_says_whether_only_something_is_missing(
    understanding: Understanding, context: Context, requests: list[Intent]
) -> None:
    def asks(text: str, chosen: Intent | None = None) -> bool:
        answer = understanding.understand(text, context, channel="voice", chosen=chosen)
        assert isinstance(answer, NotUnderstood)
        return answer.asks

    assert asks("scale web-app")
    assert asks("", requests[0])
    assert asks("staging", requests[0])
    assert not asks("scale web-ap")
    assert not asks("web-ap", requests[0])
    assert not asks("order a pizza")
