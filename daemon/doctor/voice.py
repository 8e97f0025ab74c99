"""Trying the voice: a sentence is said, and the person is asked whether it was heard."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from daemon.doctor.check import Check, troubled
from daemon.sense_sections import Speech

NAME = "voice"
SENTENCE = "This is DevOS. If you hear this, the voice works."
OTHER = "Choose another voice in section [speech] of config.toml; `espeak-ng --voices` lists them all."
LOUDER = "pactl set-sink-mute @DEFAULT_SINK@ 0; pactl set-sink-volume @DEFAULT_SINK@ 80%"


def spoken(settings: Speech, confirm: Callable[[], bool] | None) -> Check:
    """Say a sentence aloud, whatever the hour and the mode.

    Args:
        settings: with which voice, and to which loudspeaker.
        confirm: asks the person whether it was heard; None where nobody is there to ask.
    """
    name, problem = NAME, asyncio.run(_say(settings))
    if problem:
        return voiceless(problem, "pactl list short sinks")
    if confirm is None:
        return Check(name, "ok", "A sentence was said to its end; whether anybody heard it was not asked.")
    if confirm():
        return Check(name, "ok", "The voice was heard.")
    return Check(name, "failed", "A sentence was played to its end, and not heard.", LOUDER)


def voiceless(problem: str, otherwise: str) -> Check:
    """A failed check of the voice, by what is wrong with it and what mends most of that."""
    return troubled(NAME, problem, OTHER if problem.startswith("No voice has") else otherwise)


async def _say(settings: Speech) -> str:
    """The problem; empty where it was said to its end."""
    from daemon.speaking.speaker import Speaker

    speaker = Speaker(settings.model_copy(update={"mode": "voice", "quiet": []}), back=0)
    try:
        said = await speaker.say(SENTENCE)
    finally:
        speaker.close()
    return "" if said else speaker.state.problem or "The sentence was cut off"
