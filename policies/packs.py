"""The rule packs that come with DevOS, and where everybody's own rules stand."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from policies.problem import Problem, RuleError, did_you_mean

PACKED = Path(__file__).parent / "rules"
"""The folder of the packs."""

PACKS: Mapping[str, tuple[str, ...]] = {
    "careful": ("careful",),
    "team": ("careful", "team"),
    "read-only": ("read-only",),
}
"""The packs, each with the folders it is made of. As the strictest rule decides, a folder only adds to those before."""

SHIPPED = PACKED / "careful"
"""The folder of the default pack."""


def folders(pack: str = "careful") -> list[Path]:
    """The folders that a pack is made of.

    Raises:
        RuleError: there is no such pack.
    """
    if pack not in PACKS:
        raise RuleError([Problem("", 0, f"there is no rule pack {pack!r}{did_you_mean(pack, PACKS)}")])
    return [PACKED / each for each in PACKS[pack]]


def pack_files(pack: str = "careful") -> list[Path]:
    """The rule files of a pack alone.

    Raises:
        RuleError: there is no such pack, or its folder cannot be looked into.
    """
    return [file for folder in folders(pack) for file in _within(folder, ".cedar")]


def rule_files(home: Path, pack: str = "careful", own: Path | None = None) -> list[Path]:
    """The rule files of a pack, then those in `home`/rules, each by name; hidden ones, as editors leave, are not read.

    Args:
        home: DEVOS_HOME.
        pack: the pack's name.
        own: another folder than `home`/rules.

    Raises:
        RuleError: there is no such pack, or a folder that cannot be looked into; its rules would be missing silently.
    """
    return [*pack_files(pack), *_within(own or home / "rules", ".cedar")]


def layers(pack: str = "careful") -> list[tuple[list[Path], list[Path]]]:
    """What a pack's cases are tried on: for each of its folders, the rules up to there, and the folder's cases.

    Raises:
        RuleError: there is no such pack, or its folder cannot be looked into.
    """
    found: list[tuple[list[Path], list[Path]]] = []
    rules: list[Path] = []
    for folder in folders(pack):
        rules = [*rules, *_within(folder, ".cedar")]
        found.append((rules, _within(folder / "cases", ".yaml")))
    return found


def case_files(home: Path) -> list[Path]:
    """One's own case files, those in `home`/rules/cases, by name.

    Raises:
        RuleError: the folder cannot be looked into.
    """
    return _within(home / "rules" / "cases", ".yaml")


def belongs_to_others(path: Path, status: os.stat_result) -> str:
    """Why somebody else on this machine decides what stands in a file or folder; empty where nobody does."""
    if status.st_mode & stat.S_IWOTH:
        return f"everybody on this machine may change it; say `chmod o-w {path}`"
    installed = path.is_relative_to(PACKED)  # by whoever installed DevOS
    if status.st_uid not in (0, os.geteuid()) and not installed:
        return f"it belongs to another user of this machine, number {status.st_uid}"
    return ""


def _within(folder: Path, ending: str) -> list[Path]:
    try:
        if foreign := belongs_to_others(folder, folder.stat()):
            raise OSError(foreign)
        return sorted(each for each in folder.iterdir() if each.suffix == ending and not each.name.startswith("."))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RuleError([Problem(str(folder), 0, f"cannot be looked into: {error}.")]) from error
