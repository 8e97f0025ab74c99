"""A room in which somebody talks with a real daemon."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from virtual_screen import VirtualScreen

from integrations.sandbox import process
from integrations.sandbox.client import Sandbox

sys.path.insert(0, str(Path(__file__).parent))  # for room.py

from room import Room

if TYPE_CHECKING:
    from virtual_sound import VirtualSound


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of these talk with a real daemon, in real time."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.live)


@pytest.fixture
def room(sound: VirtualSound, tmp_path: Path) -> Iterator[Room]:
    for program in ("Xvfb", "xdotool", "flite"):
        if not shutil.which(program):
            pytest.skip(f"install with: make system (it wants {program})")
    home = tmp_path / "devos"
    home.mkdir(mode=0o700)
    process.ensure(home / "sandbox")
    Sandbox.at(home / "sandbox").settings(rollout_seconds=0, cdk_seconds=0)
    with VirtualScreen() as screen:
        room = Room(home, sound, screen)
        try:
            yield room
        finally:
            room.stop()
