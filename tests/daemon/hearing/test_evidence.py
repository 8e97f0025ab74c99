"""What is believed and what is not, by Whisper's own figures."""

from __future__ import annotations

import math

import pytest

from daemon.hearing.evidence import Passage, confidence, doubt, may_recite, recites, says_twice, words


def passage(text: str, certainty: float = -0.2, silence: float = 0.05, ratio: float = 0.9, tokens: int = 10) -> Passage:
    return Passage(text, certainty, silence, ratio, tokens)


@pytest.mark.parametrize(
    "heard",
    [
        passage("Set checkout to 6 pods in staging.", -0.03, 0.03),
        passage("Set checkout to 6 of the staging.", -1.09, 0.14),
        passage("Check out the 6th of the insane game.", -1.15, 0.3),
        passage("Thank you.", -0.1, 0.01),
        passage("Yes."),
        passage("go go go go go go"),
        passage("A request that is certain and in a noisy room", -0.1, 0.5),
    ],
)
def test_believed(heard: Passage) -> None:
    assert doubt(heard) is None


@pytest.mark.parametrize(
    ("heard", "because"),
    [
        # What tiny.en made of noise that a tremolo broke into syllables, with the catalogue's prompt.
        (passage("Scale checkout to 20 replicas.", -0.95, 0.906), "does not seem to be speech"),
        (passage("Scale.", -1.13, 0.634), "does not seem to be speech"),
        (passage("Scale checkout to 20 replicas.", -0.1, 0.61), "does not seem to be speech"),
        (passage("Scale checkout to 20 replicas.", -0.16, 0.36), "does not seem to be speech"),
        (passage("Thanks for watching!", -0.2, 0.16), "none that can be made out"),
        (passage("Thank you.", -0.51, 0.01), "none that can be made out"),
        (passage("", 0.0, 0.2), "none that can be made out"),
        (passage(" . ", -0.6, 0.0), "none that can be made out"),
        (passage("of the of the of the", ratio=2.41), "over and over"),
        (passage("go go go go go go go go"), "over and over"),
        (passage("Sex chuck pods stage", -1.61), "it cannot be made out"),
    ],
)
def test_doubted(heard: Passage, because: str) -> None:
    reason = doubt(heard)
    assert reason is not None
    assert because in reason
    assert reason.endswith(".")


def test_words_are_lower_case_without_punctuation() -> None:
    assert words("Scale the Web-App, to 10!") == ["scale", "the", "web", "app", "to", "10"]


PROMPT = "DEV-456. Scale web-app to 12 replicas in production. Deploy checkout. Give checkout 4 pods."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Give checkout, 4 pods!", True),
        ("deploy checkout", True),
        ("Scale payment-service to 12 replicas", True),
        ("Scale payment-service to 10 replicas", False),
        ("Move DEV-456 to Done", False),
        ("deploy checkout to staging", False),
        ("", False),
    ],
)
def test_what_may_come_from_the_prompt(text: str, expected: bool) -> None:
    assert may_recite(text, PROMPT) is expected


@pytest.mark.parametrize(
    ("text", "unprompted", "expected"),
    [
        ("Give checkout 4 pods.", "Give check out 4 pods", False),
        ("Give checkout 4 pods.", "Give check out for pods", False),
        ("Give checkout 4 pods.", "Give checkout 8 pods", True),
        ("Give checkout 4 pods.", "you", True),
        ("Give checkout 4 pods.", "", True),
        ("Scale user-auth-service to 12 replicas", "Scale user or service to 10 replicas", True),
        ("Scale user-auth-service to 12 replicas", "Scale use a raw service to traffic us", False),
        ("Scale user-auth-service to 10 replicas", "Scale user auth service to 16 replicas", False),
    ],
)
def test_what_does_come_from_the_prompt(text: str, unprompted: str, expected: bool) -> None:
    assert recites(text, PROMPT, unprompted) is expected


def test_confidence_is_the_geometric_mean_over_all_tokens() -> None:
    assert confidence([passage("a", math.log(0.5), tokens=8)]) == pytest.approx(0.5)
    mixed = [passage("a", math.log(0.9), tokens=30), passage("b", math.log(0.3), tokens=10)]
    assert confidence(mixed) == pytest.approx((0.9**30 * 0.3**10) ** (1 / 40))
    assert confidence([passage("a", 1e-7)]) == 1.0  # by rounding, a certain token can lie above certainty
    assert confidence([passage("a", math.log(0.5), tokens=1)]) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("text", "twice"),
    [
        ("Scale web-app to 17 replicas. Scale web-app to 17 replicas.", True),
        ("Scale the web app. To 17 replicas, to 17 replicas", True),
        ("Scale web-app to 17 replicas and checkout to 17 replicas.", False),
        ("no no no no", False),
        ("", False),
    ],
)
def test_what_is_said_twice(text: str, twice: bool) -> None:
    assert says_twice(text) is twice
