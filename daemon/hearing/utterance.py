"""What was asked for, in the words it was asked in."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict, TypeAdapter

Channel = Literal["voice", "file", "typed", "hotkey", "web"]
"""The way a request came in."""


@dataclass(frozen=True)
class Utterance:
    """One request as it came in, before anybody tries to understand it."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    text: str
    channel: Channel
    confidence: float = 1.0
    """How sure the hearing is of the words, 0 to 1; typed text is certain."""
    audio: str | None = None
    """SHA-256 of the recording in hexadecimal, where there was one."""

    def __post_init__(self) -> None:
        if not 0.0 <= self.confidence <= 1.0:
            raise ValueError(f"A confidence lies between 0 and 1, not at {self.confidence!r}.")

    @property
    def json(self) -> dict[str, Any]:
        """The utterance as JSON."""
        return asdict(self)

    @classmethod
    def parse(cls, value: object) -> Utterance:
        """Read an utterance back from JSON.

        Raises:
            ValidationError: a field is missing, unknown or of another type. (A `ValueError`.)
        """
        return TypeAdapter(cls).validate_python(value)
