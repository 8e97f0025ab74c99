"""config.toml: read into settings (daemon/sections.py), with errors that name the line."""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from daemon.sections import Config
from daemon.sense_sections import Hearing

__all__ = ["SECRETS", "BadConfig", "Config", "Hearing", "load", "origins", "secret"]


LARGEST = 256 * 1024
"""Bytes of config.toml; people's have a few thousand."""


PLAINLY = {
    "missing": "it must be set",
    "less_than_equal": "it can be {le:g} at most",
    "greater_than_equal": "it must be {ge:g} at least",
    "greater_than": "it must be more than {gt:g}",
    "literal_error": "it can be {expected}",
    "finite_number": "it must be a number",
    "float_type": "it must be a number",
    "float_parsing": "it must be a number",
    "int_type": "it must be a whole number",
    "int_parsing": "it must be a whole number",
    "int_from_float": "it must be a whole number",
    "bool_type": "it must be true or false",
    "bool_parsing": "it must be true or false",
    "string_type": "it must be a text, in quotation marks",
    "path_type": "it must be a path, in quotation marks",
    "list_type": "it must be a list, in square brackets",
    "dict_type": "it must be a section, with settings of its own",
    "model_type": "it must be a section, with settings of its own",
    "model_attributes_type": "it must be a section, with settings of its own",
}
"""The kinds of mistakes, as pydantic calls them → how a person is told."""


class BadConfig(Exception):
    """config.toml is wrong: the message says where, what, and what to write instead."""


SECRETS = {
    "kubernetes": "kubernetes_token",
    "rancher": "rancher_token",
    "newrelic": "newrelic_key",
    "jira": "jira_token",
    "servicenow": "servicenow_password",
    "teams": "teams_secret",
}
"""Section → the name of its secret, as `secret` wants it."""


def load(home: Path) -> Config:
    """Read DEVOS_HOME/config.toml; without the file, the defaults.

    Raises:
        BadConfig: it cannot be read, is no TOML, or has a wrong or unknown setting; with file and line.
    """
    file = home / "config.toml"
    try:
        text = _text(file)
    except FileNotFoundError:
        return Config()
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfig(f"{file} cannot be read: {error}") from None
    try:
        return Config.model_validate(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadConfig(f"{file}: {error}") from None
    except ValidationError as error:
        raise BadConfig("\n".join(_problem(file, text, one) for one in error.errors())) from None


def _text(file: Path) -> str:
    """What stands in the file. A pipe is not waited for, a device not read to its end, another account not obeyed.

    Raises:
        OSError, UnicodeDecodeError: it cannot be read, or should not be.
    """
    with os.fdopen(os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as opened:
        about = os.fstat(opened.fileno())
        if not stat.S_ISREG(about.st_mode):
            raise OSError("it is no plain file")
        if about.st_uid not in (os.getuid(), 0):
            raise OSError("it belongs to another account")
        text = opened.read(LARGEST + 1)
    if len(text) > LARGEST:
        raise OSError(f"it has more than {LARGEST // 1024} KiB, the most that is read")
    return text.decode("utf-8")


def _problem(file: Path, text: str, error: Any) -> str:
    path = [str(part) for part in error["loc"]]
    where = f"{file}:{_line(text, path)}"
    if error["type"] == "extra_forbidden":
        if path[0] in SECRETS and re.search(r"token|password|passwd|key|secret", path[-1]):
            variable = _variable(SECRETS[path[0]])
            return f"{where}: secrets do not stand in config.toml; set the environment variable ${variable} instead."
        return f"{where}: there is no setting {'.'.join(path)!r}.{_instead(path)}"
    return ": ".join([where, *([".".join(path)] if path else []), f"{_plainly(error)}."])


def _plainly(error: Any) -> str:
    """What is wrong with a value, without the words of the library that checks it."""
    if error["type"] in PLAINLY:
        return PLAINLY[error["type"]].format(**error.get("ctx", {}))
    return str(error["msg"]).removeprefix("Value error, ")


def _instead(path: list[str]) -> str:
    from difflib import get_close_matches

    model: Any = Config
    for name in path[:-1]:
        field = model.model_fields.get(name)
        model = (
            next((kind for kind in _kinds(field.annotation) if issubclass(kind, BaseModel)), None) if field else None
        )
        if model is None:
            return ""
    near = get_close_matches(path[-1], model.model_fields, 1)
    return f" Did you mean {near[0]!r}?" if near else f" There are: {', '.join(model.model_fields)}."


def _kinds(annotation: Any) -> list[type]:
    from typing import get_args

    return [kind for kind in (annotation, *get_args(annotation)) if isinstance(kind, type)]


def _line(text: str, path: list[str]) -> int:
    """The line that sets what `path` names, or of the section that it should stand in; 1 where it cannot be told."""
    section, header_line = list[str](), 1
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[([^\]]+)\]", line):
            section = [part.strip().strip("\"'") for part in header[1].split(".")]
            if section == path:
                return number
            if section == path[:-1]:
                header_line = number
        elif (key := re.match(r"\s*([\w.\"'-]+)\s*=", line)) and [*section, *_parts(key[1])] == path[
            : len(section) + len(_parts(key[1]))
        ]:
            return number
    return header_line


def _parts(key: str) -> list[str]:
    return [part.strip("\"'") for part in key.split(".")]


def secret(name: str, environment: Mapping[str, str] = os.environ) -> str:
    """Read a secret from the environment: "jira_token" is $DEVOS_JIRA_TOKEN.

    Raises:
        BadConfig: it is not set.
    """
    variable = _variable(name)
    value = environment.get(variable, "")
    if not value:
        raise BadConfig(f"config.toml names {name.partition('_')[0]}, but ${variable} is not set.")
    return value


def _variable(name: str) -> str:
    return f"DEVOS_{name.upper()}"


def origins(home: Path) -> set[str]:
    """The names of the settings that config.toml sets, as "section.name"; a section without inner names as itself."""
    try:
        written = tomllib.loads(_text(home / "config.toml"))
    except FileNotFoundError:
        return set()
    return {
        f"{section}.{name}" for section, value in written.items() for name in (value if isinstance(value, dict) else {})
    }
