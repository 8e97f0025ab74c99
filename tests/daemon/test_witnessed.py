"""A log that was set back while DevOS did not run: with a witness, DevOS notices at its start and says so loudly."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.daemon.conftest import House

STAGING = "set checkout to six pods in staging"


@pytest.fixture
def witness(own: House, tmp_path: Path) -> Path:
    """Where the home's witness is, on what would be another disk."""
    place = tmp_path / "other-disk" / "devos.checkpoint"
    place.parent.mkdir()
    (own.home / "config.toml").write_text(f'[audit]\nwitnesses = ["{place}"]\n')
    return place


def copied(home: Path, folder: Path) -> Path:
    """All of the log and what lies beside it."""
    folder.mkdir()
    for file in home.glob("audit.*"):
        shutil.copy(file, folder)
    return folder


def set_back(home: Path, copy: Path) -> None:
    for file in home.glob("audit.*"):
        file.unlink()
    for file in copy.iterdir():
        shutil.copy(file, home)


def test_a_restored_old_copy_is_noticed_at_the_start(own: House, witness: Path, tmp_path: Path) -> None:
    own.start("--sandbox")
    own.devos("say", STAGING)
    own.stop()
    yesterday = copied(own.home, tmp_path / "yesterday")
    own.start("--sandbox")
    own.devos("say", STAGING)
    own.stop()
    today = copied(own.home, tmp_path / "today")

    set_back(own.home, yesterday)
    assert own.devos("audit", "verify").code == 0, "by itself it is without fault"
    said = own.process("run", "--sandbox")
    assert said.code == 1 and "ready" not in said.out
    assert "was set back" in said.err and str(witness) in said.err and "are lost" in said.err

    set_back(own.home, today)
    own.start("--sandbox")
    assert own.stop() == 0


def test_a_write_ahead_log_that_was_cut_is_noticed_at_the_start(own: House, witness: Path, tmp_path: Path) -> None:
    own.start("--sandbox")
    own.devos("say", STAGING)
    pulled = copied(own.home, tmp_path / "pulled")  # as the disk was when the power went
    own.stop()

    wal = pulled / "audit.db-wal"
    with wal.open("r+b") as file:
        file.truncate(wal.stat().st_size // 2)
    (pulled / "audit.db-shm").unlink()
    with closing(sqlite3.connect(pulled / "audit.db")) as log:
        (note,) = log.execute("SELECT note FROM checkpoints ORDER BY size DESC LIMIT 1").fetchone()
    (pulled / "audit.checkpoint").write_text(note)
    set_back(own.home, pulled)
    assert own.devos("audit", "verify").code == 0, "by itself it is without fault"
    said = own.process("run", "--sandbox")
    assert said.code == 1 and "was set back" in said.err and str(witness) in said.err


def test_a_witness_that_is_not_there_is_a_warning(own: House, witness: Path) -> None:
    shutil.rmtree(witness.parent)
    own.start("--sandbox")
    own.stop()
    assert "could not be asked" in (own.home / "stderr").read_text()
