"""Nothing heavy is imported before it is needed: the command answers at once, a missing extra breaks nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

HEAVY = {
    "av",
    "cedarpy",
    "ctranslate2",
    "cryptography",
    "dbos",
    "faster_whisper",
    "graphql",
    "hassil",
    "httpx",
    "huggingface_hub",
    "jira",
    "kubernetes",
    "numpy",
    "onnxruntime",
    "pydantic",
    "pysnow",
    "requests",
    "sqlalchemy",
    "starlette",
    "uvicorn",
}

CLIENTS = {"jira", "kubernetes", "pysnow"}
"""Makers' clients: heavy, or an extra that may be missing."""


def imported_by(code: str) -> set[str]:
    """The packages that are loaded after some code has run in a process of its own."""
    code += "\nimport json, sys; print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['devos', '--help']\nfrom daemon.cli import main\ntry: main()\nexcept SystemExit: pass"
    )
    assert not imported_by(code) & HEAVY


def test_an_integration_waits_for_its_client_until_it_is_used(sources: list[Path]) -> None:
    modules = [".".join(each.with_suffix("").parts) for each in sources if each.parts[0] == "integrations"]
    wanted = [each for each in modules if not each.endswith(("__init__", "__main__"))]
    assert not imported_by("import " + ", ".join(wanted)) & CLIENTS
