"""Text from outside, made safe to be shown: what a person reads is what there is, and a terminal obeys none of it."""

from __future__ import annotations

import re
import unicodedata

_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor movements
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"  # OSC, DCS, SOS, PM, APC
    r"|\x1b[ -/]*[0-~]?"  # every other escape
)
_INVISIBLE = frozenset(
    chr(code)
    for first, last in (
        (0x034F, 0x034F),  # combining grapheme joiner
        (0x115F, 0x1160),  # Hangul fillers
        (0x17B4, 0x17B5),  # Khmer inherent vowels
        (0x180B, 0x180F),  # Mongolian selectors
        (0x2028, 0x2029),  # line and paragraph separators, which some programs break lines at
        (0x2800, 0x2800),  # blank Braille pattern
        (0x3164, 0x3164),
        (0xFE00, 0xFE0F),  # variation selectors
        (0xFFA0, 0xFFA0),
        (0xE0100, 0xE01EF),
    )
    for code in range(first, last + 1)
)
_HIDDEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn"))
"""Control, format (bidi overrides, zero-width characters, tags), surrogate, private and unassigned characters."""
_PLAIN = re.compile(r"[\n\t -~]*")


def visible(text: str, *, lines: bool = True) -> str:
    """The text without whatever is not seen, or makes a terminal or browser do something else than show it.

    Args:
        text: from anywhere.
        lines: whether line breaks and tabs stay; without, each becomes one space.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not _PLAIN.fullmatch(text):
        text = "".join(each for each in _ESCAPES.sub("", text) if _shows(each))
    return text if lines else re.sub(r"[\n\t]", " ", text)


def _shows(character: str) -> bool:
    return character in "\n\t" or (unicodedata.category(character) not in _HIDDEN and character not in _INVISIBLE)
