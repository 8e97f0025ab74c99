"""A part of the log, or all of it, with everything that a stranger needs to check it, the program included.

The leaf hashes of the whole log go with it, also of entries that stay at home: they give away nothing (each event holds
a random number), and with them every event handed on is bound to the signed root.
"""

from __future__ import annotations

import base64
import json
import shutil
import sqlite3
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

from policies.action import Json
from policies.audit import verify_bundle
from policies.audit.checkpoint import Checkpoint, Verifier
from policies.audit.event import canonical
from policies.audit.export import Altered, Progress, Selection, selected
from policies.audit.merkle import CompactRange

CHECKPOINTS = 100
"""How many checkpoints go with it at most: the newest, and others at equal distances before it."""

README = """This is a part of the audit log {origin}.

    python3 verify.py

checks it, on any machine with Python 3.9 or later and nothing else installed. It prints VALID and ends with 0, or NOT
VALID with the first thing that does not hold, and ends with 1. The public key is audit.pub; whether it is the right one
only its owner can tell you: compare it with the one you were given, or check with --key FILE. For the same reason take
verify.py from somebody you trust.

events.jsonl       the events, one a line, each exactly as it was hashed
payloads.jsonl     what is stored apart for them; one that is not here was erased
leaves.bin         the leaf hashes of the whole log, 32 bytes each
checkpoints.jsonl  signed notes over the log at several sizes, the newest last
bundle.json        what was exported
"""


def write_bundle(
    connection: sqlite3.Connection, verifier: Verifier, selection: Selection, out: Path, done: Progress
) -> dict[str, Json]:
    """Write a bundle, whole or not at all.

    Args:
        connection: the log, within a transaction.
        verifier: its public key.
        selection: which entries.
        out: what must not exist yet: a .zip, or otherwise a folder.
        done: called for each entry.

    Returns:
        What stands in bundle.json: origin, size and root of the log, how many entries and payloads, the selection.

    Raises:
        Altered: what is stored is not what was signed.
        FileExistsError: `out` exists.
        OSError: it cannot be written.
    """
    if out.exists():
        raise FileExistsError(f"{out} exists already")
    with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as beside:
        folder = Path(beside) / "bundle"
        folder.mkdir(mode=0o700)
        told = _fill(folder, connection, verifier, selection, done)
        if out.suffix == ".zip":
            _pack(folder, packed := Path(beside) / "bundle.zip")
            packed.rename(out)
        else:
            folder.rename(out)
    return told


def _fill(
    folder: Path, connection: sqlite3.Connection, verifier: Verifier, selection: Selection, done: Progress
) -> dict[str, Json]:
    """Write the files."""
    notes = _checkpoints(connection, verifier)
    _write_leaves(folder / "leaves.bin", connection, notes)
    with (folder / "checkpoints.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(each.note)}\n" for each in notes)
    entries = payloads = 0
    with (
        (folder / "events.jsonl").open("w", encoding="utf-8", newline="\n") as events,
        (folder / "payloads.jsonl").open("w", encoding="utf-8", newline="\n") as apart,
    ):
        for each in selected(connection, selection):
            events.write(f"{each.event}\n")
            entries += 1
            if each.body is not None and each.salt is not None and each.digest is not None:
                row: Json = {"digest": each.digest, "salt": base64.b64encode(each.salt).decode(), "body": each.body}
                apart.write(f"{canonical(row)}\n")
                payloads += 1
            done()
    told: dict[str, Json] = {
        "format": "devos-audit-bundle/1",
        "origin": verifier.name,
        "size": notes[-1].size,
        "root": notes[-1].root.hex(),
        "entries": entries,
        "payloads": payloads,
        "selection": {
            "run": selection.run,
            "from": None if selection.first is None else selection.first.isoformat(),
            "to": None if selection.last is None else selection.last.isoformat(),
        },
    }
    (folder / "bundle.json").write_text(json.dumps(told, indent=2) + "\n", "utf-8")
    (folder / "audit.pub").write_text(f"{verifier}\n", "utf-8")
    (folder / "README.txt").write_text(README.format(origin=verifier.name), "utf-8")
    shutil.copyfile(verify_bundle.__file__, folder / "verify.py")
    return told


def _checkpoints(connection: sqlite3.Connection, verifier: Verifier) -> list[Checkpoint]:
    """The checkpoints that go with it, oldest first."""
    sizes = [size for (size,) in connection.execute("SELECT size FROM checkpoints ORDER BY size")]
    if not sizes:
        raise Altered("The log is empty; there is nothing to export.")
    # Rounded up, and counted from the end, so that the newest is always among them.
    chosen = sizes[:: -max(1, -(-len(sizes) // CHECKPOINTS))][::-1]
    found = []
    for size in chosen:
        (note,) = connection.execute("SELECT CAST(note AS BLOB) FROM checkpoints WHERE size = ?", (size,)).fetchone()
        try:
            found.append(verifier.open(note.decode()))
        except ValueError as error:
            raise Altered(f"The checkpoint at entry {size} was altered: {error}.") from error
    return found


def _write_leaves(path: Path, connection: sqlite3.Connection, notes: Sequence[Checkpoint]) -> None:
    """Write the leaf hashes, if they give the trees that were signed."""
    tree, waiting = CompactRange(), list(reversed(notes))
    with path.open("wb") as file:
        for seq, leaf in connection.execute("SELECT seq, CAST(hash AS BLOB) FROM leaves ORDER BY seq"):
            tree.append(leaf)
            file.write(leaf)
            if seq != tree.size:
                break
            if waiting and waiting[-1].size == seq and waiting.pop().root != tree.root():
                break
        else:
            if not waiting and tree.size == notes[-1].size:
                return
    raise Altered(f"The log is not what was signed up to entry {notes[-1].size}. `devos audit verify` says more.")


def _pack(folder: Path, out: Path) -> None:
    """Put the files into a .zip."""
    with zipfile.ZipFile(out, "x", zipfile.ZIP_DEFLATED) as packed:
        for each in sorted(folder.iterdir()):
            packed.write(each, each.name)
    out.chmod(0o600)
