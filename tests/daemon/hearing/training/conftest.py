"""Voices to learn from."""

from __future__ import annotations

import shutil

import pytest


@pytest.fixture(scope="session")
def espeak_ng() -> str:
    """Says anything."""
    if (found := shutil.which("espeak-ng")) is None:
        pytest.skip("install with: apt-get install espeak-ng")
    return found
