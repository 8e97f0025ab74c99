"""What an ear is made of, as far as the ear is concerned: a microphone, a voice detector, wake words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from daemon.hearing.frames import Frame

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Source(Protocol):
    """Where frames come from: `daemon.hearing.microphone.Microphone`, or a script."""

    @property
    def muted(self) -> bool:
        """Whether the person has closed it to everything."""
        ...

    def open(self) -> None:
        """Begin to listen, or to try."""
        ...

    def close(self) -> None:
        """Stop listening."""
        ...

    def mute(self, on: bool) -> None:
        """Hear nothing until it is switched off again."""
        ...

    def drain(self) -> None:
        """Forget the frames that nobody has read yet."""
        ...

    def read(self, timeout: float) -> Frame | None:
        """The next frame; None when none came within so many seconds."""
        ...


class Voices(Protocol):
    """Tells speech from everything else: `daemon.hearing.voice_activity.VoiceDetector`."""

    def probability(self, samples: NDArray[np.float32]) -> float:
        """How likely it is that the next frame holds speech."""
        ...

    def reset(self) -> None:
        """Forget what was heard."""
        ...


class Words(Protocol):
    """Hears wake words: `daemon.hearing.wake.WakeWords`."""

    def heard(self, samples: NDArray[np.float32], voice: float) -> str | None:
        """The word that was just said, or None."""
        ...

    def reset(self) -> None:
        """Forget what was heard."""
        ...
