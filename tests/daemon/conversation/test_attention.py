"""Which end of listening belongs to what was asked last."""

import pytest
from voices import Ear

from daemon.conversation.attention import Attention


@pytest.fixture
async def ear() -> Ear:
    return Ear()


async def test_an_end_is_that_of_what_was_asked(ear: Ear) -> None:
    attention = Attention(ear)
    attention.listen("question", patience=8.0, prompt="words")
    assert attention.listening
    assert attention.over()
    assert not attention.listening
    assert (ear.done, ear.prompts) == (["listen question"], ["words"])


async def test_what_was_given_up_for_something_else_is_no_end(ear: Ear) -> None:
    attention = Attention(ear)
    attention.listen("question")
    attention.listen("key")
    assert not attention.over()
    assert attention.listening
    assert attention.over()
    attention.woken()
    attention.abandon()
    assert not attention.over()
    assert not attention.listening


async def test_a_key_that_was_tapped_goes_on_listening(ear: Ear) -> None:
    attention = Attention(ear)
    attention.listen("key", hold=True)
    attention.listen("key")
    assert attention.over()


async def test_a_wake_word_in_the_moment_of_a_question_does_not_end_the_question(ear: Ear) -> None:
    attention = Attention(ear)
    attention.listen("question")
    attention.woken()  # which the ear told before it was asked, and has given up since
    assert not attention.over()
    assert attention.listening
    assert attention.over()


async def test_the_rest_is_the_ears(ear: Ear) -> None:
    attention = Attention(ear)
    attention.mute(True)
    attention.finish()
    assert attention.status == "muted"
    assert ear.done == ["mute True", "finish"]
