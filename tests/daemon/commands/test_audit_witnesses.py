"""audit witnesses: what they saw, compared with the log as it is."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from policies.audit.checkpoint import Signer
from policies.audit.log import Entry, Log

if TYPE_CHECKING:
    from pathlib import Path

    from tests.daemon.conftest import House


@pytest.fixture
def witness(tmp_path: Path) -> Path:
    return tmp_path / "devos.checkpoint"


@pytest.fixture
def watched(empty: House, witness: Path) -> House:
    """A home with a log of three entries and a witness."""
    with closing(Log(empty.home / "audit.db", Signer.load_or_create(empty.home / "keys"))) as log:
        for _ in range(3):
            log.append_now(Entry("devos.daemon.started", None, None, None, {}))
    (empty.home / "config.toml").write_text(f'[audit]\nwitnesses = ["{witness}"]\n')
    return empty


def test_none_is_named(empty: House, watched: House) -> None:
    (watched.home / "config.toml").unlink()
    said = watched.devos("audit", "witnesses")
    assert said.code == 0 and said.out.startswith("No witness is named")
    assert watched.devos("audit", "witnesses", "--json").json == []


def test_one_that_agrees(watched: House, witness: Path) -> None:
    assert watched.devos("audit", "witnesses").out == f"{witness}: has seen nothing yet\n"
    witness.write_bytes((watched.home / "audit.checkpoint").read_bytes())
    said = watched.devos("audit", "witnesses")
    assert (said.code, said.out) == (0, f"{witness}: saw 3 entries, and they are the same\n")
    assert watched.devos("audit", "witnesses", "--json").json == [
        {"witness": str(witness), "entries": 3, "problem": None}
    ]


def test_one_that_does_not(watched: House, witness: Path) -> None:
    witness.write_text(Signer.load_or_create(watched.home / "keys").sign(9, bytes(32)).note)
    said = watched.devos("audit", "witnesses")
    assert said.code == 1 and "was set back: it has 3 entries" in said.out and "Entries 4 to 9 are lost" in said.out
    witness.write_text("a letter")
    assert watched.devos("audit", "witnesses", "--json").json[0]["problem"].startswith("The witness")


def test_one_that_cannot_be_asked(watched: House, witness: Path) -> None:
    (watched.home / "config.toml").write_text('[audit]\nwitnesses = ["/no/such/place"]\n')
    said = watched.devos("audit", "witnesses")
    assert said.code == 1 and "/no/such is not there" in said.out


def test_what_stands_in_the_way(empty: House, watched: House) -> None:
    (watched.home / "config.toml").write_text("[audit]\nwitness = 5\n")
    assert watched.devos("audit", "witnesses").code == 1
    (watched.home / "keys" / "audit.pub").write_text("nothing")
    assert "is not a verifier key" in watched.devos("audit", "witnesses").err
    (watched.home / "audit.db").unlink()
    assert "There is no audit log" in watched.devos("audit", "witnesses").err
