"""The log's private key: made once, in the keyring or in a private file, and never a second time."""

import os
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import keyring
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from keyring.backend import KeyringBackend
from keyring.backends import fail, null

from policies.audit.checkpoint import Signer, WrongKey
from policies.audit.keys import Keyring, system_keyring

GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"


class Drawer:
    """A keyring in memory."""

    def __init__(self) -> None:
        self.secrets: dict[tuple[str, str], str] = {}
        self.locked = False

    def get_password(self, service: str, username: str) -> str | None:
        if self.locked:
            raise keyring.errors.KeyringLocked("it is locked")
        return self.secrets.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.locked:
            raise keyring.errors.KeyringLocked("it is locked")
        self.secrets[service, username] = password


class Forgetful(Drawer):
    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep nothing, and say nothing."""


@pytest.fixture
def drawer() -> Drawer:
    return Drawer()


@pytest.fixture
def _backend() -> Iterator[None]:
    """Whatever backends a test makes and chooses are there for that test only."""
    before, known = keyring.core._keyring_backend, set(KeyringBackend._classes)
    yield
    keyring.core._keyring_backend = before
    KeyringBackend._classes.intersection_update(known)


def test_a_new_key_goes_into_the_keyring_and_nowhere_else(tmp_path: Path, drawer: Drawer) -> None:
    made = Signer.load_or_create(tmp_path, drawer)
    assert [each.name for each in tmp_path.iterdir()] == ["audit.pub"]
    assert list(drawer.secrets) == [("devos", made.origin)]
    assert str(Signer.load_or_create(tmp_path, drawer).verifier) == str(made.verifier)
    assert len(drawer.secrets) == 1


def test_a_home_that_is_moved_keeps_its_key(tmp_path: Path, drawer: Drawer) -> None:
    made = Signer.load_or_create(tmp_path / "one", drawer)
    (tmp_path / "one").rename(tmp_path / "two")
    assert Signer.load_or_create(tmp_path / "two", drawer).origin == made.origin


def test_where_there_is_a_file_the_keyring_is_left_alone(tmp_path: Path, drawer: Drawer) -> None:
    made = Signer.load_or_create(tmp_path)
    drawer.locked = True
    assert Signer.load_or_create(tmp_path, drawer).origin == made.origin and not drawer.secrets


@pytest.mark.parametrize("kind", [Forgetful, fail.Keyring, null.Keyring])
def test_a_keyring_that_keeps_nothing_is_none(tmp_path: Path, kind: Callable[[], Keyring]) -> None:
    made = Signer.load_or_create(tmp_path, kind())
    assert stat.S_IMODE((tmp_path / "audit.key").stat().st_mode) == 0o600
    assert Signer.load_or_create(tmp_path, kind()).origin == made.origin


def test_a_locked_keyring_gets_no_new_key(tmp_path: Path, drawer: Drawer) -> None:
    drawer.locked = True
    made = Signer.load_or_create(tmp_path / "new", drawer)
    assert (tmp_path / "new" / "audit.key").exists() and not drawer.secrets
    drawer.locked = False
    assert Signer.load_or_create(tmp_path / "new", drawer).origin == made.origin and not drawer.secrets


def test_a_key_that_cannot_be_had_from_the_keyring_is_not_replaced(tmp_path: Path, drawer: Drawer) -> None:
    made = Signer.load_or_create(tmp_path, drawer)
    drawer.locked = True
    with pytest.raises(WrongKey, match=r"cannot be read: it is locked\. Unlock it"):
        Signer.load_or_create(tmp_path, drawer)
    with pytest.raises(WrongKey, match="the keyring is not to be used"):
        Signer.load_or_create(tmp_path)
    with pytest.raises(WrongKey, match="the keyring has no key of devos/audit/"):
        Signer.load_or_create(tmp_path, Drawer())
    drawer.locked = False
    drawer.secrets["devos", made.origin] = "nothing of the kind"
    with pytest.raises(WrongKey, match=r"What the keyring has for devos/audit/.* is not a private key"):
        Signer.load_or_create(tmp_path, drawer)
    other = Drawer()
    Signer.load_or_create(tmp_path / "other", other)
    (drawer.secrets["devos", made.origin],) = other.secrets.values()
    with pytest.raises(WrongKey, match="not the public half of the key in the keyring"):
        Signer.load_or_create(tmp_path, drawer)
    assert [each.name for each in tmp_path.glob("audit.*")] == ["audit.pub"]


@pytest.mark.usefixtures("_backend")
def test_a_keyring_that_guards_nothing_is_no_keyring() -> None:
    class Guarded(null.Keyring):
        priority = 5

    for useless in (fail.Keyring(), null.Keyring()):
        keyring.set_keyring(useless)
        assert system_keyring() is None
    guarded = Guarded()
    keyring.set_keyring(guarded)
    assert system_keyring() is guarded


@pytest.mark.usefixtures("_backend")
def test_a_keyring_that_cannot_even_be_found_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "no.such.Backend")
    keyring.core._keyring_backend = None
    assert system_keyring() is None


def test_of_two_that_make_a_key_in_the_keyring_at_once_one_wins(tmp_path: Path, drawer: Drawer) -> None:
    ready, made = threading.Barrier(2), []

    def make() -> None:
        ready.wait()
        made.append(Signer.load_or_create(tmp_path, drawer).origin)

    threads = [threading.Thread(target=make) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert [("devos", origin) for origin in set(made)] == list(drawer.secrets)


def test_a_key_is_made_once_and_private(tmp_path: Path) -> None:
    folder = tmp_path / "home" / "keys"
    before = os.umask(0)
    try:
        first = Signer.load_or_create(folder)
    finally:
        os.umask(before)
    assert stat.S_IMODE((folder / "audit.key").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert (folder / "audit.pub").read_text() == f"{first.verifier}\n"
    assert str(Signer.load_or_create(folder).verifier) == str(first.verifier)
    assert sorted(each.name for each in folder.iterdir()) == ["audit.key", "audit.pub"]


def test_of_many_that_make_the_key_at_once_one_wins(tmp_path: Path) -> None:
    ready, made = threading.Barrier(2), []

    def make() -> None:
        ready.wait()
        made.append(str(Signer.load_or_create(tmp_path).verifier))

    threads = [threading.Thread(target=make) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(made) == 2
    assert len(set(made)) == 1


def test_a_lost_key_is_not_replaced_in_silence(tmp_path: Path) -> None:
    Signer.load_or_create(tmp_path)
    (tmp_path / "audit.key").unlink()
    with pytest.raises(WrongKey, match="Put the key back"):
        Signer.load_or_create(tmp_path)


def test_a_public_key_of_another_is_noticed(tmp_path: Path) -> None:
    Signer.load_or_create(tmp_path)
    (tmp_path / "audit.pub").write_text(GO_KEY)
    with pytest.raises(WrongKey, match="not the public half"):
        Signer.load_or_create(tmp_path)


def test_a_file_that_is_no_ed25519_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "audit.key").write_text("nothing of the kind")
    with pytest.raises(WrongKey, match="is not a private key"):
        Signer.load_or_create(tmp_path)
    other = ec.generate_private_key(ec.SECP256R1())
    (tmp_path / "audit.key").write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(WrongKey, match="is not an Ed25519 key"):
        Signer.load_or_create(tmp_path)
