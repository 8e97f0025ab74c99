"""Signed tree heads: C2SP tlog-checkpoints in C2SP signed notes, with an Ed25519 key.

A checkpoint says "the log of this origin had this many entries and this root"; whoever keeps one can later prove that
the log was cut or rewritten. The formats are those of https://c2sp.org/signed-note and https://c2sp.org/tlog-checkpoint.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

if TYPE_CHECKING:
    from policies.audit.keys import Keyring

ED25519 = b"\x01"
"""The signed note's algorithm byte."""

_SIGNATURE = re.compile(r"— (?P<name>[^\s+]+) (?P<blob>[A-Za-z0-9+/]+={0,2})")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


class BadCheckpoint(ValueError):
    """A note that is no checkpoint, or that the expected key did not sign; the message says which."""


class WrongKey(Exception):
    """The key's files do not belong together, or not to this log."""


@dataclass(frozen=True)
class Checkpoint:
    """A signed statement about a log."""

    origin: str
    """Which log: the same as the name of the key that signs."""
    size: int
    root: bytes
    note: str
    """The signed note, to be stored or handed on as it is."""


@dataclass(frozen=True)
class Verifier:
    """The public half: checks notes."""

    name: str
    key: Ed25519PublicKey

    @classmethod
    def parse(cls, text: str) -> Verifier:
        """Read a verifier key as Go's sumdb/note writes it: "name+hash+base64".

        Raises:
            WrongKey: it is none, or of another algorithm, or its hash is not the key's.
        """
        parts = text.strip().split("+", 2)
        try:
            name, told, blob = parts[0], bytes.fromhex(parts[1]), _decoded(parts[2])
            if blob[:1] != ED25519:
                raise ValueError("not an Ed25519 key")
            verifier = cls(name, Ed25519PublicKey.from_public_bytes(blob[1:]))
        except (IndexError, ValueError) as error:
            raise WrongKey(f"{text.strip()!r} is not a verifier key: {error}") from error
        if not name or told != verifier.id:
            raise WrongKey(f"{text.strip()!r} is not a verifier key: its hash belongs to another name or key")
        return verifier

    @property
    def raw(self) -> bytes:
        """The public key's 32 bytes."""
        return self.key.public_bytes_raw()

    @property
    def id(self) -> bytes:
        """The four bytes that name this key in a signature line."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.raw).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(ED25519 + self.raw).decode()}"

    def open(self, note: str) -> Checkpoint:
        """Check a note's signature and read what it says. Signatures by other keys (witnesses) are passed over.

        Raises:
            BadCheckpoint: the note is malformed, not signed by this key, or about another log.
        """
        text, separator, signatures = note.rpartition("\n\n")
        if not separator or not signatures.endswith("\n"):
            raise BadCheckpoint("it is not a signed note")
        text += "\n"
        signed = False
        for line in signatures[:-1].split("\n"):
            match = _SIGNATURE.fullmatch(line)
            if match is None:
                raise BadCheckpoint(f"{line!r} is not a signature line")
            try:
                blob = _decoded(match["blob"])
            except binascii.Error as error:
                raise BadCheckpoint(f"{line!r} is not a signature line: {error}") from error
            if match["name"] != self.name or blob[:4] != self.id:
                continue
            try:
                self.key.verify(blob[4:], text.encode())
            except InvalidSignature:
                raise BadCheckpoint("its signature is wrong") from None
            signed = True
        if not signed:
            raise BadCheckpoint(f"it carries no signature by {self.name}")
        return self._read(text, note)

    def _read(self, text: str, note: str) -> Checkpoint:
        """The parts of a note's text; lines after the root are extensions and have no meaning here."""
        lines = text.split("\n")
        if len(lines) < 4 or not _SIZE.fullmatch(lines[1]):
            raise BadCheckpoint("its text is not origin, size and root")
        try:
            root = _decoded(lines[2])
        except binascii.Error as error:
            raise BadCheckpoint(f"its root is not base64: {error}") from error
        if len(root) != hashlib.sha256().digest_size:
            raise BadCheckpoint(f"its root has {len(root)} bytes")
        if lines[0] != self.name:
            raise BadCheckpoint(f"it is about the log {lines[0]!r}")
        return Checkpoint(lines[0], int(lines[1]), root, note)


class Signer:
    """The private half: signs the heads of one log, whose origin is named after the key."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        public = key.public_key()
        self.verifier = Verifier(f"devos/audit/{hashlib.sha256(public.public_bytes_raw()).hexdigest()[:16]}", public)

    @property
    def origin(self) -> str:
        """The log's name, unique because the key is."""
        return self.verifier.name

    @classmethod
    def load_or_create(cls, folder: Path, keyring: Keyring | None = None) -> Signer:
        """The key of the log whose keys are in `folder`, made on first use: `policies.audit.keys`.

        Raises:
            WrongKey: the private key cannot be had though audit.pub is there, or the two do not belong together.
        """
        from policies.audit.keys import load_or_create  # it makes signers, and so needs this module

        return load_or_create(folder, keyring)

    def sign(self, size: int, root: bytes) -> Checkpoint:
        """State and sign that the log has `size` entries under `root`."""
        text = f"{self.origin}\n{size}\n{base64.b64encode(root).decode()}\n"
        signature = base64.b64encode(self.verifier.id + self._key.sign(text.encode())).decode()
        return Checkpoint(self.origin, size, root, f"{text}\n— {self.origin} {signature}\n")


def create_once(path: Path, content: bytes, mode: int) -> None:
    """Create a file, whole and on disk, unless it exists; of two processes that try, the first wins."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    write_through(draft, content, mode)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def write_through(path: Path, content: bytes, mode: int) -> None:
    """Write a whole file and wait until its content is on disk."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        while content:
            content = content[os.write(descriptor, content) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _decoded(text: str) -> bytes:
    """The bytes of base64 in its one canonical form: the bits that the last character has to spare must be zero.

    Raises:
        binascii.Error: it is not base64, or another text for the same bytes.
    """
    found = base64.b64decode(text, validate=True)
    if base64.b64encode(found).decode() != text:
        raise binascii.Error("not in canonical form")
    return found
