"""Every benchmark runs, and reports in the one form; how fast it was is not judged here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = sorted((Path(__file__).parents[2] / "benchmarks").glob("[a-z]*.py"))
ROUNDS = "3"


@pytest.mark.parametrize("script", BENCHMARKS, ids=lambda path: path.stem)
def test_it_prints_lines_of_json_with_the_machine(script: Path) -> None:
    done = subprocess.run([sys.executable, script, ROUNDS], capture_output=True, text=True, check=False)
    if done.stderr.startswith("install with:"):
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines
    for line in lines:
        assert isinstance(line["name"], str)
        assert isinstance(line["value"], int | float)
        assert isinstance(line["unit"], str)
        assert line["machine"].keys() >= {"cores", "cpu", "system", "python"}
