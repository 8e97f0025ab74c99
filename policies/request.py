"""What a run is started with."""

from __future__ import annotations

from dataclasses import dataclass, field

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
    asked_from: list[str] = field(default_factory=list)
    """The programs that the question came through, the nearest last: ["zsh", "devos"]."""

    def origin(self, run: str, constants: frozenset[str] = frozenset()) -> Origin:
        """What the run's actions know of it.

        Args:
            run: its id.
            constants: the texts in the request's own code and the settings.
        """
        return Origin(run, self.person, self.channel, self.intent, self.tier, self.slots, constants)
