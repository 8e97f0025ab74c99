"""Where a sandbox listens: the file by which everybody finds it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Endpoints:
    """The base URLs of one sandbox's systems."""

    pid: int
    admin: str
    jira: str
    servicenow: str
    newrelic: str
    kubernetes: str
    rancher: str
    graph: str

    @classmethod
    def read(cls, home: Path) -> Endpoints | None:
        """Where the sandbox in `home` listens, or last listened; None where none ever did."""
        try:
            return cls(**json.loads(_file(home).read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            return None

    def write(self, home: Path) -> None:
        """Write the file in one piece, readable by its owner alone."""
        draft = _file(home).with_suffix(".draft")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")
        draft.replace(_file(home))

    def port(self, system: str) -> int:
        """The port of "admin" or of a system."""
        url: str = getattr(self, system)
        return int(url.rpartition(":")[2])


def _file(home: Path) -> Path:
    return home / "endpoints.json"
