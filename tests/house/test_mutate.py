"""A sample of broken functions, each of which its own test has to notice; and the tool that breaks them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SAMPLE = "6"

CLAMP = '''
def clamp(value: int, top: int) -> int:
    """The value, at most `top`."""
    if value > top:
        return top
    return value
'''

WEAK = "from policies.clamp import clamp\n\ndef test_clamp():\n    assert clamp(5, 3) == 3\n"
EMPTY = "from policies.clamp import clamp\n\ndef test_clamp():\n    clamp(5, 3)\n"


def mutate(script: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(script / "scripts" / "mutate.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def toy(folder: Path, test: str) -> str:
    """A repository of one function and its test."""
    for name, text in {
        "policies/__init__.py": "",
        "policies/clamp.py": CLAMP,
        "tests/policies/test_clamp.py": test,
        "pytest.ini": "[pytest]\naddopts = --import-mode=importlib\n",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return str(folder)


def test_a_sample_of_broken_functions_is_noticed(repository: Path) -> None:
    if not (repository.parent / "shared" / "specs").is_dir():
        pytest.skip("needs ../shared/specs: without them some of the tests that judge are skipped themselves")
    done = mutate(repository, "--sample", SAMPLE)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_hollow_function_that_no_test_notices_survives(repository: Path, tmp_path: Path) -> None:
    done = mutate(repository, "--repository", toy(tmp_path, EMPTY))
    assert done.returncode == 1
    assert "survived  policies/clamp.py:4 clamp: made hollow" in done.stdout


def test_finer_breaks_find_what_a_weak_test_misses(repository: Path, tmp_path: Path) -> None:
    done = mutate(repository, "--repository", toy(tmp_path, WEAK), "--deep")
    assert done.returncode == 1
    assert "noticed   policies/clamp.py:4 clamp: made hollow" in done.stdout
    assert "noticed   policies/clamp.py:4 clamp: value > top → (not (value > top))" in done.stdout
    assert "survived  policies/clamp.py:4 clamp: value > top → (value >= top)" in done.stdout


def test_a_test_that_fails_anyway_is_no_judge(repository: Path, tmp_path: Path) -> None:
    done = mutate(repository, "--repository", toy(tmp_path, "def test_clamp():\n    assert False\n"))
    assert done.returncode == 2
