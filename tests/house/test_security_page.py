"""The page about security: every promise has a test, and every test it names exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

NAMED = re.compile(r"`(tests/[\w/]+\.py)::([\w:]+)`")


@pytest.fixture(scope="module")
def page(repository: Path) -> str:
    return (repository / "docs" / "security.md").read_text(encoding="utf-8")


def names_in(file: Path) -> set[str]:
    """The tests of a file, those in classes as "Class::test"."""
    found: set[str] = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        within = node.body if isinstance(node, ast.ClassDef) else [node]
        prefix = f"{node.name}::" if isinstance(node, ast.ClassDef) else ""
        functions = [each for each in within if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
        found |= {prefix + each.name for each in functions if each.name.startswith("test_")}
    return found


def test_every_test_that_it_names_exists(repository: Path, page: str) -> None:
    named = NAMED.findall(page)
    assert len(named) > 50
    missing = [
        f"{file}::{test}"
        for file, test in named
        if not (repository / file).is_file() or test not in names_in(repository / file)
    ]
    assert not missing, "\n".join(missing)


def test_every_promise_is_held_by_a_test(page: str) -> None:
    rows = [line for line in page.splitlines() if line.startswith("| ") and not line.startswith("| promise")]
    assert len(rows) > 30
    assert [row for row in rows if not NAMED.search(row)] == []


def test_a_test_that_does_not_exist_would_be_noticed(repository: Path) -> None:
    assert "test_no_such_thing" not in names_in(Path(__file__))
    assert "test_every_promise_is_held_by_a_test" in names_in(Path(__file__))
