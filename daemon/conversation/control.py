"""The words that work at any time, whatever is going on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum, auto


class Control(Enum):
    """What somebody wants of DevOS itself."""

    STOP = auto()
    """Be silent, and stop listening."""
    CANCEL = auto()
    """Give up what was asked for."""
    NEVER_MIND = auto()
    """Forget the question that DevOS asked."""
    DOING = auto()
    """What are you doing?"""
    REPEAT = auto()
    """Say that again."""
    FREEZE = auto()
    """Stop every change."""
    THAW = auto()
    """Allow changes again, which takes more than a voice."""
    MUTE = auto()
    """Close the microphone."""


ALWAYS = frozenset((Control.STOP, Control.DOING, Control.FREEZE, Control.THAW, Control.MUTE))
"""What means the same while a question is open."""

_SAID: Mapping[Control, tuple[str, ...]] = {
    Control.STOP: ("stop", "stop talking", "stop it", "be quiet", "quiet", "silence", "hush", "shut up", "enough"),
    Control.CANCEL: (
        "cancel", "cancel that", "cancel it", "cancel this", "cancel the request", "cancel the run",
        "abort", "abort that", "abort it", "call it off",
    ),
    Control.NEVER_MIND: ("never mind", "nevermind", "forget it", "forget that", "forget about it", "no never mind"),
    Control.DOING: (
        "what are you doing", "what are you doing now", "what are you up to", "what is going on", "what's going on",
        "what is running", "what's running", "what is happening", "what's happening", "status",
    ),
    Control.REPEAT: (
        "repeat", "repeat that", "say that again", "say it again", "what did you say", "come again", "pardon",
        "once more", "can you repeat that",
    ),
    Control.FREEZE: ("freeze", "freeze everything", "freeze all changes", "emergency stop", "stop everything",
                     "stop all changes", "stop every change"),
    Control.THAW: ("thaw", "unfreeze", "thaw everything", "unfreeze everything", "end the freeze"),
    Control.MUTE: ("mute", "mute the microphone", "mute yourself", "stop listening", "don't listen", "do not listen"),
}  # fmt: skip
_READ = {said: control for control, all_said in _SAID.items() for said in all_said}
_AROUND = re.compile(
    r"^(?:(?:hey|hi|ok|okay|devos|dev os|please|so|no|now|and)\s+)+|(?:\s+(?:please|devos|now|thanks))+$"
)


def control_of(text: str) -> Control | None:
    """The control words that a sentence consists of; None where it says anything else."""
    said = " ".join(re.findall(r"[a-z']+|\d+", text.casefold().replace("\u2019", "'")))
    return _READ.get(said) or _READ.get(_AROUND.sub("", said))
