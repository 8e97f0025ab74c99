"""Judges whether Whisper heard words or made them up.

Given anything but speech, Whisper still writes: the fillers and farewells it saw most, the same words over and over, or
a sentence of the prompt. Its own figures tell these apart from speech. Measured with tiny.en: clear speech, human or
synthetic, has a no-speech probability below 0.35; hum, tones, clicks and noise lie above 0.6, even where the text reads
like a request.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass


class NoSpeech(ValueError):
    """Nothing was said that could be made out; the message is a sentence for the person."""


@dataclass(frozen=True)
class Passage:
    """One stretch of text, at most half a minute of speech, with Whisper's figures for it."""

    text: str
    average_log_probability: float
    """Of a token, natural logarithm: 0 is certain, real speech lies above -1."""
    no_speech_probability: float
    """That there is no speech at all, 0 to 1."""
    compression_ratio: float
    """Length of the text over its length compressed: above 2.4 it repeats itself."""
    tokens: int


_PHANTOMS = frozenset(
    {
        "", "you", "the", "so", "oh", "okay", "bye", "bye bye", "hmm", "thank you", "thank you very much", "the end",
        "thank you for watching", "thanks for watching", "thanks for listening", "please subscribe", "i m sorry",
        "see you next time", "see you in the next video", "make sure to click the bell icon", "music", "applause",
        "subtitles by the amara org community", "silence", "blank audio",
    }
)  # fmt: skip
"""What Whisper writes most often where nothing is said; believed only on good evidence."""


def words(text: str) -> list[str]:
    """The words and numbers of a text, in lower case."""
    return re.findall(r"[a-z0-9]+", text.lower())


def doubt(passage: Passage) -> str | None:
    """The sentence that says why a passage is not to be believed, or None when it is."""
    certainty, silence = passage.average_log_probability, passage.no_speech_probability
    said = words(passage.text)
    if silence > 0.6 or (silence > 0.35 and certainty < -0.15):
        return "There was sound, but it does not seem to be speech."
    if " ".join(said) in _PHANTOMS and (silence > 0.15 or certainty < -0.5):
        return "There may have been a word or two, but none that can be made out."
    if passage.compression_ratio > 2.4 or (len(said) >= 8 and len(set(said)) / len(said) < 0.35):
        return "That could not be made out: the same words came out over and over."
    if certainty < -1.6:
        return "Somebody spoke, but it cannot be made out."
    return None


def says_twice(text: str) -> bool:
    """Whether a text ends with the same three words or more that stand just before them."""
    said = words(text)
    return any(said[-count:] == said[-2 * count : -count] for count in range(3, len(said) // 2 + 1))


def may_recite(text: str, prompt: str) -> bool:
    """Whether a text could come from the prompt: it is one of its sentences, or holds a number that stands in one."""
    return _is_sentence_of(text, prompt) or bool(_shared_numbers(text, prompt))


def recites(text: str, prompt: str, unprompted: str) -> bool:
    """Whether a text comes from the prompt and not from the sound, going by what is heard in it without a prompt.

    Without one the words are much less exact, so it takes another number in the number's place, or, where a whole
    sentence of the prompt is in question, fewer than half of its words.
    """
    heard = set(words(unprompted))
    others = {word for word in heard if word.isdigit()}
    if others and not _shared_numbers(text, prompt) <= others:
        return True
    return _is_sentence_of(text, prompt) and 2 * len(heard & set(words(text))) < len(set(words(text)))


def _is_sentence_of(text: str, prompt: str) -> bool:
    return words(text) in [words(sentence) for sentence in re.split(r"(?<=[.?!])\s", prompt) if sentence]


def _shared_numbers(text: str, prompt: str) -> set[str]:
    """The text's numbers that stand alone in the prompt; not the 456 of a DEV-456 there."""
    return set(words(text)) & set(re.findall(r"(?<!\S)\d+(?!\S)", prompt))


def confidence(passages: Sequence[Passage]) -> float:
    """How sure Whisper is of the words, 0 to 1: the geometric mean of its tokens' probabilities."""
    tokens = sum(passage.tokens for passage in passages)
    certainty = sum(passage.average_log_probability * passage.tokens for passage in passages) / max(1, tokens)
    return min(1.0, math.exp(certainty))
