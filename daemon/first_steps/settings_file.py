"""Changing a few settings in config.toml: everything else in it, comments included, stays as somebody wrote it."""

from __future__ import annotations

import json
import os
import re
import tempfile
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

Value: TypeAlias = str | int | float | bool | list[str]

Settings: TypeAlias = Mapping[str, Value]
"""Settings by full name: "rules.pack" is `pack` in the section [rules]."""


class CannotEdit(Exception):
    """The file is written in a way that cannot be changed without touching more; the message says what to add."""


def changed(text: str, settings: Settings) -> str:
    """The text with these settings in it, and nothing else changed.

    Raises:
        CannotEdit: it has them in another form than sections with one setting a line.
    """
    wanted = _read(text)
    new = text
    for name, value in settings.items():
        section, _, key = name.rpartition(".")
        table = wanted
        for part in section.split("."):
            table = table.setdefault(part, {})
        if key in table and table[key] == value:
            continue
        table[key] = value
        new = _with(new, section, key, written(value))
    try:
        right = tomllib.loads(new) == wanted
    except tomllib.TOMLDecodeError:
        right = False
    if not right:
        raise CannotEdit(f"It has these settings in another form already. Set them yourself:\n\n{sections(settings)}")
    return new


def sections(settings: Settings) -> str:
    """The settings as a config.toml of their own."""
    text = ""
    for name, value in settings.items():
        section, _, key = name.rpartition(".")
        text = _with(text, section, key, written(value))
    return text


def written(value: Value) -> str:
    """A value as TOML has it."""
    # JSON's texts, numbers, truth values and lists of them are TOML's, but for one character.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def save(file: Path, text: str) -> None:
    """Put the text in the file's place, whole or not at all, for its owner only; behind a link, what it leads to.

    Raises:
        OSError: it cannot be written.
    """
    file = file.resolve()
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, new = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")  # made with mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(opened.fileno())
        Path(new).replace(file)
    except BaseException:
        with suppress(OSError):
            Path(new).unlink()
        raise


def _read(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CannotEdit(f"It is no TOML: {error}") from None


def _with(text: str, section: str, key: str, value: str) -> str:
    """The text with one setting in it, set where it stands, or at the end of its section."""
    lines = text.splitlines()
    begin = next((number for number, line in enumerate(lines) if _header(line) == section), None)
    if begin is None:
        gap = [""] if lines and lines[-1].strip() else []
        return "\n".join([*lines, *gap, f"[{section}]", f"{key} = {value}"]) + "\n"
    end = next((number for number in range(begin + 1, len(lines)) if _header(lines[number]) is not None), len(lines))
    for number in range(begin + 1, end):
        if (found := re.match(rf"(\s*{re.escape(key)}\s*=\s*)(.*)$", lines[number])) is not None:
            lines[number] = f"{found[1]}{value}{_comment(found[2])}"
            return "\n".join(lines) + "\n"
    last = max(number for number in range(begin, end) if lines[number].strip())
    lines.insert(last + 1, f"{key} = {value}")
    return "\n".join(lines) + "\n"


def _header(line: str) -> str | None:
    """The section that a line begins; None where it begins none."""
    found = re.match(r"\s*\[\[?([^\]]+)\]", line)
    return ".".join(part.strip().strip("\"'") for part in found[1].split(".")) if found else None


def _comment(rest: str) -> str:
    """What stands behind a value, with the space before it; nothing where that cannot be told from the value."""
    for found in re.finditer(r"\s*#", rest):
        with suppress(tomllib.TOMLDecodeError):
            tomllib.loads(f"x = {rest[: found.start()]}")
            return rest[found.start() :]
    return ""
