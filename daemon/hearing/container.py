"""Tells whether a recording is all there, from what its own container promises.

FFmpeg reads a file that was cut short without a word, and half a sentence can ask for something else than a whole one.
"""

from __future__ import annotations

import io
from typing import BinaryIO

_UNKNOWN_SIZE = 0x7FFF0000
"""Programs that write WAV to a pipe cannot go back and fill in its size (bytes): they leave a huge number."""

_LAST_OGG_PAGE = 65_536
"""An Ogg page is at most 65,307 bytes long, so the last one starts within this many bytes of the end."""


def cut_short(file: BinaryIO) -> bool:
    """Whether the end of a WAV or Ogg file is missing; False for any other file, and where the file does not say.

    Moves the file's position.
    """
    file.seek(0)
    match file.read(4):
        case b"RIFF" | b"RF64":
            return _wav_cut_short(file)
        case b"OggS":
            return _ogg_cut_short(file)
    return False


def _wav_cut_short(file: BinaryIO) -> bool:
    """Whether the data chunk promises more bytes than follow."""
    size = file.seek(0, io.SEEK_END)
    at = 12
    while at + 8 <= size:
        file.seek(at)
        name, length = file.read(4), int.from_bytes(file.read(4), "little")
        if name == b"data":
            return length < _UNKNOWN_SIZE and at + 8 + length > size
        at += 8 + length + length % 2
    return True


def _ogg_cut_short(file: BinaryIO) -> bool:
    """Whether the last page is incomplete, or does not say that it is the last."""
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - _LAST_OGG_PAGE))
    tail = file.read()
    page = tail[max(0, tail.rfind(b"OggS")) :]
    if len(page) < 27 or len(page) < 27 + page[26]:
        return True
    last, segments = page[5] & 4, page[26]
    return not last or len(page) < 27 + segments + sum(page[27 : 27 + segments])
