"""Trying the voice: a sentence is said, and the person is asked whether it was heard."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from daemon.doctor.check import Check, troubled
from daemon.sense_sections import Speech

SENTENCE = "This is DevOS. If you hear this, the voice works."
LOUDER = "pactl set-sink-mute @DEFAULT_SINK@ 0; pactl set-sink-volume @DEFAULT_SINK@ 80%"


def spoken(settings: Speech, confirm: Callable[[], bool] | None) -> Check:
    """Say a sentence aloud, whatever the hour and the mode.

    Args:
        settings: with which voice, and to which loudspeaker.
        confirm: asks the person whether it was heard; None where nobody is there to ask.
    """
    name, problem = "voice", asyncio.run(_say(settings))
    if problem:
        return troubled(name, problem, "pactl list short sinks")
    if confirm is None:
        return Check(name, "ok", "A sentence was said to its end; whether anybody heard it was not asked.")
    if confirm():
        return Check(name, "ok", "The voice was heard.")
    return Check(name, "failed", "A sentence was played to its end, and not heard.", LOUDER)


async def _say(settings: Speech) -> str:
    """The problem; empty where it was said to its end."""
    from daemon.speaking.speaker import Speaker

    speaker = Speaker(settings.model_copy(update={"mode": "voice", "quiet": []}), back=0)
    try:
        said = await speaker.say(SENTENCE)
    finally:
        speaker.close()
    return "" if said else speaker.state.problem or "The sentence was cut off"
