"""Five short sounds that tell what DevOS is at, without a word."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from daemon.speaking.clip import Clip

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Earcon: TypeAlias = Literal["listening", "understood", "waiting", "done", "failed"]
EARCONS: tuple[Earcon, ...] = get_args(Earcon)

RATE = 22_050
"""Samples per second, those of the voice, so that the device need not be opened anew between the two."""
EDGE = 0.012
"""Seconds in which a tone comes and goes; an edge would be a click."""
LOUDNESS = 0.22

_NOTES: dict[Earcon, tuple[tuple[float, float], ...]] = {
    "listening": ((587.3, 0.07), (880.0, 0.11)),  # up: the floor is yours
    "understood": ((880.0, 0.10),),
    "waiting": ((659.3, 0.08), (0.0, 0.05), (659.3, 0.08)),  # twice the same: your turn
    "done": ((523.3, 0.06), (659.3, 0.06), (784.0, 0.11)),
    "failed": ((392.0, 0.10), (277.2, 0.14)),  # down
}
"""Name → its tones one after another: hertz (0 is silence) and seconds."""


@cache
def earcon(name: Earcon) -> Clip:
    """The sound of that name, at most a quarter of a second."""
    import numpy as np

    return Clip(np.concatenate([_tone(hertz, seconds) for hertz, seconds in _NOTES[name]]), RATE, speech=False)


def _tone(hertz: float, seconds: float) -> NDArray[np.float32]:
    """A sine with a little of its octave, which small loudspeakers bring out better, and with soft edges."""
    import numpy as np

    at = np.arange(round(seconds * RATE)) / RATE
    tone = 0.8 * np.sin(2 * np.pi * hertz * at) + 0.2 * np.sin(4 * np.pi * hertz * at)
    rise = np.minimum(1.0, np.minimum(at, at[-1] - at) / EDGE)
    return np.asarray(LOUDNESS * tone * np.sin(rise * np.pi / 2) ** 2, np.float32)
