"""How files have to be: mirrored by a test, short, small, and silent about the machine they were written on."""

from __future__ import annotations

import ast
import re
from pathlib import Path

LONGEST = 350
LARGEST = 1_000_000
UNREAD = {"LICENSE", "requirements.lock", "requirements-build.lock"}
"""Files that nobody writes or reads by hand."""

# Put together here, so that this file does not hold what it forbids.
FORBIDDEN = [
    re.compile(pattern)
    for pattern in (
        r"(?<![\w.<>{}*])/" + r"(?:work|root|home/[a-z]+|Users/[A-Za-z]+)/",
        r"\bpypi\." + r"org|files\.python" + r"hosted",
        r"registry\.npm" + r"js|deb\.debian" + r"\.org",
        r"(?:extra-)?index-url" + r"\s*=?\s*\w+://",
    )
]


def mirror(source: Path) -> Path:
    """The test file that belongs to a source file."""
    stem = {"__main__": "main"}.get(source.stem, source.stem)
    return Path("tests") / source.parent / f"test_{stem}.py"


def test_every_source_file_has_its_test(repository: Path, sources: list[Path]) -> None:
    missing = [
        f"{source} wants {mirror(source)}"
        for source in sources
        if source.name != "__init__.py" and not (repository / mirror(source)).is_file()
    ]
    assert not missing, "\n".join(missing)


def test_packages_init_files_hold_nothing_that_wants_a_test(repository: Path, sources: list[Path]) -> None:
    with_code = [
        str(source)
        for source in sources
        if source.name == "__init__.py"
        and any(
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            for node in ast.walk(ast.parse((repository / source).read_text()))
        )
    ]
    assert not with_code


def test_a_long_file_says_why(repository: Path, files: list[Path]) -> None:
    silent = []
    for each in files:
        if each.name in UNREAD or each.suffix not in {".py", ".sh", ".md", ".cedar", ".yaml", ".yml", ".toml", ""}:
            continue
        lines = (repository / each).read_text().splitlines()
        opening = "\n".join(lines[:30])
        if each.suffix == ".py":
            opening = ast.get_docstring(ast.parse("\n".join(lines))) or ""
        if len(lines) > LONGEST and "Long because" not in opening:
            silent.append(f"{each}: {len(lines)} lines")
    assert not silent, "\n".join(silent)


def test_no_file_is_large(repository: Path, files: list[Path]) -> None:
    assert not [str(each) for each in files if (repository / each).stat().st_size > LARGEST]


def test_no_file_names_a_machine_or_a_registry(repository: Path, files: list[Path]) -> None:
    found = []
    for each in files:
        try:
            text = (repository / each).read_text()
        except UnicodeDecodeError:
            continue
        for pattern in FORBIDDEN:
            found += [f"{each}: {match.group()}" for match in pattern.finditer(text)]
    assert not found, "\n".join(found)


def test_what_is_forbidden_would_be_found() -> None:
    for text in ("/" + "root/.cache", "cd /" + "work/main", "https://pypi" + ".org/simple", "/" + "Users/anna/x"):
        assert any(pattern.search(text) for pattern in FORBIDDEN), text


def test_every_exception_from_a_check_gives_its_reason(repository: Path, sources: list[Path]) -> None:
    """A switched-off check stands beside the words that say why: `# noqa: X  # because ...`."""
    mark = re.compile(r"# (?:type: ignore(?:\[[\w, -]+\])?|noqa(?:: [A-Z0-9, ]+)?|pragma: no \w+)(?P<reason>.*)$")
    silent = [
        f"{source}:{number}"
        for source in sources
        for number, line in enumerate((repository / source).read_text().splitlines(), 1)
        if (found := mark.search(line)) and len(re.findall(r"[a-z]+", found["reason"])) < 3
    ]
    assert not silent, "\n".join(silent)
