"""What an answer to a question that was read out means."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto

from daemon.confirming.words import is_attempt, tokens


class Reply(Enum):
    """What somebody says to a question."""

    WORDS = auto()
    """A confirmation with words, right or wrong."""
    YES = auto()
    NO = auto()
    WAIT = auto()
    """Not now."""
    GO_ON = auto()
    """Ask again, after a wait."""
    REPEAT = auto()
    DETAILS = auto()
    """What will it do?"""
    OTHER = auto()
    """Something else, or something that cannot be made out."""


_SAID: Mapping[Reply, tuple[str, ...]] = {
    Reply.NO: (
        "no", "nope", "nah", "no no", "no thanks", "no thank you", "no way", "don't", "do not", "no don't", "no do not",
        "don't do it", "do not do it", "no don't do it", "deny", "deny it", "reject", "reject it", "refuse",
        "cancel", "cancel it", "cancel that", "no cancel", "no cancel it", "no cancel that", "absolutely not",
        "certainly not", "negative", "better not", "no please don't", "please don't",
    ),
    Reply.WAIT: (
        "wait", "wait wait", "please wait", "wait please", "no wait", "wait a moment", "wait a minute", "wait a second",
        "hold on", "hang on", "one moment", "one moment please", "just a moment", "just a second", "just a minute",
        "give me a moment", "give me a minute", "give me a second", "not now", "not yet", "later", "ask me later",
    ),
    Reply.GO_ON: (
        "go on", "continue", "carry on", "ask again", "ask me again", "ask me now", "i'm ready", "i am ready", "ready",
        "i'm back", "okay go on", "ok go on", "okay continue", "ok continue",
    ),
    Reply.REPEAT: (
        "repeat", "repeat repeat", "repeat that", "repeat it", "repeat please", "please repeat", "again", "once more",
        "say again", "say that again", "say it again", "say that again please", "can you repeat that",
        "could you repeat that",
        "what", "what was that", "what did you say", "pardon", "pardon me", "come again", "sorry", "excuse me",
    ),
    Reply.DETAILS: (
        "what will it do", "what will that do", "what does it do", "what does that do", "what would it do",
        "what would that do", "what exactly will it do", "what exactly", "what will happen", "what happens",
        "what happens then", "details", "the details", "details please", "tell me more", "more", "explain",
        "explain it", "explain that", "why", "why do you ask",
    ),
    Reply.YES: (
        "yes", "yeah", "yep", "yup", "yes please", "yes do it", "do it", "yes do that", "please do", "sure", "go ahead",
        "yes go ahead", "confirm", "confirmed", "yes confirm", "yes confirmed", "i confirm", "yes i confirm",
        "affirmative", "approve", "approved", "yes sure",
    ),
}  # fmt: skip
_READ: Mapping[str, Reply] = {said: reply for reply, all_said in _SAID.items() for said in all_said}


def read(text: str) -> Reply:
    """What a sentence means as an answer: exactly one of the ways to say it, or OTHER."""
    known = _READ.get(" ".join(tokens(text)))
    if known is not None:
        return known
    return Reply.WORDS if is_attempt(text) else Reply.OTHER
