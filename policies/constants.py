"""The texts that stand in a request's own code: its author wrote them, so no ticket can have."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType
from typing import Any


def texts_of(function: Callable[..., Any]) -> frozenset[str]:
    """Every text in a function, in the functions inside it, and in those of its own module that it names.

    Texts that are only documentation are left out, and so is whatever a format string is put together from: a part of a
    text is no argument that anybody chose.
    """
    found: set[str] = set()
    for each in _functions(inspect.unwrap(function), set()):
        found |= set(_texts(each.__code__, each.__doc__))
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


def _texts(code: CodeType, documentation: str | None) -> Iterator[str]:
    for constant in code.co_consts:
        if isinstance(constant, str) and constant != documentation:
            yield constant
        elif isinstance(constant, tuple):
            yield from (each for each in constant if isinstance(each, str))
        elif isinstance(constant, CodeType):
            yield from _texts(constant, None)


def _names(code: CodeType) -> set[str]:
    inner = (_names(each) for each in code.co_consts if isinstance(each, CodeType))
    return set(code.co_names).union(*inner)
