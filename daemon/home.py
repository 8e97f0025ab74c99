"""Where everything of one person is kept: DEVOS_HOME."""

from __future__ import annotations

import os
from pathlib import Path


def home() -> Path:
    """The folder with settings, database, log and keys: $DEVOS_HOME, or the platform's data folder."""
    if chosen := os.environ.get("DEVOS_HOME"):
        return Path(chosen).expanduser().absolute()
    from platformdirs import user_data_path

    return user_data_path("devos", appauthor=False)


def socket(folder: Path) -> Path:
    """The daemon's socket."""
    return folder / "devos.sock"


def sandbox(folder: Path) -> Path:
    """The sandbox's folder."""
    return folder / "sandbox"
