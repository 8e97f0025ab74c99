"""The documentation: its links lead somewhere, and every command in it is one that DevOS understands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
import typer
from pydantic import BaseModel

from daemon.cli import app
from daemon.sections import Config

FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<body>.*?)^```", flags=re.M | re.S)


@pytest.fixture(scope="module")
def pages(repository: Path, files: list[Path]) -> dict[Path, str]:
    return {each: (repository / each).read_text() for each in files if each.suffix == ".md"}


def anchors(page: str) -> set[str]:
    """What a link into the page may name: its headings, as GitHub spells them."""
    headings = re.findall(r"^#+ (.*)$", FENCE.sub("", page), flags=re.M)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


def test_every_link_leads_somewhere(repository: Path, pages: dict[Path, str]) -> None:
    broken = []
    for path, text in pages.items():
        for target in re.findall(r"\]\(([^)\s]+)\)", FENCE.sub("", text)):
            if "://" in target or target.startswith("mailto:"):
                continue
            name, _, anchor = target.partition("#")
            place = (repository / path).parent / name if name else repository / path
            if not place.exists():
                broken.append(f"{path}: {target}")
            elif anchor and place.suffix == ".md" and anchor not in anchors(place.read_text()):
                broken.append(f"{path}: {target} has no such heading")
    assert not broken, "\n".join(broken)


def test_every_page_of_the_documentation_can_be_reached_from_its_index(
    repository: Path, pages: dict[Path, str]
) -> None:
    index = (repository / "docs" / "index.md").read_text()
    lost = [
        str(page)
        for page in pages
        if page.parts[0] == "docs" and page.name != "index.md" and page.relative_to("docs").as_posix() not in index
    ]
    assert not lost


def commands(text: str) -> Iterator[str]:
    """The `devos` command lines of a page: those in its sh and console blocks, continued lines joined."""
    for block in FENCE.finditer(text):
        if block["language"] not in {"sh", "bash", "console", "shell"}:
            continue
        for line in block["body"].replace("\\\n", " ").splitlines():
            line = line.removeprefix("$ ").strip()
            line = line.removeprefix(".venv/bin/")
            if line.startswith("devos "):
                yield line


def refusal(words: list[str]) -> str | None:
    """Why DevOS would not take a command line, None if it would. Nothing is carried out."""
    command: Any = typer.main.get_command(app)
    rest = list(words)
    while hasattr(command, "commands") and rest and not rest[0].startswith("-"):
        if rest[0] not in command.commands:
            return f"devos {shlex.join(words)}: there is no {rest[0]!r}"
        command = command.commands[rest.pop(0)]
    try:
        command.make_context(command.name, rest)
    except typer.Exit:  # an option like --help, which is answered at once
        return None
    except Exception as error:
        if not hasattr(error, "format_message"):
            raise
        return f"devos {shlex.join(words)}: {error.format_message()}"
    return None


def test_every_command_in_the_documentation_is_understood(pages: dict[Path, str]) -> None:
    lines = [(path, line) for path, text in pages.items() for line in commands(text)]
    assert lines
    wrong = [
        f"{path}: {why}" for path, line in lines if (why := refusal(shlex.split(line, comments=True)[1:])) is not None
    ]
    assert not wrong, "\n".join(wrong)


def test_a_command_that_does_not_exist_would_be_noticed() -> None:
    for words in (["fly"], ["say", "hello", "--upside-down"], ["audit", "burn"]):
        assert refusal(words) is not None


def settings(section: type[BaseModel], path: str = "") -> Iterator[str]:
    """Every setting by its full name; a table of sections by any name is NAME."""
    for name, field in section.model_fields.items():
        kinds = [each for each in (field.annotation, *get_args(field.annotation)) if isinstance(each, type)]
        inner = next((each for each in kinds if issubclass(each, BaseModel)), None)
        named = get_origin(field.annotation) is dict and path == ""
        full = f"{path}{name}.NAME" if named else f"{path}{name}"
        yield from settings(inner, f"{full}.") if inner else [full]


def test_every_setting_is_explained_and_no_other(repository: Path) -> None:
    page = (repository / "docs" / "settings.md").read_text()
    told = re.findall(r"^\| `([\w.]+)` \|", page, flags=re.M)
    assert sorted(told) == sorted(settings(Config))
