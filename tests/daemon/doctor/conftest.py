"""Machines to be examined: an empty home, a session that has nothing, and what a daemon would say."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from daemon.doctor.check import Machine
from daemon.sections import Config


@pytest.fixture
def machine(tmp_path: Path) -> Callable[..., Machine]:
    """Makes one: machine(DISPLAY=":7", senses={...}, settings={"wake": {"on": True}}, platform="darwin")."""

    def made(
        *,
        settings: Mapping[str, Any] | None = None,
        senses: Mapping[str, Any] | None = None,
        platform: str = sys.platform,
        wrong: str = "",
        **environment: str,
    ) -> Machine:
        home = tmp_path / "devos"
        return Machine(home, environment, platform, Config.model_validate(settings or {}), wrong, senses)

    return made
