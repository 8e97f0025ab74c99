"""Whether a file is all there, byte by byte of its container."""

from __future__ import annotations

import io
import struct

import pytest

from daemon.hearing.container import cut_short


def wav(claimed: int, present: int, *before: bytes) -> bytes:
    return b"RIFF\0\0\0\0WAVE" + b"".join(before) + b"data" + struct.pack("<I", claimed) + bytes(present)


def page(flags: int, *packets: int) -> bytes:
    return b"OggS\0" + bytes([flags]) + bytes(20) + bytes([len(packets), *packets]) + bytes(sum(packets))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (wav(10, 10), False),
        (wav(10, 9), True),
        (wav(10, 14), False),
        (wav(0, 14), False),
        (wav(0x7FFF0000, 14), False),
        (wav(0x7FFEFFFF, 14), True),
        (wav(0xFFFFFFFF, 14), False),
        (wav(10, 10, b"LIST\x03\0\0\0abc\0"), False),
        (wav(10, 9, b"LIST\x03\0\0\0abc\0"), True),
        (b"RIFF\0\0\0\0WAVE", True),
        (b"RIFF\0\0\0\0WAVEfmt \xff\xff\xff\xff", True),
        (b"RIFF", True),
        (page(2, 30) + page(4, 200, 10), False),
        (page(2, 30) + page(0, 200, 10), True),
        ((page(2, 30) + page(4, 200, 10))[:-1], True),
        ((page(2, 30) + page(4, 200, 10))[:-211], True),
        (page(2, 30) + b"OggS", True),
        (page(0, *[255] * 255) + page(4, *[255] * 255), False),
        (b"fLaC" + bytes(3), False),
        (b"", False),
    ],
)
def test_cut_short(content: bytes, expected: bool) -> None:
    assert cut_short(io.BytesIO(content)) is expected
