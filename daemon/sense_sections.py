"""What can be set of the senses: the microphone, the wake word, the hotkeys, the voice."""

from __future__ import annotations

import re
from datetime import time
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator


class Section(BaseModel):
    """One part of the settings: unknown names are errors, and nothing changes once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Microphone(Section):
    """What DevOS listens with."""

    name: str | None = None
    """A part of the device's name; by default the system's default device."""


class Wake(Section):
    """Always listening for a word; off until it is switched on."""

    on: bool = False
    words: list[str] = ["hey jarvis"]
    """Which words wake it, several at once: "hey jarvis", "okay nabu", "alexa", "hey mycroft", or a trained one."""
    sensitivity: Annotated[float, Field(ge=0, le=1)] = 0.5
    """0: hardly ever by mistake; 1: hardly ever deaf."""
    check: bool = True
    """Whether what was heard is transcribed, and the word has to stand at its beginning."""

    @field_validator("words")
    @classmethod
    def _are_some(cls, words: list[str]) -> list[str]:
        if not all(map(str.strip, words)) or not words:
            raise ValueError("it needs at least one word; on = false in section [wake] listens for none")
        return words


class Hearing(Section):
    """How speech becomes text, live or from a file."""

    model: str | None = None
    """A Whisper model's name ("base.en") or folder; by default the best that is found."""
    download: bool = False
    """Whether a named model may be fetched from the hub."""
    threads: Annotated[int, Field(ge=1, le=64)] = 2
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where the model runs; auto takes a GPU where there is one that works."""
    silence: Annotated[float, Field(ge=0.2, le=3)] = 0.5
    """Seconds of silence that end a sentence; it grows for who speaks with pauses."""
    longest: Annotated[float, Field(ge=3, le=30)] = 30.0
    """Seconds that one sentence may last."""
    idle_minutes: Annotated[float, Field(gt=0, le=1440)] = 30.0
    """Minutes without speech after which the model gives its memory back."""


class Hotkeys(Section):
    """The keys that DevOS listens to everywhere; an empty text is no key."""

    on: bool = True
    talk: str = "ctrl+alt+space"
    """Opens the microphone."""
    hold: bool = True
    """Whether the talk key is held while speaking; otherwise it is pressed once, and once more to end."""
    mute: str = "ctrl+alt+m"
    """Closes the microphone to everything, wake word included, until it is pressed again."""
    stop: str = "ctrl+alt+s"
    """Ends what is being said and what is being listened to, and leaves what is asked open."""
    freeze: str = "ctrl+alt+shift+f"
    """Stops every change at once, as `devos freeze` does."""
    seconds: Annotated[float, Field(ge=0.5, le=10)] = 2.0
    """How long after its last letter a word that is being spelled waits for the next one."""
    requests: dict[str, str] = {}
    """Request → its keys, where they are others than its own: scale_deployment = "ctrl+alt+k"."""


class Speech(Section):
    """How DevOS speaks."""

    mode: Literal["voice", "notify", "off"] = "voice"
    """Aloud; as notifications only; or not at all."""
    voice: str | None = None
    """A part of the voice's name; by default the system's English one."""
    rate: Annotated[int, Field(ge=80, le=450)] = 180
    """Words a minute."""
    volume: Annotated[float, Field(ge=0, le=1)] = 1.0
    device: str | None = None
    """A part of the loudspeaker's name; by default the system's default device."""
    earcons: bool = True
    """Whether short sounds tell that it listens, has understood, waits, is done, has failed."""
    quiet: list[str] = []
    """Hours in which it only notifies: "22:00-07:00", local time."""

    @field_validator("quiet")
    @classmethod
    def _are_hours(cls, quiet: list[str]) -> list[str]:
        for each in quiet:
            try:
                hours_of(each)
            except ValueError:
                raise ValueError(f"{each!r} is no stretch of hours; write it as in '22:00-07:00'") from None
        return quiet


class Telemetry(Section):
    """Metrics and traces for whoever collects them; none are sent unless an address is set."""

    endpoint: str | None = None
    """Where an OpenTelemetry collector takes OTLP over HTTP: "http://127.0.0.1:4318"."""

    @field_validator("endpoint")
    @classmethod
    def _is_an_address(cls, endpoint: str | None) -> str | None:
        if endpoint is not None and not re.fullmatch(r"https?://[^/\s]+\S*", endpoint):
            raise ValueError(f"{endpoint!r} is no address; write it as in 'http://127.0.0.1:4318'")
        return endpoint


def hours_of(text: str) -> tuple[time, time]:
    """The beginning and the end of "22:00-07:00", which may lie on the next day.

    Raises:
        ValueError: it is not written like that.
    """
    if not re.fullmatch(r"\d\d:\d\d-\d\d:\d\d", text):
        raise ValueError(text)
    first, last = text.split("-")
    return time.fromisoformat(first), time.fromisoformat(last)
