"""Programs that nobody here wrote accept our checkpoints and proofs, and refuse them once they were altered.

One is the package `aics-tlog`, the other the packages behind Go's checksum database, as Debian ships them.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from policies.audit.checkpoint import BadCheckpoint, Signer, Verifier
from policies.audit.log import Entry, Log
from policies.audit.merkle import includes, is_consistent, leaf_hash
from policies.audit.prove import consistency, inclusion
from policies.audit.verify_bundle import Key, NotValid

ENTRIES = 600
PROOFS = 200
CORRUPTIONS = 1000
SEED = 20260301
PROGRAM = Path(__file__).with_name("other_verifier.go")
GOCODE = Path(os.environ.get("GOPATH", "/usr/share/gocode"))
"""Where Debian puts the sources of Go's packages."""


@dataclass(frozen=True)
class Case:
    """A proof as somebody receives it."""

    kind: str
    key: str
    note: str
    hashes: tuple[str, ...]
    event: str = ""
    index: int = 0
    old: str = ""


Verdict = Callable[[list[Case]], list[bool]]


@pytest.fixture(scope="module")
def proofs(tmp_path_factory: pytest.TempPathFactory) -> list[Case]:
    """Proofs out of a log of several tiles, half of each kind."""
    folder, dice = tmp_path_factory.mktemp("log"), random.Random(SEED)
    log = Log(
        folder / "audit.db",
        Signer.load_or_create(folder / "keys"),
        clock=lambda: datetime(2026, 3, 1, 9, 0, tzinfo=UTC),
    )
    notes = []
    for n in range(1, ENTRIES + 1):
        log.append_now(Entry("devos.action.done", "run-1", n, "jira.move", {"n": n, "said": "größer → ✓"}))
        notes.append(log.checkpoint().note)
    log.close()
    made = []
    for _ in range(PROOFS // 2):
        found = inclusion(folder / "audit.db", dice.randint(1, ENTRIES))
        hashes = tuple(found["hashes"])
        made.append(Case("inclusion", found["key"], found["checkpoint"], hashes, found["event"], found["index"]))
        old = dice.choice(notes)
        found = consistency(folder / "audit.db", old)
        made.append(Case("consistency", found["key"], found["checkpoint"], tuple(found["hashes"]), old=old))
    return made


def another_text(text: str, dice: random.Random) -> str:
    """One character replaced, removed, added or exchanged with the next, or the end cut off."""
    place, other = dice.randrange(len(text)), chr(dice.randrange(32, 127))
    before, here, after = text[:place], text[place], text[place + 1 :]
    return dice.choice(
        [
            before + other + after,
            before + after,
            before + here + other + after,
            before + after[:1] + here + after[1:],
            before,
        ]
    )


def other_hashes(hashes: tuple[str, ...], dice: random.Random) -> tuple[str, ...]:
    """One bit of one hash changed, or a hash dropped, doubled, added, or exchanged with another."""
    if not hashes:
        return (base64.b64encode(dice.randbytes(32)).decode(),)
    place, other = dice.randrange(len(hashes)), dice.randrange(len(hashes))
    before, here, after = hashes[:place], hashes[place], hashes[place + 1 :]
    raw = bytearray(base64.b64decode(here))
    raw[dice.randrange(32)] ^= 1 << dice.randrange(8)
    return dice.choice(
        [
            (*before, base64.b64encode(raw).decode(), *after),
            (*before, another_text(here, dice), *after),
            (*before, *after),
            (*before, here, here, *after),
            (*hashes, base64.b64encode(dice.randbytes(32)).decode()),
            tuple(hashes[{place: other, other: place}.get(n, n)] for n in range(len(hashes))),
        ]
    )


def ended(note: str) -> str:
    """The note with the end of its last line, if it has a last line."""
    return note if note.endswith("\n") or not note else f"{note}\n"


def corrupted(case: Case, dice: random.Random) -> Case:
    """The same proof with something altered: in the checkpoint, the hashes, the event, its place, the old head."""
    while True:
        choices = [
            lambda: replace(case, note=another_text(case.note, dice)),
            lambda: replace(case, hashes=other_hashes(case.hashes, dice)),
        ]
        if case.kind == "inclusion":
            choices += [
                lambda: replace(case, event=another_text(case.event, dice)),
                lambda: replace(case, index=dice.choice([case.index - 1, case.index + 1, dice.randrange(2 * ENTRIES)])),
            ]
        else:
            choices += [
                lambda: replace(case, old=another_text(case.old, dice)),
                lambda: replace(case, old=case.note, note=case.old),
            ]
        found = dice.choice(choices)()
        # aics-tlog does without the last line's end, which no signature covers; that alone is no corruption.
        if replace(found, note=ended(found.note), old=ended(found.old)) != case:
            return found


def ours(cases: list[Case]) -> list[bool]:
    """What our own functions say."""

    def verdict(case: Case) -> bool:
        try:
            key = Verifier.parse(case.key)
            head = key.open(case.note)
            hashes = [base64.b64decode(each, validate=True) for each in case.hashes]
            if [base64.b64encode(each).decode() for each in hashes] != [*case.hashes]:
                return False
            if case.kind == "inclusion":
                return includes(leaf_hash(case.event.encode()), case.index, head.size, hashes, head.root)
            old = key.open(case.old)
            return is_consistent(old.size, head.size, old.root, head.root, hashes)
        except (BadCheckpoint, binascii.Error):
            return False

    return [verdict(case) for case in cases]


def aics(cases: list[Case]) -> list[bool]:
    """What aics-tlog says."""
    from aics_tlog import parse_note, parse_vkey, verify_checkpoint, verify_consistency, verify_leaf_inclusion
    from aics_tlog.note import b64_decode

    def head(case: Case, note: str) -> tuple[int, bytes]:
        key = parse_vkey(case.key)
        found = verify_checkpoint(parse_note(note), key, expected_origin=key.name)
        if not found.ok:
            raise ValueError(found.error)
        return found.size, found.root

    def verdict(case: Case) -> bool:
        try:
            size, root = head(case, case.note)
            hashes = [b64_decode(each) for each in case.hashes]
            if case.kind == "inclusion":
                return bool(verify_leaf_inclusion(case.event.encode(), case.index, size, hashes, root))
            old, before = head(case, case.old)
            return bool(verify_consistency(old, size, before, root, hashes))
        except ValueError:
            return False

    return [verdict(case) for case in cases]


@pytest.fixture(scope="module")
def go(tmp_path_factory: pytest.TempPathFactory) -> Verdict:
    """What Go's packages say."""
    if shutil.which("go") is None or not (GOCODE / "src" / "golang.org" / "x" / "mod" / "sumdb" / "tlog").is_dir():
        pytest.skip("install with: apt-get install golang-go golang-golang-x-mod-dev")
    folder = tmp_path_factory.mktemp("go")
    environment = os.environ | {
        "GO111MODULE": "off",
        "GOPATH": str(GOCODE),
        "GOCACHE": str(folder / "cache"),
        "GOTOOLCHAIN": "local",
        "CGO_ENABLED": "0",
    }
    built = subprocess.run(
        ["go", "build", "-o", folder / "verifier", PROGRAM],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr

    def verdicts(cases: list[Case]) -> list[bool]:
        lines = "".join(f"{json.dumps(vars(case))}\n" for case in cases)
        done = subprocess.run([folder / "verifier"], input=lines, capture_output=True, text=True, check=True)
        return [line == "true" for line in done.stdout.splitlines()]

    return verdicts


@pytest.fixture(params=["ours", "aics-tlog", "go"])
def verdicts(request: pytest.FixtureRequest) -> Verdict:
    if request.param == "aics-tlog":
        if sys.version_info < (3, 12):
            pytest.skip("aics-tlog needs Python 3.12 or later")
        pytest.importorskip("aics_tlog", reason="aics-tlog is not among the installed packages")
        return aics
    if request.param == "go":
        found: Verdict = request.getfixturevalue("go")
        return found
    return ours


def test_every_proof_is_accepted(proofs: list[Case], verdicts: Verdict) -> None:
    assert len(proofs) == PROOFS
    assert verdicts(proofs) == [True] * PROOFS


def test_every_corrupted_proof_is_refused(proofs: list[Case], verdicts: Verdict) -> None:
    dice = random.Random(SEED)
    cases = [corrupted(dice.choice(proofs), dice) for _ in range(CORRUPTIONS)]
    accepted = [case for case, yes in zip(cases, verdicts(cases), strict=True) if yes]
    assert accepted == []
    assert len(cases) == CORRUPTIONS


def test_the_program_in_the_bundle_reads_checkpoints_alike(proofs: list[Case]) -> None:
    dice = random.Random(SEED)
    case = proofs[0]
    assert Key(case.key).open(case.note)[0] == ENTRIES
    for _ in range(200):
        note = another_text(case.note, dice)
        if note != case.note:
            with pytest.raises(NotValid):
                Key(case.key).open(note)
