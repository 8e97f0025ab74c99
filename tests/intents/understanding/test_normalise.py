"""One spelling for what was said."""

import random
import unicodedata

import pytest

from intents.understanding.normalise import LONGEST, TooLong, normalise

PROJECTS = ("DEV", "PERF", "CODE")


@pytest.mark.parametrize(
    ("said", "plain"),
    [
        ("Scale the Web App to ten replicas.", "scale the web app to 10 replicas"),
        ("to six pods", "to 6 pods"),
        ("two hundred and fifty pods", "250 pods"),
        ("a hundred pods", "100 pods"),
        ("twenty-five pods", "25 pods"),
        ("1,000 replicas", "1000 replicas"),
        ("ten to twenty", "10 to 20"),
        ("ten point five replicas", "10.5 replicas"),
        (".5 replicas", "0.5 replicas"),
        ("minus three", "minus 3"),
        ("negative three", "minus 3"),
        ("to -3 replicas", "to minus 3 replicas"),
        ("to \u22123 replicas", "to minus 3 replicas"),
    ],
)
def test_numbers_become_digits_and_keep_their_value(said: str, plain: str) -> None:
    assert normalise(said) == plain


@pytest.mark.parametrize(
    "said",
    [
        "for DEV seven eight nine",
        "for dev 7 8 9",
        "for dev-789",
        "for DEV-789.",
        "for D.E.V. 789",
        "for d e v 789",
        "for Dev 789",
        "for dev dash 789",
        "for dev seven eighty nine",
        "for dev ticket 789",
        "for dev 7-8-9",
    ],
)
def test_an_issue_of_a_known_project_is_read_however_it_was_spoken(said: str) -> None:
    assert normalise(said, PROJECTS) == "for DEV-789"


@pytest.mark.parametrize(
    ("said", "plain"),
    [
        ("for ops 7 8 9", "for ops 7 8 9"),
        ("scale dev to 3", "scale dev to 3"),
        ("dev 789 10 pods", "DEV-789 10 pods"),
        ("dev 7 8 9 10 pods", "dev 7 8 9 10 pods"),
        ("dev-789-login", "dev-789-login"),
        ("DEV-789-LOGIN", "dev-789-login"),
        ("for ABC-12", "for ABC-12"),
        ("for abc-12", "for abc-12"),
        ("web-dev 3", "web-dev 3"),
        ("dev 2.1", "dev 2.1"),
    ],
)
def test_what_only_resembles_an_issue_stays(said: str, plain: str) -> None:
    assert normalise(said, PROJECTS) == plain


@pytest.mark.parametrize(
    "said", ["version two point one point zero", "Version 2.1.0", "v2.1.0", "v 2.1.0", "release 2.1.0"]
)
def test_versions_have_one_form(said: str) -> None:
    assert normalise(said) == "v2.1.0"


@pytest.mark.parametrize(
    "said",
    [
        "Hey DevOS, um, could you please scale web-app?",
        "hey dev os scale web-app",
        "OK so, let's scale web-app now",
        "I'd like you to scale web-app, thank you very much!",
        "I\u2019d like to, uh, just scale \u201cweb-app\u201d for me",
        "go ahead and scale, you know, web-app please",
        "scale\t\n web-app",
    ],
)
def test_courtesies_and_hesitations_go(said: str) -> None:
    assert normalise(said) == "scale web-app"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("could you not scale web-app", "not scale web-app"),
        ("Don\u2019t. Scale web-app", "don't scale web-app"),
        ("please do not scale web-app now", "do not scale web-app"),
        ("No. Scale web-app", "no scale web-app"),
    ],
)
def test_a_negation_is_never_swept_away(said: str, kept: str) -> None:
    assert normalise(said) == kept


def test_a_stutter_and_a_misheard_tool_are_mended() -> None:
    assert normalise("scale the the web app to to 3") == "scale the web app to 3"
    assert normalise("cube control scale web-app") == "kubectl scale web-app"
    assert normalise("Kube CTL scale web-app") == "kubectl scale web-app"


@pytest.mark.parametrize(
    ("said", "plain"),
    [
        ("scale\u202e web\u200b-app\u00ad", "scale web-app"),
        ("scale\x00web-app\x1b[31m", "scale web-app 31m"),
        ("\uff33cale to \uff11\uff10", "scale to 10"),
        ("web\u2010app web\u2011app", "web-app web-app"),
        ("10\u00b2 pods", "10\u00b2 pods"),
        ("10\u00bd pods", "10\u00bd pods"),
        ("\u2469 pods", "\u2469 pods"),
        ("", ""),
        ("?!", ""),
        ("please, uh, thanks", ""),
    ],
)
def test_unseen_characters_go_and_no_digit_is_made_up(said: str, plain: str) -> None:
    assert normalise(said) == plain


def test_any_text_at_all_gives_one_clean_line() -> None:
    chance = random.Random(20261120)
    pool = [chr(code) for code in range(0x3000) if unicodedata.category(chr(code)) != "Cs"]
    pool += list("scale web-app to 10 DEV-456, don't v2.1") * 40 + ["\ud800", "\U0001f680", "\U000e0041", "ﷺ"]
    for _ in range(300):
        text = "".join(chance.choices(pool, k=chance.randrange(120)))
        plain = normalise(text, PROJECTS)
        assert plain == " ".join(plain.split())
        assert not any(unicodedata.category(each) in ("Cc", "Cf", "Cs", "Co") for each in plain)


def test_a_text_longer_than_any_request_is_refused() -> None:
    assert normalise("x" * LONGEST) == "x" * LONGEST
    with pytest.raises(TooLong, match=r"2,001 characters long; a request has at most 2,000"):
        normalise("x" * (LONGEST + 1))
