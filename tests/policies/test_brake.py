"""The emergency brake."""

from __future__ import annotations

from pathlib import Path

from policies.brake import Brake


def test_is_off_until_it_is_pulled_and_holds_in_every_process(tmp_path: Path) -> None:
    here, elsewhere = Brake(tmp_path), Brake(tmp_path)
    assert not here.on
    here.freeze()
    assert here.on
    assert elsewhere.on
    elsewhere.thaw()
    assert not here.on


def test_can_be_pulled_and_let_go_twice(tmp_path: Path) -> None:
    brake = Brake(tmp_path)
    brake.freeze()
    brake.freeze()
    assert brake.on
    brake.thaw()
    brake.thaw()
    assert not brake.on


def test_nobody_else_may_touch_it(tmp_path: Path) -> None:
    Brake(tmp_path).freeze()
    assert (tmp_path / "frozen").stat().st_mode & 0o777 == 0o600
