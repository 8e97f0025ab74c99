"""A whole DevOS round a small cluster, a voice and an ear in the test's hands, and the conversation between them."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[2]
for folder in (Path(__file__).parent, TESTS / "policies", TESTS / "daemon" / "asking"):
    sys.path.insert(0, str(folder))  # for talk.py; wiring.py and cluster.py; voices.py

from impatience import impatience  # noqa: E402, F401 - only found now; a fixture for the tests beside this file
from talk import Talk  # noqa: E402 - only found now


@pytest.fixture
async def talk(tmp_path: Path) -> AsyncIterator[Talk]:
    async with Talk(tmp_path) as begun:
        yield begun
