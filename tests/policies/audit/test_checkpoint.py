"""Notes and keys, against a second implementation of the format and against the note in Go's documentation."""

import base64
import hashlib

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from policies.audit.checkpoint import BadCheckpoint, Signer, Verifier, WrongKey

SEED = bytes(range(32))
ROOT = hashlib.sha256(b"a tree").digest()
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


@pytest.fixture
def signer() -> Signer:
    return Signer(Ed25519PrivateKey.from_private_bytes(SEED))


def note(text: str, name: str, key: Ed25519PrivateKey) -> str:
    """A signed note, from the specification and nothing else."""
    hashed = hashlib.sha256(name.encode() + b"\n\x01" + key.public_key().public_bytes_raw()).digest()[:4]
    return f"{text}\n— {name} {base64.b64encode(hashed + key.sign(text.encode())).decode()}\n"


def signed(signer: Signer, text: str) -> str:
    return note(text, signer.origin, Ed25519PrivateKey.from_private_bytes(SEED))


def test_a_checkpoint_is_what_the_specification_says(signer: Signer) -> None:
    text = f"{signer.origin}\n42\n{base64.b64encode(ROOT).decode()}\n"
    assert signer.sign(42, ROOT).note == signed(signer, text)


def test_a_second_implementation_accepts_it_and_refuses_every_changed_byte(signer: Signer) -> None:
    def accept(content: bytes) -> None:
        text, line = content.rsplit(b"\n\n", 1)
        blob = base64.b64decode(line.split()[2], validate=True)
        public.verify(blob[4:], text + b"\n")

    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(str(signer.verifier).split("+", 2)[2])[1:])
    made = signer.sign(42, ROOT).note.encode()
    accept(made)
    for place in range(made.index(b"\n\n")):
        with pytest.raises(InvalidSignature):
            accept(made[:place] + bytes([made[place] ^ 1]) + made[place + 1 :])


def test_a_note_signed_by_go_is_accepted_as_one_though_it_is_no_checkpoint() -> None:
    verifier = Verifier.parse(GO_KEY)
    assert str(verifier) == GO_KEY
    with pytest.raises(BadCheckpoint, match="its text is not origin, size and root"):
        verifier.open(GO_NOTE)
    with pytest.raises(BadCheckpoint, match="its signature is wrong"):
        verifier.open(GO_NOTE.replace("problem", "Problem"))


def test_what_was_signed_is_read_back(signer: Signer) -> None:
    made = signer.sign(42, ROOT)
    assert signer.verifier.open(made.note) == made
    assert (made.origin, made.size, made.root) == (signer.verifier.name, 42, ROOT)


def test_a_witness_may_sign_too_and_a_later_version_may_say_more(signer: Signer) -> None:
    text = f"{signer.origin}\n7\n{base64.b64encode(ROOT).decode()}\nsomething new\n"
    witnessed = signed(signer, text) + note(text, "witness", Ed25519PrivateKey.generate()).rsplit("\n\n", 1)[1]
    assert signer.verifier.open(witnessed).size == 7


@pytest.mark.parametrize(
    ("size", "root", "problem"),
    [
        ("07", ROOT, "not origin, size and root"),
        ("-1", ROOT, "not origin, size and root"),
        ("7", ROOT[:-1], "its root has 31 bytes"),
        ("7", None, "its root is not base64"),
    ],
)
def test_a_signed_text_that_is_no_checkpoint_is_refused(
    signer: Signer, size: str, root: bytes | None, problem: str
) -> None:
    told = "a root" if root is None else base64.b64encode(root).decode()
    with pytest.raises(BadCheckpoint, match=problem):
        signer.verifier.open(signed(signer, f"{signer.origin}\n{size}\n{told}\n"))


def test_another_text_for_the_same_root_is_refused(signer: Signer) -> None:
    """The last letter of base64 has bits to spare, so that several texts stand for the same bytes."""
    told = base64.b64encode(ROOT).decode()
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    other = told[:-2] + letters[letters.index(told[-2]) + 1] + "="
    assert base64.b64decode(other) == ROOT
    with pytest.raises(BadCheckpoint, match="its root is not base64: not in canonical form"):
        signer.verifier.open(signed(signer, f"{signer.origin}\n7\n{other}\n"))


def test_a_checkpoint_of_another_log_is_refused(signer: Signer) -> None:
    with pytest.raises(BadCheckpoint, match="about the log 'another'"):
        signer.verifier.open(signed(signer, f"another\n7\n{base64.b64encode(ROOT).decode()}\n"))


def test_a_checkpoint_by_another_key_is_refused(signer: Signer) -> None:
    other = Signer(Ed25519PrivateKey.generate())
    with pytest.raises(BadCheckpoint, match="carries no signature by"):
        signer.verifier.open(other.sign(7, ROOT).note)
    # The same name does not help: the four bytes before the signature belong to the key.
    text = f"{signer.origin}\n7\n{base64.b64encode(ROOT).decode()}\n"
    with pytest.raises(BadCheckpoint, match="carries no signature by"):
        signer.verifier.open(note(text, signer.origin, Ed25519PrivateKey.generate()))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "not a signed note"),
        ("a\n1\nb\n", "not a signed note"),
        ("a\n1\nb\n\n— a AAAA", "not a signed note"),
        ("a\n1\nb\n\n- a AAAA\n", "not a signature line"),
        ("a\n1\nb\n\n— a AAAAA\n", "not a signature line"),
    ],
)
def test_what_is_no_note_is_refused(signer: Signer, text: str, problem: str) -> None:
    with pytest.raises(BadCheckpoint, match=problem):
        signer.verifier.open(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+zz+AQ==",
        "name+00000000+!",
        GO_KEY.replace("c74f", "c74e"),
        GO_KEY.replace("+ARpc", "+AhpC"),
        GO_KEY[:-8],
        GO_KEY.removeprefix("PeterNeumann"),
    ],
)
def test_what_is_no_verifier_key_is_refused(text: str) -> None:
    with pytest.raises(WrongKey, match="is not a verifier key"):
        Verifier.parse(text)
