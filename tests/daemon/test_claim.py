"""One daemon for one home."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.claim import AlreadyRunning, claimed, executor_id, holder


def test_a_second_one_is_told_who_holds_it(tmp_path: Path) -> None:
    with (
        claimed(tmp_path / "lock"),
        pytest.raises(AlreadyRunning, match=rf"{tmp_path} \(process {os.getpid()}\)"),
        claimed(tmp_path / "lock"),
    ):
        raise AssertionError("two hold it")


def test_it_is_free_again_afterwards(tmp_path: Path) -> None:
    for _ in range(2):
        with claimed(tmp_path / "lock"):
            assert (tmp_path / "lock").read_text() == str(os.getpid())
            assert (tmp_path / "lock").stat().st_mode & 0o777 == 0o600


def test_a_killed_one_holds_nothing(tmp_path: Path) -> None:
    code = (
        "import os, sys, pathlib; from daemon.claim import claimed\n"
        "with claimed(pathlib.Path(sys.argv[1])): print('held', flush=True); os.kill(os.getpid(), 9)"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(tmp_path / "lock")], stdout=subprocess.PIPE, check=False)
    assert killed.stdout == b"held\n" and killed.returncode == -9
    with claimed(tmp_path / "lock"):
        pass


def test_the_name_of_a_home_is_made_once(tmp_path: Path) -> None:
    name = executor_id(tmp_path)
    assert name and executor_id(tmp_path) == name
    (tmp_path / "other").mkdir()
    assert executor_id(tmp_path / "other") != name


def test_a_name_that_was_cut_off_while_it_was_written_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "executor").write_text("")
    name = executor_id(tmp_path)
    assert name and executor_id(tmp_path) == name


def test_who_holds_it_can_be_asked_without_disturbing_anybody(tmp_path: Path) -> None:
    assert holder(tmp_path / "lock") is None, "there is none"
    with claimed(tmp_path / "lock"):
        assert holder(tmp_path / "lock") == os.getpid()
        (tmp_path / "lock").write_text("")
        assert holder(tmp_path / "lock") == 0, "somebody, who has not said yet who"
    assert holder(tmp_path / "lock") is None
