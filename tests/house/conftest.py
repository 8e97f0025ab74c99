"""What the tests about the repository itself look at."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

PACKAGES = ("daemon", "intents", "integrations", "policies")


@pytest.fixture(scope="session")
def repository() -> Path:
    return Path(__file__).parents[2]


@pytest.fixture(scope="session")
def files(repository: Path) -> list[Path]:
    """Every file that is, or would be, committed; relative to the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=repository,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return sorted(Path(name) for name in set(listed.split("\0")) if name and (repository / name).is_file())


@pytest.fixture(scope="session")
def sources(files: list[Path]) -> list[Path]:
    """Every Python file of the four packages."""
    found = [each for each in files if each.parts[0] in PACKAGES and each.suffix == ".py"]
    assert found
    return found
