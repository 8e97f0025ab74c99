"""Hotkeys for desktops that bind single keys only: a word becomes its first letter, and is said instead of spelled.

A letter that one word alone begins with stands for that word's request. A letter that several words share opens the
microphone, as the talk key does, and the request is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from daemon.hotkeys.bindings import Binding
from daemon.hotkeys.chord import Chord

KEYSYMS: Mapping[str, str] = {
    "space": "space",
    "tab": "Tab",
    "backspace": "BackSpace",
    "home": "Home",
    "end": "End",
    "up": "Up",
    "down": "Down",
    "left": "Left",
    "right": "Right",
    "menu": "Menu",
    "enter": "Return",
    "escape": "Escape",
    "delete": "Delete",
    "insert": "Insert",
    "pageup": "Page_Up",
    "pagedown": "Page_Down",
    "pause": "Pause",
    "print": "Print",
    "-": "minus",
    "=": "equal",
    "[": "bracketleft",
    "]": "bracketright",
    ";": "semicolon",
    "'": "apostrophe",
    "`": "grave",
    ",": "comma",
    ".": "period",
    "/": "slash",
    "\\": "backslash",
    **{f"f{number}": f"F{number}" for number in range(1, 25)},
}
"""The name of a key here → its name in xkbcommon, where that is another one than its character."""


@dataclass(frozen=True)
class Trigger:
    """One key under its modifiers, and what it stands for."""

    chord: Chord
    """A single key, never a word."""
    bindings: tuple[Binding, ...]
    """The hotkeys that begin with it, at least one."""

    @property
    def meant(self) -> Binding:
        """What pressing it does: the one hotkey's, or the talk key's where there are several."""
        return self.bindings[0] if len(self.bindings) == 1 else Binding(self.chord, "talk", "talk")

    @property
    def id(self) -> str:
        """How a desktop knows it, from one start of DevOS to the next: the name of what it stands for."""
        if len(self.bindings) == 1:
            return self.bindings[0].name
        return f"words_{'_'.join(sorted(self.chord.modifiers))}_{keysym(self.chord.keys[0])}"

    def describe(self, summaries: Mapping[str, str]) -> str:
        """What it does, for the desktop's list of shortcuts.

        Args:
            summaries: request → what it does, in one line.
        """
        if len(self.bindings) > 1:
            return f"Talk, and say one of: {', '.join(_plainly(each.name) for each in self.bindings)}"
        only = self.bindings[0]
        return OWN.get(only.kind) or summaries.get(only.name) or _plainly(only.name).capitalize()


OWN: Mapping[str, str] = {
    "talk": "Talk to DevOS",
    "mute": "Close the microphone to everything, or open it again",
    "stop": "Stop speaking and listening",
    "freeze": "Stop every change at once",
}
"""What the keys of DevOS itself do."""


def triggers_of(bindings: Iterable[Binding]) -> tuple[Trigger, ...]:
    """The single keys that stand for these hotkeys, in the order of the first that begins with each."""
    found: dict[Chord, list[Binding]] = {}
    for each in bindings:
        found.setdefault(Chord(each.chord.modifiers, each.chord.keys[:1]), []).append(each)
    return tuple(Trigger(chord, tuple(behind)) for chord, behind in found.items())


def keysym(key: str) -> str:
    """A key's name in xkbcommon, which Wayland's desktops share."""
    return KEYSYMS.get(key, key)


def _plainly(name: str) -> str:
    return name.replace("_", " ")
