"""The emergency brake."""

from __future__ import annotations

from pathlib import Path

import pytest

from policies.audit.checkpoint import Signer
from policies.audit.log import CannotRecord, Log
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


async def test_who_pulls_it_and_who_lets_it_go_is_recorded(tmp_path: Path) -> None:
    brake, log = Brake(tmp_path), Log(tmp_path / "audit.db", Signer.load_or_create(tmp_path / "keys"))
    await brake.set(True, log, by="ana", via="voice")
    assert brake.on
    await brake.set(False, log, by="ana", via="terminal")
    assert not brake.on
    assert [(entry.type, entry.data) for entry in log.entries()] == [
        ("devos.brake.on", {"by": "ana", "via": "voice"}),
        ("devos.brake.off", {"by": "ana", "via": "terminal"}),
    ]
    log.close()


async def test_it_stops_without_a_record_and_is_not_released_without_one(tmp_path: Path) -> None:
    brake, log = Brake(tmp_path), Log(tmp_path / "audit.db", Signer.load_or_create(tmp_path / "keys"))
    log.close()
    for on in (True, False):
        with pytest.raises(CannotRecord):
            await brake.set(on, log, by="ana", via="voice")
        assert brake.on
