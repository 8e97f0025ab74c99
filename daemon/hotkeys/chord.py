"""Which keys are to be pressed: "ctrl+alt+k" is one key, "ctrl+alt+deploy" a word spelled with Ctrl and Alt held."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, cast, get_args

Modifier: TypeAlias = Literal["ctrl", "alt", "shift", "super"]

ORDER: tuple[Modifier, ...] = get_args(Modifier)
"""In which order modifiers are written."""

MODIFIERS: Mapping[str, Modifier] = {
    **dict.fromkeys(("ctrl", "control"), "ctrl"),
    **dict.fromkeys(("alt", "option", "opt"), "alt"),
    "shift": "shift",
    **dict.fromkeys(("super", "cmd", "command", "win", "windows", "meta"), "super"),
}
"""What a modifier may be called → what it is called here."""

KEYS: Mapping[str, str] = {
    **{name: name for name in ("space", "tab", "backspace", "home", "end", "up", "down", "left", "right", "menu")},
    **dict.fromkeys(("enter", "return"), "enter"),
    **dict.fromkeys(("escape", "esc"), "escape"),
    **dict.fromkeys(("delete", "del"), "delete"),
    **dict.fromkeys(("insert", "ins"), "insert"),
    **dict.fromkeys(("pageup", "page_up", "pgup"), "pageup"),
    **dict.fromkeys(("pagedown", "page_down", "pgdn"), "pagedown"),
    **dict.fromkeys(("pause", "break"), "pause"),
    **dict.fromkeys(("print", "printscreen", "print_screen", "prtsc"), "print"),
    **{f"f{number}": f"f{number}" for number in range(1, 25)},
}
"""What a key with a name may be called → what it is called here."""

CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789-=[];'`,./\\"
"""The keys that are called like what they write."""

EXAMPLES = 'Write it like "ctrl+alt+k", "ctrl+alt+space", or "ctrl+alt+deploy" for a word that is spelled.'

_LOCKS = ("capslock", "caps_lock", "numlock", "num_lock", "scrolllock", "scroll_lock")
_THIRD_LEVEL = ("altgr", "alt_gr")
_SIDES = re.compile(r"(ctrl|control|alt|shift|super|cmd|win)_[lr]")


class BadChord(ValueError):
    """The text names no keys that can be a hotkey; the message says why, and shows how it is written."""

    def __init__(self, text: str, why: str) -> None:
        super().__init__(text, why)
        self.text, self.why = text, why

    def __str__(self) -> str:
        return f"{self.text!r} is no hotkey: {self.why} {EXAMPLES}"


@dataclass(frozen=True)
class Chord:
    """Modifiers that are held, and the key, or the keys one after the other, that are pressed meanwhile."""

    modifiers: frozenset[Modifier]
    keys: tuple[str, ...]
    """By the names of `KEYS` and `CHARACTERS`; more than one are a word."""

    @classmethod
    def parse(cls, text: str) -> Chord:
        """Read the keys as a person writes them; capitals, and spaces round the plus signs, do not matter.

        A last part that is the name of a key is that key: "ctrl+alt+pause" is the Pause key. Any other letters and
        digits are a word. To spell a word that is called like a key, write every letter as a part: "ctrl+alt+u+p".

        Raises:
            BadChord: it names no keys, or keys that would take letters away from all other programs.
        """
        parts = [part.strip() for part in text.lower().split("+")]
        if not any(parts):
            raise BadChord(text, "it names no key.")
        if not all(parts):
            raise BadChord(text, "there is nothing before, after or between two plus signs.")
        held = 0
        while held < len(parts) and parts[held] in MODIFIERS:
            held += 1
        modifiers = frozenset(MODIFIERS[part] for part in parts[:held])
        rest = parts[held:]
        if not rest:
            raise BadChord(text, "it has modifiers only; a key has to follow them.")
        keys = _spelled(text, rest) if len(rest) > 1 else _key_or_word(text, rest[0])
        chord = cls(modifiers, keys)
        _must_leave_typing_alone(text, chord)
        return chord

    @property
    def is_word(self) -> bool:
        """Whether a word is spelled while the modifiers are held."""
        return len(self.keys) > 1

    @property
    def text(self) -> str:
        """The one way in which these keys are written: "ctrl+alt+deploy". `parse` reads it back."""
        word = "".join(self.keys)
        try:
            means_it = _key_or_word(word, word) == self.keys
        except BadChord:
            means_it = False
        return "+".join([*self._held, *([word] if means_it else self.keys)])

    def __str__(self) -> str:
        return self.text

    @property
    def described(self) -> str:
        """What the person does: "hold Ctrl+Alt and press the Pause key", "hold Ctrl+Alt and spell d-e-p-l-o-y"."""
        if self.is_word:
            what = f"spell {'-'.join(self.keys)}"
        else:
            name = self.keys[0]
            what = f"press the {name.capitalize()} key" if name in KEYS.values() else f"press {name.upper()}"
        return f"hold {'+'.join(each.capitalize() for each in self._held)} and {what}" if self._held else what

    @property
    def _held(self) -> list[str]:
        return [each for each in ORDER if each in self.modifiers]

    def begins(self, other: Chord) -> bool:
        """Whether who presses `other` has pressed this one on the way, or at its end."""
        return self.modifiers == other.modifiers and other.keys[: len(self.keys)] == self.keys


def _key_or_word(text: str, part: str) -> tuple[str, ...]:
    if part in KEYS:
        return (KEYS[part],)
    if len(part) == 1 and part in CHARACTERS:
        return (part,)
    _must_not_be_held(text, part)
    if re.fullmatch(r"f\d+", part):
        raise BadChord(text, f"there is no key {part.upper()}; function keys go from F1 to F24.")
    if part.isascii() and part.isalnum():
        return tuple(part)
    raise BadChord(text, f"{part!r} is neither a key nor a word of letters and digits.")


def _spelled(text: str, parts: list[str]) -> tuple[str, ...]:
    """The keys of a word whose letters stand one by one."""
    for part in parts:
        if part in MODIFIERS:
            raise BadChord(text, f"{part!r} is held and so has to come before the key.")
        if len(part) > 1:
            _must_not_be_held(text, part)
            what = "a key of its own" if part in KEYS else "a whole word"
            raise BadChord(text, f"{part!r} is {what}; only modifiers (ctrl, alt, shift, super) come before the last.")
        if part not in CHARACTERS:
            raise BadChord(text, f"{part!r} is no key that every keyboard has.")
    return tuple(parts)


def _must_not_be_held(text: str, part: str) -> None:
    """Refuse keys that are held or locked, and so never stand for a hotkey."""
    if part in MODIFIERS:
        raise BadChord(text, f"{part!r} is only held; a key has to follow it.")
    if part in _LOCKS:
        raise BadChord(text, f"{part} changes what all other keys do.")
    if part in _THIRD_LEVEL:
        raise BadChord(text, "AltGr writes characters on many keyboards; take alt.")
    if _SIDES.fullmatch(part):
        raise BadChord(text, f"left and right are the same here; write {part[:-2]!r}.")


def _must_leave_typing_alone(text: str, chord: Chord) -> None:
    """Refuse what a person types all day."""
    if chord.modifiers & cast("frozenset[Modifier]", {"ctrl", "alt", "super"}):
        return
    harmless = re.fullmatch(r"f\d+|pause|print|menu|insert", chord.keys[0])
    if chord.is_word or not harmless:
        raise BadChord(text, "without ctrl, alt or super it would be taken away from everything that is typed.")
