"""Where the log's private key is kept: in the system's keyring, or in a file that only its owner can read."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from policies.audit.checkpoint import Signer, Verifier, WrongKey, create_once

SERVICE = "devos"
"""Under which the keyring lists the key; its user is the log's origin, so that every log has its own."""


class Keyring(Protocol):
    """A place for secrets that the system guards, as the package `keyring` gives it."""

    def get_password(self, service: str, username: str) -> str | None:
        """The secret; None where there is none."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep a secret."""


def system_keyring() -> Keyring | None:
    """The system's keyring; None where there is none that keeps secrets from others."""
    import keyring

    try:
        backend = keyring.get_keyring()
        return backend if backend.priority >= 1 else None
    except Exception:  # backends of many makers, and each fails in its own way where it has no session
        return None


def load_or_create(folder: Path, keyring: Keyring | None = None) -> Signer:
    """The key of the log whose keys are in `folder`, made on first use.

    Its public half is in audit.pub. The private one is in the file audit.key (PKCS #8 PEM, 0600) if there is such a
    file; otherwise in the keyring, if it was made there. A new key goes into the keyring, or into the file where there
    is no keyring or it does not keep what it is given. There is never a second key for one log.

    Args:
        folder: made where it is missing.
        keyring: the one to use; None leaves every keyring alone.

    Raises:
        WrongKey: the private key cannot be had though audit.pub is there, or the two do not belong together.
    """
    private, public = folder / "audit.key", folder / "audit.pub"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _locked(folder):
        if not private.exists() and not public.exists():
            return _create(private, public, keyring)
        if private.exists():
            signer = _signer(private.read_bytes(), str(private))
            create_once(public, f"{signer.verifier}\n".encode(), 0o644)  # killed between making the two
        else:
            signer = _from_keyring(Verifier.parse(public.read_text()), private, keyring)
        if Verifier.parse(public.read_text()).raw != signer.verifier.raw:
            where = private if private.exists() else "the key in the keyring"
            raise WrongKey(f"{public} is not the public half of {where}.")
    return signer


def _create(private: Path, public: Path, keyring: Keyring | None) -> Signer:
    """Make a key and put both halves in their places, the private one first."""
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    signer = Signer(key)
    if keyring is None or not _kept(keyring, signer.origin, pem.decode()):
        create_once(private, pem, 0o600)
    create_once(public, f"{signer.verifier}\n".encode(), 0o644)
    return signer


def _kept(keyring: Keyring, origin: str, pem: str) -> bool:
    """Put a key into the keyring; whether it can be had from there again."""
    try:
        keyring.set_password(SERVICE, origin, pem)
        return keyring.get_password(SERVICE, origin) == pem
    except Exception:  # each backend has errors of its own; a locked or absent keyring is no reason not to start
        return False


def _from_keyring(verifier: Verifier, private: Path, keyring: Keyring | None) -> Signer:
    """The key that was put into the keyring once."""
    if keyring is None:
        raise WrongKey(f"{private} is missing, and the keyring is not to be used. Put the key back.")
    try:
        pem = keyring.get_password(SERVICE, verifier.name)
    except Exception as error:  # as above, but now the key is needed
        raise WrongKey(
            f"The keyring with the key of {verifier.name} cannot be read: {error or type(error).__name__}. Unlock it."
        ) from error
    if pem is None:
        raise WrongKey(
            f"{private} is missing, and the keyring has no key of {verifier.name} under {SERVICE!r} either."
            " Put the key back."
        )
    return _signer(pem.encode(), f"What the keyring has for {verifier.name}")


def _signer(pem: bytes, where: str) -> Signer:
    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError) as error:
        raise WrongKey(f"{where} is not a private key: {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise WrongKey(f"{where} is not an Ed25519 key.")
    return Signer(key)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold off every other process that wants this folder's key: of two new keys one would sign for nothing."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
