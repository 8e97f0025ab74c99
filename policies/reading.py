"""Reading rule files: every word is checked before a rule may decide anything."""

from __future__ import annotations

import os
import re
import stat
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import cedarpy

from policies.action import Action
from policies.names import Names
from policies.packs import belongs_to_others
from policies.problem import Problem, RuleError
from policies.rule import Rule, parse
from policies.schema import schema_of
from policies.statement import Statement, statements

LARGEST = 256 * 1024
"""Bytes that one file may have: some 1,000 rules."""

MOST_FILES, MOST_RULES = 200, 2000
"""How many files and rules there may be."""

_ATTRIBUTE = re.compile(r"attribute `(?:(args)\W+)?(\w+)")


def read(
    files: Sequence[Path], actions: Mapping[str, Action[..., Any]], groups: Mapping[str, Collection[str]] | None = None
) -> tuple[list[Rule], dict[str, str]]:
    """Read rules from files.

    Args:
        files: the files, in the order the rules shall have.
        actions: every action there is, by full name.
        groups: the configured groups of people, each with its members.

    Returns:
        The rules, and each file's text by its label: its name, with its folder's where two files share a name.

    Raises:
        RuleError: with everything that is wrong in any of the files.
    """
    if len(files) > MOST_FILES:
        raise RuleError([Problem("", 0, f"there are {len(files)} rule files; at most {MOST_FILES} are read.")])
    problems: list[Problem] = []
    found: list[Statement] = []
    texts: dict[str, str] = {}
    names = Counter(file.name for file in files)
    for file in files:
        label = file.name if names[file.name] == 1 else f"{file.parent.name}/{file.name}"
        if label in texts:
            problems.append(Problem(label, 0, "two rule files have this name; a decision could not say which."))
            continue
        try:
            texts[label] = text_of(file)
            found += statements(label, texts[label])
        except RuleError as error:
            problems += error.problems
        except (OSError, UnicodeDecodeError) as error:
            problems.append(Problem(str(file), 0, f"cannot be read: {error}."))
    if len(found) > MOST_RULES:
        raise RuleError([Problem("", 0, f"there are {len(found)} rules; at most {MOST_RULES} are read.")])
    rules: list[Rule] = []
    for each in _checked(found, actions, groups or {}):
        if isinstance(each, Rule):
            rules.append(each)
        else:
            problems.append(each)
    if not rules and not problems:
        problems.append(Problem(", ".join(texts), 0, "there is no rule, so every action would be refused."))
    if problems:
        raise RuleError(problems)
    return rules, texts


def text_of(file: Path) -> str:
    """A rule file's text, from a plain file that nobody but its owner decides about.

    Raises:
        OSError: it cannot be read, is a link, a device or too large, or others than its owner decide about it.
        UnicodeDecodeError: it is not UTF-8.
    """
    if file.is_symlink():
        raise OSError(f"it is a link, to {str(file.readlink())!r}, where it could change unseen; copy the file here")
    descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as opened:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError("it is no plain file")
        if foreign := belongs_to_others(file, status):
            raise OSError(foreign)
        content = opened.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise OSError(f"it has more than {LARGEST // 1024} KiB, the most that is read")
    return content.decode("utf-8")


def _checked(
    found: Sequence[Statement], actions: Mapping[str, Action[..., Any]], groups: Mapping[str, Collection[str]]
) -> Iterator[Rule | Problem]:
    """Every rule that can be parsed, and everything that is wrong with any."""
    names = Names(actions, groups)
    schema = cedarpy.Schema.from_str(schema_of(actions, groups))
    first: dict[str, Rule] = {}
    for statement in found:
        try:
            rule = parse(statement)
            misnamed = list(names.problems(rule))
        except RuleError as error:
            yield from error.problems
            continue
        twin = first.setdefault(rule.id, rule)
        if twin is not rule:
            yield statement.problem(f"the @id {rule.id!r} is taken by {twin.where}.", rule.id)
        yield from misnamed
        errors = cedarpy.validate_policies(statement.text, schema).errors
        if errors and not misnamed:
            yield _complaint(statement, min(each.error for each in errors))  # the rest say it of more actions
        yield rule


def _complaint(statement: Statement, error: str) -> Problem:
    """What Cedar's validator objects to, placed at the attribute where it names one."""
    attribute = _ATTRIBUTE.search(error)
    if attribute is None:
        return statement.problem(f"{error.replace('for policy `policy0`, ', '')}.")
    owner, name = "context.args" if attribute[1] else "context", attribute[2]
    what = f"{owner} need not have {name!r}: ask `{owner} has {name} && …` first, or name the action that has it."
    return statement.problem(what, name)
