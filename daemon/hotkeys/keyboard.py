"""The keyboard as an X server describes it: which key is which, and which bit stands for which modifier.

A key is told by its keycode and named by the first letter that the layout gives it, so that its name is the same
whatever else is held: X11 calls the Alt key Meta while Shift is down, and 1 an exclamation mark, which would turn a key
that goes down into another one that goes up. Where a second layout is loaded, its letters count if the first has none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations
from typing import Any

from daemon.hotkeys.chord import CHARACTERS, ORDER, Chord, Modifier
from daemon.hotkeys.matcher import THIRD_LEVEL

NAMES: Mapping[int, str] = {
    **{ord(each): each for each in CHARACTERS},
    0x0020: "space",
    0xFF08: "backspace",
    0xFF09: "tab",
    0xFF0D: "enter",
    0xFF13: "pause",
    0xFF1B: "escape",
    0xFF50: "home",
    0xFF51: "left",
    0xFF52: "up",
    0xFF53: "right",
    0xFF54: "down",
    0xFF55: "pageup",
    0xFF56: "pagedown",
    0xFF57: "end",
    0xFF61: "print",
    0xFF63: "insert",
    0xFF67: "menu",
    0xFFFF: "delete",
    **{0xFFBE + number: f"f{number + 1}" for number in range(24)},
    0xFFE1: "shift_l",
    0xFFE2: "shift_r",
    0xFFE3: "ctrl_l",
    0xFFE4: "ctrl_r",
    0xFFE9: "alt_l",
    0xFFEA: "alt_r",
    0xFFEB: "super_l",
    0xFFEC: "super_r",
    0xFE03: THIRD_LEVEL,
    0xFF7E: THIRD_LEVEL,
}
"""X11's number of what a key writes or does → the key's name here."""

_LOCKS = (0xFFE5, 0xFF7F, 0xFF14)
"""CapsLock, NumLock, ScrollLock."""

_COLUMNS = (0, 2, 1)
"""Where a key's name is looked for: the first layout, the second one, the first with Shift, as digits in France are."""


@dataclass(frozen=True)
class Keyboard:
    """The keys of one keyboard layout."""

    names: Mapping[int, str]
    """Keycode → name, of the keys that have one."""
    masks: Mapping[Modifier, int]
    """The bit of each modifier in an event's state, of the modifiers that the keyboard has."""
    locks: tuple[int, ...]
    """The bits of the keys that lock, which must not matter."""

    @classmethod
    def read(cls, display: Any) -> Keyboard:
        """Ask the X server.

        Args:
            display: an Xlib.display.Display.
        """
        first, last = display.display.info.min_keycode, display.display.info.max_keycode
        symbols: dict[int, Sequence[int]] = dict(
            enumerate(display.get_keyboard_mapping(first, last - first + 1), first)
        )
        names = {code: name for code, row in symbols.items() if (name := _name(row))}
        masks: dict[Modifier, int] = {}
        locks = set[int]()
        for bit, codes in enumerate(display.get_modifier_mapping()):
            for code in filter(None, codes):
                locks |= {1 << bit for lock in _LOCKS if lock in symbols.get(code, ())}
                for modifier in ORDER:
                    if names.get(code, "").removesuffix("_l").removesuffix("_r") == modifier:
                        masks.setdefault(modifier, 1 << bit)
        return cls(names, masks, tuple(sorted(locks - set(masks.values()))))

    def name(self, code: int) -> str:
        """What the key is called; a key without a name is called by its number, and is no hotkey's."""
        return self.names.get(code, f"#{code}")

    def codes(self, name: str) -> list[int]:
        """The keys that are called so; on most keyboards one."""
        return [code for code, each in self.names.items() if each == name]

    def lacks(self, chord: Chord) -> list[str]:
        """What of the chord the keyboard does not have."""
        there = set(self.names.values())
        return [each for each in ORDER if each in chord.modifiers and each not in self.masks] + [
            key for key in dict.fromkeys(chord.keys) if key not in there
        ]

    def mask(self, chord: Chord) -> int:
        """The bits of its modifiers, all of which the keyboard has."""
        return sum(self.masks[each] for each in chord.modifiers)

    @property
    def relevant(self) -> int:
        """The bits that matter of an event's state; the others are locks, layouts and mouse buttons."""
        return sum(set(self.masks.values()))

    def variants(self, mask: int) -> list[int]:
        """The mask with every combination of locked keys."""
        sets = chain.from_iterable(combinations(self.locks, number) for number in range(len(self.locks) + 1))
        return [mask | sum(each) for each in sets]


def _name(row: Sequence[int]) -> str | None:
    return next((NAMES[row[column]] for column in _COLUMNS if column < len(row) and row[column] in NAMES), None)
