"""The prompt that tells Whisper what to expect."""

from __future__ import annotations

import pytest
from tokenizers import Tokenizer

from daemon.hearing.prompt import LIMIT, Expected, prompt_for, prompt_of
from daemon.hearing.transcription import Transcriber
from intents.understanding.catalogue import Catalogue

from .conftest import CATALOGUE


def test_the_first_six_names_stand_in_sentences_and_the_others_in_a_list_before_them() -> None:
    assert prompt_of([*CATALOGUE, "DEV-456", "Westgate Logistics"]) == (
        "DEV-456, Westgate Logistics. "
        "Scale web-app to 12 replicas in production. Scale checkout to 7 pods in staging. "
        "Scale payment-service to 3 replicas in production. "
        "Deploy user-auth-service to staging using CDK and create a change request. "
        "Give notification-service 4 pods. Scale analytics-service to 20 replicas."
    )


def test_few_names_take_turns() -> None:
    prompt = prompt_of(["web-app", "checkout"])
    assert prompt.count("web-app") == prompt.count("checkout") == 3


def test_without_names_there_is_no_prompt() -> None:
    assert prompt_of([]) == prompt_of(["", " "]) == ""


def test_what_nobody_says_is_left_out_and_nothing_stands_there_twice() -> None:
    assert prompt_of(["web-app", "two\nlines", "x" * 41, "web-app"]) == prompt_of(["web-app"])


@pytest.mark.parametrize("shape", ["service-{}", "DEV-{}", "{} Northbridge Construction", "q{}x-7-zz-{}"])
def test_a_large_catalogue_fits_into_whispers_window(shape: str, vocabulary: Tokenizer) -> None:
    prompt = prompt_of([shape.replace("{}", str(number)) for number in range(1000, 1300)])
    assert LIMIT * 0.8 < len(prompt) <= LIMIT
    # Whisper looks at the last 223 tokens: the list before the sentences may lose its start, the sentences may not.
    assert len(vocabulary.encode(prompt[prompt.index("Scale") :]).ids) <= 223


def test_the_prompt_follows_the_catalogue() -> None:
    before = Catalogue.of(deployment={"production": ["web-app"]}, service=["checkout"], project=["DEV"])
    now = [before]
    expected = Expected(lambda: now[0])
    assert expected() == prompt_for(before) == prompt_of(["web-app", "checkout", "DEV"])
    assert expected() is expected(), "made once as long as nothing changes"
    now[0] = Catalogue.of(deployment={"production": ["payment-service"]})
    assert expected() == prompt_of(["payment-service"])


@pytest.fixture
def vocabulary(tiny: Transcriber) -> Tokenizer:
    return Tokenizer.from_file(str(tiny.weights / "tokenizer.json"))
