"""What a run is started with."""

from __future__ import annotations

from dataclasses import dataclass

from policies.action import Json
from policies.output import Origin


@dataclass(frozen=True)
class Request:
    """What a run was started with; written once and never changed."""

    text: str
    channel: str
    confidence: float
    audio: str | None
    """SHA-256 of the recording, in hexadecimal."""
    intent: str
    slots: dict[str, Json]
    tier: str
    person: str
    version: str
    """The DevOS that understood it."""

    def origin(self, run: str) -> Origin:
        """What the run's actions know of it."""
        return Origin(run, self.person, self.channel, self.intent, self.tier)
