"""The program in the bundle, run as a stranger would: Python alone, no package of ours or of anybody else's."""

import ast
import base64
import json
import random
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from policies.audit import verify_bundle
from policies.audit.bundle import write_bundle
from policies.audit.checkpoint import Signer
from policies.audit.export import Selection
from policies.audit.log import Entry, Log
from policies.audit.merkle import EMPTY_ROOT, leaf_hash
from policies.audit.schema import open_for_reading
from policies.audit.verify_bundle import BROKEN, Bundle, Key, NotValid, Tree, check, main, signed, strict

SEED = 20260301
VECTORS = [
    # Public key, message and signature of RFC 8032, section 7.1: tests 1, 2 and 3.
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]


@pytest.fixture
def bundle(path: Path, signer: Signer, log: Log, entry: Callable[..., Entry], tmp_path: Path) -> Path:
    for n in range(1, 31):
        log.append_now(entry(n, payload={"n": n} if n % 2 else None))
    log.close()
    with closing(open_for_reading(path)) as connection:
        write_bundle(connection, signer.verifier, Selection(), tmp_path / "bundle", lambda: None)
    return tmp_path / "bundle"


def run(*words: object) -> tuple[int, str]:
    done = subprocess.run([sys.executable, "-I", "-S", *map(str, words)], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout


@pytest.fixture
def judged(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """As `run`, but the program as it is here and in this process."""

    def judge(*words: object) -> tuple[int, str]:
        code = main([*map(str, words)])
        said = capsys.readouterr()
        assert said.err == ""
        return code, said.out

    return judge


def test_a_stranger_finds_it_valid(
    bundle: Path, signer: Signer, log: Log, judged: Callable[..., tuple[int, str]]
) -> None:
    root = log.checkpoint().root.hex()
    said = f"VALID: 30 of the log's 30 entries, 15 payloads; root {root}, signed by {signer.origin}\n"
    assert run(bundle / "verify.py") == (0, said)
    packed = Path(shutil.make_archive(str(bundle), "zip", bundle))
    assert run(bundle / "verify.py", packed) == (0, said)
    assert run(bundle / "verify.py", bundle, "--key", bundle / "audit.pub") == (0, said)
    for words in ([bundle], [packed], [bundle, "--key", bundle / "audit.pub"]):
        assert judged(*words) == (0, said)


def test_it_runs_from_where_it_stands_too(bundle: Path) -> None:
    command = [sys.executable, verify_bundle.__file__, bundle]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout[:6]) == (0, "VALID:")


def test_the_program_needs_nothing_but_the_standard_library(bundle: Path) -> None:
    program = (bundle / "verify.py").read_text("utf-8")
    imported = {line.split()[1].split(".")[0] for line in program.splitlines() if line.startswith(("import ", "from "))}
    assert imported - {"__future__"} <= sys.stdlib_module_names
    ast.parse(program, feature_version=(3, 9))


def test_a_part_and_erased_payloads_are_valid(
    path: Path, bundle: Path, signer: Signer, tmp_path: Path, judged: Callable[..., tuple[int, str]]
) -> None:
    lines = (bundle / "payloads.jsonl").read_text().splitlines(keepends=True)
    (bundle / "payloads.jsonl").write_text("".join(lines[:3] + lines[5:]))
    told = json.loads((bundle / "bundle.json").read_text())
    (bundle / "bundle.json").write_text(json.dumps({**told, "payloads": 13}))
    code, said = judged(bundle)
    assert code == 0
    assert "13 payloads, 2 more were erased;" in said
    with closing(open_for_reading(path)) as connection:
        write_bundle(connection, signer.verifier, Selection(run="run-2"), tmp_path / "part.zip", lambda: None)
    assert judged(tmp_path / "part.zip")[1].startswith("VALID: 10 of the log's 30 entries")


def swap(text: str) -> str:
    first, second, *rest = text.splitlines(keepends=True)
    return "".join([second, first, *rest])


@pytest.mark.parametrize(
    ("name", "alter", "problem"),
    [
        ("events.jsonl", lambda text: text.replace("web-app", "web-axe", 1), "entry 1 is not what was signed"),
        ("events.jsonl", swap, "entry 1 is not one of the log, or out of order"),
        ("events.jsonl", lambda text: text.split("\n", 1)[1], "30 entries and 15 payloads were exported|belongs to no"),
        ("events.jsonl", lambda text: text[:-1], "the last line of events.jsonl was cut off"),
        ("events.jsonl", lambda text: "[]\n" + text, "the event after entry 0 is none"),
        ("events.jsonl", lambda text: "nothing\n" + text, "the event after entry 0 is none"),
        ("events.jsonl", lambda text: text.replace(f"{2:020d}", f"{31:020d}"), "entry 31 is not one of the log"),
        ("payloads.jsonl", lambda text: text.replace('\\"n\\":3', '\\"n\\":4'), "the payload of entry 3 was altered"),
        ("payloads.jsonl", swap, "a payload belongs to no entry, or is out of order"),
        ("payloads.jsonl", lambda text: text.split("\n", 1)[1], "15 payloads were exported; some are missing"),
        ("checkpoints.jsonl", lambda text: "", "the checkpoints are missing or out of order"),
        ("checkpoints.jsonl", swap, "the checkpoints are missing or out of order"),
        ("checkpoints.jsonl", lambda text: text.replace("\\n30\\n", "\\n31\\n"), "a checkpoint's signature is wrong"),
        ("checkpoints.jsonl", lambda text: text.splitlines(keepends=True)[0], "30 leaf hashes, but 1 entries"),
        ("bundle.json", lambda text: text.replace('"entries": 30', '"entries": 31'), "31 entries and 15 payloads"),
        ("audit.pub", lambda text: text.replace("+", "-"), "the public key is none"),
        ("audit.pub", lambda text: text.replace("devos", "other"), "the public key is none, or not an Ed25519 key"),
        ("audit.pub", lambda text: f"{text.strip()}?", "is not base64"),
        ("checkpoints.jsonl", lambda text: '"nothing"\n', "a checkpoint is not a signed note"),
        ("checkpoints.jsonl", lambda text: text.replace("\\u2014", "-"), "a line that is no signature"),
        ("checkpoints.jsonl", lambda text: text.replace('=\\n"', '\\n"'), "is not base64"),
    ],
)
def test_what_was_altered_is_named(
    bundle: Path, name: str, alter: Callable[[str], str], problem: str, judged: Callable[..., tuple[int, str]]
) -> None:
    file = bundle / name
    before = file.read_text("utf-8")
    file.write_text(alter(before), "utf-8")
    assert file.read_text("utf-8") != before
    code, said = judged(bundle)
    assert code == 1
    assert said.startswith("NOT VALID: ")
    assert any(each in said for each in problem.split("|")), said


@pytest.mark.parametrize("name", ["events.jsonl", "leaves.bin", "checkpoints.jsonl", "payloads.jsonl", "audit.pub"])
def test_every_flipped_bit_is_noticed(bundle: Path, name: str) -> None:
    dice = random.Random(f"{SEED} {name}")
    file = bundle / name
    content = file.read_bytes()
    for _ in range(40):
        place, bit = dice.randrange(len(content)), 1 << dice.randrange(8)
        file.write_bytes(content[:place] + bytes([content[place] ^ bit]) + content[place + 1 :])
        with pytest.raises(BROKEN):
            opened = Bundle(bundle)
            check(opened, Key(opened.text("audit.pub")))


@pytest.mark.parametrize(
    "text", ["{origin}\n", "{origin}\n01\n{root}\n", "{origin}\nmany\n{root}\n", "other\n1\n{root}\n"]
)
def test_what_the_key_signed_must_still_be_a_checkpoint(
    bundle: Path, text: str, tmp_path: Path, judged: Callable[..., tuple[int, str]]
) -> None:
    private = Ed25519PrivateKey.generate()
    key = Signer(private).verifier
    signed_text = text.format(origin=key.name, root=base64.b64encode(bytes(32)).decode())
    blob = base64.b64encode(key.id + private.sign(signed_text.encode())).decode()
    (bundle / "checkpoints.jsonl").write_text(json.dumps(f"{signed_text}\n— {key.name} {blob}\n") + "\n")
    (tmp_path / "known.pub").write_text(str(key))
    said = "NOT VALID: a checkpoint is not origin, size and root of this log\n"
    assert judged(bundle, "--key", tmp_path / "known.pub") == (1, said)


def test_a_leaf_hash_that_was_exchanged_is_bounded_by_the_checkpoints(
    bundle: Path, judged: Callable[..., tuple[int, str]]
) -> None:
    leaves = (bundle / "leaves.bin").read_bytes()
    (bundle / "leaves.bin").write_bytes(leaves[:-32] + bytes(32))
    assert judged(bundle) == (1, "NOT VALID: a leaf hash of entries 2 to 30 is not what was signed\n")


def test_base64_has_one_form() -> None:
    assert strict("AA==") == b"\x00"
    with pytest.raises(NotValid, match="canonical"):
        strict("AB==")


def test_an_empty_tree_is_a_tree() -> None:
    assert Tree().root() == EMPTY_ROOT


def test_an_event_of_another_log_is_named(bundle: Path, signer: Signer, judged: Callable[..., tuple[int, str]]) -> None:
    event = json.dumps({"sequence": f"{1:020d}", "source": "devos/audit/other"})
    leaf = leaf_hash(event.encode())
    (bundle / "events.jsonl").write_text(f"{event}\n")
    (bundle / "leaves.bin").write_bytes(leaf)
    (bundle / "checkpoints.jsonl").write_text(f"{json.dumps(signer.sign(1, leaf).note)}\n")
    assert judged(bundle) == (1, "NOT VALID: entry 1 belongs to another log\n")


def test_another_key_signed_none_of_it(bundle: Path, tmp_path: Path, judged: Callable[..., tuple[int, str]]) -> None:
    other = Signer.load_or_create(tmp_path / "other")
    (tmp_path / "other.pub").write_text(str(other.verifier))
    code, said = judged(bundle, "--key", tmp_path / "other.pub")
    assert (code, said) == (1, f"NOT VALID: a checkpoint carries no signature by {other.origin}\n")


def test_what_is_no_bundle_is_not_valid(tmp_path: Path, judged: Callable[..., tuple[int, str]]) -> None:
    (tmp_path / "no.zip").write_text("nothing of the kind")
    with zipfile.ZipFile(tmp_path / "empty.zip", "w"):
        pass
    for each in (tmp_path / "missing", tmp_path / "no.zip", tmp_path / "empty.zip", tmp_path):
        code, said = judged(each)
        assert code == 1 and said.startswith("NOT VALID: "), each


@pytest.mark.parametrize(("key", "message", "signature"), VECTORS)
def test_ed25519_is_that_of_rfc_8032(key: str, message: str, signature: str) -> None:
    raw, text, blob = bytes.fromhex(key), bytes.fromhex(message), bytes.fromhex(signature)
    assert signed(raw, blob, text)
    assert not signed(raw, blob, text + b"x")
    assert not signed(raw, blob[:-1], text)
    order = 2**252 + 27742317777372353535851937790883648493
    larger = int.from_bytes(blob[32:], "little") + order
    assert not signed(raw, blob[:32] + larger.to_bytes(32, "little"), text)
    assert not signed(b"\xff" * 32, blob, text)


def test_it_agrees_with_a_library_about_good_and_bad_signatures() -> None:
    dice = random.Random(SEED)
    for _ in range(60):
        private = Ed25519PrivateKey.from_private_bytes(dice.randbytes(32))
        key, message = private.public_key().public_bytes_raw(), dice.randbytes(dice.randrange(100))
        blob = bytearray(private.sign(message))
        assert signed(key, bytes(blob), message)
        blob[dice.randrange(64)] ^= 1 << dice.randrange(8)
        assert not signed(key, bytes(blob), message)
        odd = dice.randbytes(32)
        try:
            Ed25519PublicKey.from_public_bytes(odd).verify(bytes(blob), message)
        except (InvalidSignature, ValueError):
            assert not signed(odd, bytes(blob), message)
