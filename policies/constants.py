"""The texts that stand in a request's own code: its author wrote them, so no ticket can have."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator
from functools import lru_cache
from types import CodeType, FunctionType
from typing import Any


def texts_of(function: Callable[..., Any]) -> frozenset[str]:
    """Every text in a function, in the functions inside it, and in those of its own module that it names.

    Texts that are only documentation are left out, and so is whatever a format string is put together from, what
    something is only compared with (`==`), and the names of arguments: none is an argument that anybody chose.
    """
    found: set[str] = set()
    for each in _functions(inspect.unwrap(function), set()):
        found |= _chosen(each.__code__).intersection(_texts(each.__code__))
        for name in _names(each.__code__):
            value = each.__globals__.get(name)
            found |= {value} if isinstance(value, str) and not name.startswith("__") else set()
    return frozenset(found)


def _functions(function: Callable[..., Any], seen: set[str]) -> Iterator[FunctionType]:
    if not isinstance(function, FunctionType) or function.__qualname__ in seen:
        return
    seen.add(function.__qualname__)
    yield function
    for name in _names(function.__code__):
        other = function.__globals__.get(name)
        if isinstance(other, FunctionType) and other.__module__ == function.__module__:
            yield from _functions(other, seen)


def _texts(code: CodeType) -> Iterator[str]:
    for constant in code.co_consts:
        if isinstance(constant, str):
            yield constant
        elif isinstance(constant, tuple):
            yield from (each for each in constant if isinstance(each, str))
        elif isinstance(constant, CodeType):
            yield from _texts(constant)


@lru_cache(maxsize=256)
def _chosen(code: CodeType) -> frozenset[str]:
    """The texts that a function's source uses as whole values; none where the source is gone: then more is asked."""
    try:
        lines, _ = inspect.findsource(code)
        tree = _parsed("".join(lines))
    except (OSError, SyntaxError, ValueError):
        return frozenset()
    values = _Values()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == code.co_name:
            if min(each.lineno for each in (node, *node.decorator_list)) == code.co_firstlineno:
                for statement in node.body:
                    values.visit(statement)
        elif isinstance(node, ast.Lambda) and (code.co_name, code.co_firstlineno) == ("<lambda>", node.lineno):
            values.visit(node.body)
    return frozenset(values.found)


@lru_cache(maxsize=16)
def _parsed(source: str) -> ast.Module:
    return ast.parse(source)


class _Values(ast.NodeVisitor):
    """Collects the texts that may become arguments as they stand."""

    def __init__(self) -> None:
        self.found: set[str] = set()

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            self.found.add(node.value)

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # documentation
            self.visit(node.value)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                self.visit(part.value)

    def visit_Compare(self, node: ast.Compare) -> None:
        for operator, each in zip([node.ops[0], *node.ops], [node.left, *node.comparators], strict=True):
            if not (isinstance(operator, ast.Eq | ast.NotEq) and isinstance(each, ast.Constant)):
                self.visit(each)

    def visit_MatchValue(self, node: ast.MatchValue) -> None:
        """As `==`: nothing."""


def _names(code: CodeType) -> set[str]:
    inner = (_names(each) for each in code.co_consts if isinstance(each, CodeType))
    return set(code.co_names).union(*inner)
