"""Taking DevOS's data away: what would be lost, and losing it."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

from daemon.claim import holder
from daemon.home import sandbox as sandbox_of

KNOWN = {
    "config.toml": "your settings",
    "rules": "your own rules",
    "audit.db": "the record of everything that DevOS did, and its proofs",
    "keys": "the key that the record is signed with: copies of the record can be checked, never continued",
    "runs.db": "all runs; those that are not finished will never be",
    "models": "speech models you added",
    "wakewords": "wake words you trained",
    "sandbox": "the simulated company",
    "environment": "the secrets that the service was given",
    "logs": "the daemon's logs",
}
"""What stands in DEVOS_HOME → what it is to a person."""

MARKS = ("audit.db", "runs.db", "devos.lock", "config.toml")
"""At least one of these is in every folder that DevOS has used."""


class NotRemoved(RuntimeError):
    """The data stays; the message says why."""


def losses(home: Path) -> list[str]:
    """What would be lost, one line each."""
    return [f"{name}: {what}" for name, what in KNOWN.items() if (home / name).exists()]


def check(home: Path) -> None:
    """See that the folder is one of DevOS's, and nobody uses it.

    Raises:
        NotRemoved: it is not, or somebody does.
    """
    if (process := holder(home / "devos.lock")) is not None:
        raise NotRemoved(f"DevOS runs for {home} (process {process}); end it first.")
    if not any((home / mark).exists() for mark in MARKS):
        raise NotRemoved(f"{home} does not look like a folder of DevOS; nothing in it was touched.")
    strange = sorted(each.name for each in home.iterdir() if each.is_dir() and (each / ".git").exists())
    if home == Path.home() or strange:
        raise NotRemoved(f"{home} holds more than DevOS's data; remove by hand what is DevOS's.")


def remove(home: Path) -> None:
    """Take away a DEVOS_HOME with everything in it, the sandbox's process and the key in the keyring included.

    Raises:
        NotRemoved: as `check` says, or something in it cannot be removed.
    """
    check(home)
    _end_sandbox(sandbox_of(home))
    _forget_key(home / "keys" / "audit.pub")
    try:
        shutil.rmtree(home.resolve())
        if home.is_symlink():
            home.unlink()
    except OSError as problem:
        raise NotRemoved(f"Not everything could be removed: {problem}") from None


def _end_sandbox(folder: Path) -> None:
    if folder.is_symlink():
        return  # it is another home's
    from integrations.sandbox.process import stop

    with suppress(OSError):  # nothing can be asked of one whose folder is broken; it goes with the folder
        stop(folder)


def _forget_key(public: Path) -> None:
    """Take the signing key out of the keyring, where it is there."""
    import keyring

    from policies.audit.checkpoint import Verifier
    from policies.audit.keys import SERVICE, system_keyring

    if not public.is_file() or system_keyring() is None:
        return
    with suppress(Exception):  # each backend has errors of its own; a locked keyring keeps a key that opens nothing
        keyring.delete_password(SERVICE, Verifier.parse(public.read_text()).name)
