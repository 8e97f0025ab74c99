"""One simulated company for all attacks."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from integrations.sandbox import process

sys.path.insert(0, str(Path(__file__).parent))  # for payloads.py, inlets.py, hostile.py, house.py and judge.py


@pytest.fixture(scope="session")
def sandbox_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a sandbox that runs."""
    folder = tmp_path_factory.mktemp("company") / "sandbox"
    process.ensure(folder)
    yield folder
    process.stop(folder)
