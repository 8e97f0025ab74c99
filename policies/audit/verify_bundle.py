#!/usr/bin/env python3
"""Checks an exported audit log. Needs Python 3.9 or later, and nothing else.

    python3 verify.py [BUNDLE] [--key FILE]

BUNDLE is the folder or .zip that was exported; without it, the folder that this file stands in. Prints what was found
and ends with 0 where everything holds, 1 where it does not, 2 where the question was wrong.

What is checked: the leaf hashes give the tree that the checkpoints were signed over; every event is one of its leaves,
in the place it names; every payload is the one its event names. Who signed is known by the key: that of the bundle
itself shows no more than that the bundle holds together, so give the one you know by --key, or compare its name.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

HASH = 32


class NotValid(Exception):
    """The first thing that does not hold."""


# Ed25519 by RFC 8032, section 5.1; points are (X, Y, Z, T) with x = X/Z, y = Y/Z, x*y = T/Z.

Point = tuple[int, int, int, int]
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)


def add(first: Point, second: Point) -> Point:
    """The sum of two points."""
    a = (first[1] - first[0]) * (second[1] - second[0]) % P
    b = (first[1] + first[0]) * (second[1] + second[0]) % P
    c = 2 * first[3] * second[3] * D % P
    d = 2 * first[2] * second[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(factor: int, point: Point) -> Point:
    """A multiple of a point."""
    found: Point = (0, 1, 1, 0)
    while factor:
        if factor & 1:
            found = add(found, point)
        point, factor = add(point, point), factor >> 1
    return found


def x_of(y: int, odd: int) -> int:
    """The x that belongs to y and has this lowest bit."""
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P or (x == 0 and odd):
        raise NotValid("a key or a signature is no point on the curve")
    return P - x if x & 1 != odd else x


def decoded(data: bytes) -> Point:
    """The point that 32 bytes stand for."""
    number = int.from_bytes(data, "little")
    y, odd = number & (1 << 255) - 1, number >> 255
    if y >= P:
        raise NotValid("a key or a signature is no point on the curve")
    x = x_of(y, odd)
    return x, y, 1, x * y % P


def encoded(point: Point) -> bytes:
    """The 32 bytes that stand for a point."""
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(HASH, "little")


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE_X = x_of(BASE_Y, 0)
BASE: Point = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def signed(key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the holder of `key` (32 bytes) signed the message."""
    if len(key) != HASH or len(signature) != 2 * HASH:
        return False
    s = int.from_bytes(signature[HASH:], "little")
    if s >= L:
        return False
    try:
        x, y, z, t = decoded(key)
    except NotValid:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:HASH] + key + message).digest(), "little") % L
    return encoded(add(times(s, BASE), times(k, (-x % P, y, z, -t % P)))) == signature[:HASH]


# Signed notes and checkpoints: https://c2sp.org/signed-note, https://c2sp.org/tlog-checkpoint


def strict(text: str) -> bytes:
    """The bytes of base64 in its one canonical form."""
    try:
        found = base64.b64decode(text, validate=True)
    except ValueError:
        raise NotValid(f"{text!r} is not base64") from None
    if base64.b64encode(found).decode() != text:
        raise NotValid(f"{text!r} is not base64 in its canonical form")
    return found


class Key:
    """A public key: name+hash+base64."""

    def __init__(self, text: str) -> None:
        parts = text.strip().split("+", 2)
        if len(parts) != 3:
            raise NotValid("the public key is none")
        self.name, blob = parts[0], strict(parts[2])
        self.hash = hashlib.sha256(f"{self.name}\n".encode() + blob).digest()[:4]
        if blob[:1] != b"\x01" or len(blob) != 1 + HASH or self.hash.hex() != parts[1] or not self.name:
            raise NotValid("the public key is none, or not an Ed25519 key")
        self.raw = blob[1:]

    def open(self, note: str) -> tuple[int, bytes]:
        """The size and root that a checkpoint states, once its signature is checked."""
        text, separator, lines = note.rpartition("\n\n")
        if not separator or not lines.endswith("\n"):
            raise NotValid("a checkpoint is not a signed note")
        good = False
        for line in lines[:-1].split("\n"):
            parts = line.split(" ")
            if len(parts) != 3 or parts[0] != "—":
                raise NotValid("a checkpoint has a line that is no signature")
            blob = strict(parts[2])
            if (parts[1], blob[:4]) == (self.name, self.hash):
                if not signed(self.raw, blob[4:], f"{text}\n".encode()):
                    raise NotValid("a checkpoint's signature is wrong")
                good = True
        if not good:
            raise NotValid(f"a checkpoint carries no signature by {self.name}")
        body = text.split("\n")
        if len(body) < 3 or body[0] != self.name or not body[1].isdecimal() or str(int(body[1])) != body[1]:
            raise NotValid("a checkpoint is not origin, size and root of this log")
        return int(body[1]), strict(body[2])


# The tree: https://www.rfc-editor.org/rfc/rfc6962#section-2.1


