"""How good a trained word is: how often it is heard, and how often it is heard where it was not said."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from daemon.hearing.frames import FRAME, RATE
from daemon.hearing.training.classifier import Heard, scores
from daemon.hearing.training.trained import shifted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from daemon.hearing.training.lessons import Said
    from daemon.hearing.training.trained import Trained
    from daemon.hearing.voice_activity import VoiceDetector
    from daemon.hearing.wake import WakeWords

LATE = 1.2
"""Seconds after the end of the wake word until which it counts as heard."""

THRESHOLDS = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.88, 0.91, 0.93, 0.95, 0.96, 0.97, 0.98, 0.985, 0.99)
"""Those that are tried."""

MARGIN = 0.5
"""How far below a threshold mistakes are counted while it is chosen, in logits."""


@dataclass
class Count:
    """What was said, and what of it was taken for the wake word."""

    said: int = 0
    heard: int = 0
    """How often the wake word was heard where it was said."""
    near: int = 0
    """How many of the other lines were meant to be mistaken for it."""
    near_mistaken: list[str] = field(default_factory=list)
    ordinary_seconds: float = 0.0
    """How long everything else lasted, without the pauses in between."""
    ordinary_mistaken: list[str] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """How often it is heard, 0 to 1."""
        return self.heard / self.said if self.said else 0.0

    @property
    def per_hour(self) -> float:
        """How often it is heard by mistake in an hour of ordinary speech."""
        return 3600 * len(self.ordinary_mistaken) / self.ordinary_seconds if self.ordinary_seconds else 0.0

    def add(self, lines: Sequence[Said], moments: Iterable[float], near: frozenset[str]) -> None:
        """Count a lesson's lines, in which the word was heard at these moments, in seconds."""
        left = list(moments)
        for said in lines:
            if said.line.word:
                self.said += 1
                found = [each for each in left if said.begin <= each * RATE <= said.end + LATE * RATE]
                self.heard += bool(found)
                left = [each for each in left if each not in found]
            elif said.line.text in near:
                self.near += 1
            else:
                self.ordinary_seconds += (said.end - said.begin) / RATE
        for moment in left:
            line = _line(lines, moment)
            (self.near_mistaken if line in near else self.ordinary_mistaken).append(line)


def hits(samples: NDArray[np.float32], wake: WakeWords, voice: VoiceDetector) -> list[tuple[str, float]]:
    """Listen to a recording as to a microphone: every wake word that is heard, and when, in seconds."""
    import numpy as np

    wake.reset()
    voice.reset()
    found = []
    padded = np.concatenate([samples, np.zeros(-len(samples) % FRAME + RATE // 2, np.float32)])
    for end in range(FRAME, len(padded) + 1, FRAME):
        frame = padded[end - FRAME : end]
        if word := wake.heard(frame, voice.probability(frame)):
            found.append((word, end / RATE))
    return found


def threshold(model: Trained, heard: Sequence[Heard], near: frozenset[str]) -> float:
    """The best threshold for lessons that nothing was learnt from.

    One mistake in ordinary speech weighs as much as one in a hundred wake words missed, and one in ten near ones
    mistaken as much as one in a hundred missed: a mistake is found out by its transcript, what is missed is lost. They
    are counted somewhat below the threshold, since hours hold worse than these minutes. Of equals the lowest is taken.
    """
    tried = []
    found = [scores(model, each) for each in heard]
    for limit in THRESHOLDS:
        said, mistaken = Count(), Count()
        for each, probabilities in zip(heard, found, strict=True):
            said.add(each.said, _peaks(probabilities, each.moments, limit), near)
            mistaken.add(each.said, _peaks(probabilities, each.moments, shifted(limit, -MARGIN)), near)
        near_ones = len(mistaken.near_mistaken) / max(1, mistaken.near)
        tried.append((said.rate - (near_ones + 0.1 * len(mistaken.ordinary_mistaken)) / 10, -limit))
    return -max(tried)[1]


def _peaks(probabilities: NDArray[np.float32], moments: NDArray[np.float64], limit: float) -> list[float]:
    """When a probability rises above the limit; not again within two seconds."""
    found: list[float] = []
    for probability, moment in zip(probabilities, moments, strict=True):
        if probability > limit and (not found or moment - found[-1] > 2):
            found.append(float(moment))
    return found


def _line(said: Sequence[Said], moment: float) -> str:
    """What had been said when something was heard."""
    before = [each.line.text for each in said if each.begin / RATE <= moment]
    return before[-1] if before else ""
