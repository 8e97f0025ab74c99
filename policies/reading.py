"""Reading rule files: every word is checked before a rule may decide anything."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import cedarpy

from policies.action import Action
from policies.names import Names
from policies.problem import Problem, RuleError
from policies.rule import Rule, Statement, parse, statements
from policies.schema import schema_of

_ATTRIBUTE = re.compile(r"attribute `(?:(args)\W+)?(\w+)")


def read(files: Sequence[Path], actions: Mapping[str, Action[..., Any]]) -> tuple[list[Rule], dict[str, str]]:
    """Read rules from files.

    Args:
        files: the files, in the order the rules shall have.
        actions: every action there is, by full name.

    Returns:
        The rules, and each file's text by its name.

    Raises:
        RuleError: with everything that is wrong in any of the files.
    """
    problems: list[Problem] = []
    found: list[Statement] = []
    texts: dict[str, str] = {}
    for file in files:
        if file.name in texts:
            problems.append(Problem(file.name, 0, "two rule files have this name; a decision could not say which."))
            continue
        try:
            texts[file.name] = file.read_text("utf-8")
            found += statements(file.name, texts[file.name])
        except RuleError as error:
            problems += error.problems
        except (OSError, UnicodeDecodeError) as error:
            problems.append(Problem(str(file), 0, f"cannot be read: {error}."))
    rules: list[Rule] = []
    for each in _checked(found, actions):
        if isinstance(each, Rule):
            rules.append(each)
        else:
            problems.append(each)
    if not rules and not problems:
        problems.append(Problem(", ".join(texts), 0, "there is no rule, so every action would be refused."))
    if problems:
        raise RuleError(problems)
    return rules, texts


def _checked(found: Sequence[Statement], actions: Mapping[str, Action[..., Any]]) -> Iterator[Rule | Problem]:
    """Every rule that can be parsed, and everything that is wrong with any."""
    names = Names(actions)
    schema = cedarpy.Schema.from_str(schema_of(actions))
    first: dict[str, Rule] = {}
    for statement in found:
        try:
            rule = parse(statement)
        except RuleError as error:
            yield from error.problems
            continue
        twin = first.setdefault(rule.id, rule)
        if twin is not rule:
            yield statement.problem(f"the @id {rule.id!r} is taken by {twin.where}.", rule.id)
        misnamed = list(names.problems(rule))
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