class Tree:
    """A growing tree, of which only the roots of the complete subtrees are kept."""

    def __init__(self) -> None:
        self.size = 0
        self.peaks: list[bytes] = []

    def append(self, leaf: bytes) -> None:
        """Add a leaf hash."""
        size = self.size
        while size & 1:
            leaf, size = hashlib.sha256(b"\x01" + self.peaks.pop() + leaf).digest(), size >> 1
        self.peaks.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """The root over all leaves so far."""
        if not self.peaks:
            return hashlib.sha256(b"").digest()
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = hashlib.sha256(b"\x01" + peak + root).digest()
        return root


class Bundle:
    """The files that were exported, in a folder or a .zip."""

    def __init__(self, place: Path) -> None:
        self.zip = None if place.is_dir() else zipfile.ZipFile(place)
        self.place = place

    def file(self, name: str) -> IO[bytes]:
        """One of them, to be read."""
        return (self.place / name).open("rb") if self.zip is None else self.zip.open(name)

    def text(self, name: str) -> str:
        """All of one."""
        with self.file(name) as file:
            return file.read().decode("utf-8")

    def lines(self, name: str) -> Iterator[bytes]:
        """The lines of one, without their ends."""
        with self.file(name) as file:
            for line in file:
                if not line.endswith(b"\n"):
                    raise NotValid(f"the last line of {name} was cut off")
                yield line[:-1]


def check(bundle: Bundle, key: Key) -> str:
    """Check everything, and say in one line what holds."""
    notes = [key.open(json.loads(line)) for line in bundle.lines("checkpoints.jsonl")]
    if not notes or notes != sorted(notes):
        raise NotValid("the checkpoints are missing or out of order")
    with bundle.file("leaves.bin") as file:
        leaves = file.read()
    check_tree(leaves, notes)
    entries, held, erased = check_events(bundle, key, leaves)
    size, root = notes[-1]
    gone = f", {erased} more were erased" if erased else ""
    return f"{entries} of the log's {size} entries, {held} payloads{gone}; root {root.hex()}, signed by {key.name}"


def check_tree(leaves: bytes, notes: list[tuple[int, bytes]]) -> None:
    """Check that the leaf hashes give the trees that were signed."""
    if len(leaves) != notes[-1][0] * HASH:
        raise NotValid(f"there are {len(leaves) // HASH} leaf hashes, but {notes[-1][0]} entries were signed")
    tree, before = Tree(), 0
    for size, root in notes:
        for at in range(tree.size, size):
            tree.append(leaves[at * HASH : (at + 1) * HASH])
        if tree.root() != root:
            raise NotValid(f"a leaf hash of entries {before + 1} to {size} is not what was signed")
        before = size


def check_events(bundle: Bundle, key: Key, leaves: bytes) -> tuple[int, int, int]:
    """Check the events and what is stored apart for them: how many there are, with their payload, and without."""
    payloads = bundle.lines("payloads.jsonl")
    waiting = following(payloads)
    entries = held = erased = last = 0
    for line in bundle.lines("events.jsonl"):
        try:
            event = json.loads(line)
            seq, named = int(event["sequence"]), event.get("payload")
        except (
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            RecursionError,
            zipfile.BadZipFile,
            zlib.error,
            NotImplementedError,
            RuntimeError,
        ):
            raise NotValid(f"the event after entry {last} is none") from None
        if not last < seq <= len(leaves) // HASH:
            raise NotValid(f"entry {seq} is not one of the log, or out of order")
        if hashlib.sha256(b"\x00" + line).digest() != leaves[(seq - 1) * HASH : seq * HASH]:
            raise NotValid(f"entry {seq} is not what was signed")
        if event.get("source") != key.name:
            raise NotValid(f"entry {seq} belongs to another log")
        entries, last = entries + 1, seq
        if named is None:
            continue
        if waiting is None or waiting[0] != named:
            erased += 1
            continue
        if hashlib.sha256(waiting[1] + waiting[2]).hexdigest() != named:
            raise NotValid(f"the payload of entry {seq} was altered")
        held, waiting = held + 1, following(payloads)
    if waiting is not None:
        raise NotValid("a payload belongs to no entry, or is out of order")
    told = json.loads(bundle.text("bundle.json"))
    if (told["entries"], told["payloads"]) != (entries, held):
        raise NotValid(f"{told['entries']} entries and {told['payloads']} payloads were exported; some are missing")
    return entries, held, erased


def following(lines: Iterator[bytes]) -> tuple[str, bytes, bytes] | None:
    """The next payload's digest, salt and body."""
    for line in lines:
        row = json.loads(line)
        return row["digest"], strict(row["salt"]), row["body"].encode()
    return None


BROKEN = (
    NotValid,
    OSError,
    EOFError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    RecursionError,
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
    RuntimeError,
)
"""What files that were tampered with can lead to."""


def main(words: list[str] | None = None) -> int:
    """Answer the command line, or these words instead."""
    parser = argparse.ArgumentParser(description="Check an exported audit log.")
    parser.add_argument("bundle", nargs="?", type=Path, default=Path(__file__).resolve().parent)
    parser.add_argument("--key", type=Path, help="the public key as you know it, instead of the bundle's own")
    given = parser.parse_args(words)
    try:
        bundle = Bundle(given.bundle)
        key = Key(bundle.text("audit.pub") if given.key is None else given.key.read_text("utf-8"))
        found = check(bundle, key)
    except BROKEN as problem:
        print(f"NOT VALID: {problem}")
        return 1
    print(f"VALID: {found}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
