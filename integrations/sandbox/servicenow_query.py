"""ServiceNow's encoded queries: `active=true^stateIN-4,-3^ORDERBYDESCnumber`.

https://www.servicenow.com/docs/r/platform-user-interface/c_EncodedQueryStrings.html and the operators of
https://www.servicenow.com/docs/r/platform-user-interface/r_OpAvailableFiltersQueries.html. As the Table API's page says
of `sysparm_query`, a condition on a field that does not exist is ignored and the rest counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

Read = Callable[[str], str | None]
"""Gives a record's value by the field's name, dots followed; None where there is no such field."""

_TERM = re.compile(
    r"(?P<field>[a-z0-9_.]+)"
    r"(?P<operator>NOT LIKE|NOT IN|STARTSWITH|ENDSWITH|ISNOTEMPTY|ISEMPTY|CONTAINS|LIKE|IN|!=|>=|<=|=|>|<)"
    r"(?P<value>.*)",
    re.DOTALL,
)
_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "=": lambda found, wanted: found == wanted,
    "!=": lambda found, wanted: found != wanted,
    ">": lambda found, wanted: _ordered(found) > _ordered(wanted),
    "<": lambda found, wanted: _ordered(found) < _ordered(wanted),
    ">=": lambda found, wanted: _ordered(found) >= _ordered(wanted),
    "<=": lambda found, wanted: _ordered(found) <= _ordered(wanted),
    "LIKE": lambda found, wanted: wanted in found,
    "CONTAINS": lambda found, wanted: wanted in found,
    "NOT LIKE": lambda found, wanted: wanted not in found,
    "STARTSWITH": lambda found, wanted: found.startswith(wanted),
    "ENDSWITH": lambda found, wanted: found.endswith(wanted),
    "IN": lambda found, wanted: found in wanted.split(","),
    "NOT IN": lambda found, wanted: found not in wanted.split(","),
    "ISEMPTY": lambda found, wanted: not found,
    "ISNOTEMPTY": lambda found, wanted: bool(found),
}


@dataclass(frozen=True)
class _Term:
    field: str
    operator: str
    value: str

    def holds(self, read: Read) -> bool | None:
        """Whether it holds; None where it is to be ignored."""
        found = read(self.field)
        return None if found is None else _OPERATORS[self.operator](found.lower(), self.value.lower())


@dataclass
class Query:
    """A parsed query: any of its parts must hold, in each part every group, in each group any term."""

    parts: list[list[list[_Term]]] = field(default_factory=lambda: [[]])
    order: list[tuple[str, bool]] = field(default_factory=list)
    """Fields to order by and whether downwards, the most important first."""

    def holds(self, read: Read) -> bool:
        """Whether a record satisfies the query."""
        return any(all(_any(group, read) for group in part) for part in self.parts)


def parse(text: str) -> Query:
    """A query from its text; what is no condition is ignored, as the instance does."""
    query = Query()
    for piece in re.split(r"(?<!\^)\^(?!\^)", text):
        piece = piece.replace("^^", "^")
        if piece.startswith("ORDERBY"):
            downwards = piece.startswith("ORDERBYDESC")
            query.order.append((piece.removeprefix("ORDERBYDESC" if downwards else "ORDERBY"), downwards))
            continue
        if piece.startswith("NQ"):
            query.parts.append([])
            piece = piece.removeprefix("NQ")
        alternative = piece.startswith("OR")
        match = _TERM.fullmatch(piece.removeprefix("OR"))
        if match is None:
            continue
        term = _Term(**match.groupdict())
        if alternative and query.parts[-1]:
            query.parts[-1][-1].append(term)
        else:
            query.parts[-1].append([term])
    return query


def _any(group: list[_Term], read: Read) -> bool:
    answers = [answer for term in group if (answer := term.holds(read)) is not None]
    return any(answers) or not answers


def _ordered(value: str) -> tuple[float, str]:
    try:
        return float(value), ""
    except ValueError:
        return 0.0, value
