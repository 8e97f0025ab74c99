"""The part of NRQL that automation uses: aggregates over events, filtered, by facet and over time.

https://docs.newrelic.com/docs/nrql/nrql-syntax-clauses-functions/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from integrations.sandbox.nrql_functions import AGGREGATES, Row, compared
from integrations.sandbox.nrql_query import Aggregate, Query, Test

Scalar = Callable[[Row], Any]

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")|(?P<name>`[^`]+`|[A-Za-z_][\w.:]*)|(?P<number>\d+(?:\.\d+)?)"
    r"|(?P<sign><=|>=|!=|<>|[=<>(),*/+-]))"
)
_CLAUSES = (
    "select",
    "from",
    "where",
    "facet",
    "since",
    "until",
    "limit",
    "timeseries",
    "as",
    "with",
    "compare",
    "order",
)
_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}


class BadQuery(Exception):
    """The query is not NRQL, or more of it than is understood here."""


def parse(text: str) -> Query:
    """A query from its text.

    Raises:
        BadQuery: it cannot be understood; the message says where, as New Relic's does.
    """
    return _Parser(text).query()


def condition(text: str) -> Test:
    """What a condition asks of a row: the same language is used to search for entities.

    Raises:
        BadQuery: it cannot be understood.
    """
    parser = _Parser(text)
    test = parser.any_of()
    if parser.here is not None:
        raise parser.wrong()
    return test


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[tuple[str, int]] = []
        position = 0
        while text[position:].strip():
            match = _TOKEN.match(text, position)
            if match is None:
                raise BadQuery(_error(text, position, text[position:].strip()[0]))
            self.tokens.append((match.group().strip(), match.end()))
            position = match.end()
        self.position = 0

    @property
    def here(self) -> str | None:
        return self.tokens[self.position][0] if self.position < len(self.tokens) else None

    def at(self, *words: str) -> bool:
        return self.here is not None and self.here.lower() in words

    def took(self, *words: str) -> bool:
        if self.at(*words):
            self.position += 1
            return True
        return False

    def take(self) -> str:
        if self.here is None:
            raise self.wrong()
        self.position += 1
        return self.tokens[self.position - 1][0]

    def expect(self, word: str) -> None:
        if not self.took(word):
            raise self.wrong()

    def wrong(self) -> BadQuery:
        end = self.tokens[self.position][1] if self.here is not None else len(self.text)
        return BadQuery(_error(self.text, end - len(self.here or ""), self.here or "the end of the query"))

    def query(self) -> Query:
        query = Query()
        while self.here is not None:
            if self.took("select"):
                query.items = self.separated(self.item)
            elif self.took("from"):
                query.sources = self.separated(self.name)
            elif self.took("where"):
                query.where = self.any_of()
            elif self.took("facet"):
                query.facets = self.separated(self.name)
            elif self.took("since"):
                query.since = self.ago()
            elif self.took("until"):
                query.until = self.ago()
            elif self.took("limit"):
                query.limit = 5000 if self.took("max") else int(self.number())
            elif self.took("timeseries"):
                automatic = self.took("auto", "max") or self.here is None or self.at(*_CLAUSES)
                query.buckets = 0.0 if automatic else self.duration()
            else:
                raise self.wrong()
        if not query.items or not query.sources:
            raise self.wrong()
        if query.buckets == 0.0:
            query.buckets = max(60.0, (query.since - query.until) / 30)
        return query

    def separated(self, part: Callable[[], Any]) -> list[Any]:
        parts = [part()]
        while self.took(","):
            parts.append(part())
        return parts

    def item(self) -> tuple[str, Aggregate | None]:
        if self.took("*"):
            return "*", None
        start = self.position
        name, aggregate = self.sum()
        if aggregate is None and self.position > start + 1:
            raise self.wrong()
        if self.took("as"):
            name = _plain(self.take())
        return name, aggregate

    def sum(self) -> tuple[str, Aggregate | None]:
        return self.chain(self.product, "+", "-")

    def product(self) -> tuple[str, Aggregate | None]:
        return self.chain(self.factor, "*", "/")

    def chain(self, part: Callable[[], tuple[str, Aggregate | None]], *signs: str) -> tuple[str, Aggregate | None]:
        name, left = part()
        while self.at(*signs):
            sign = self.take()
            other, right = part()
            if left is None or right is None:
                raise self.wrong()
            name, left = f"{name} {sign} {other}", _combined(left, right, sign)
        return name, left

    def factor(self) -> tuple[str, Aggregate | None]:
        if self.took("("):
            name, inner = self.sum()
            self.expect(")")
            return f"({name})", inner
        if self.here is not None and self.here[0].isdigit():
            number = self.number()
            return f"{number:g}", lambda rows: number
        name = self.name()
        return (name, None) if not self.took("(") else self.call(name)

    def call(self, name: str) -> tuple[str, Aggregate]:
        function = name.lower()
        if function in ("filter", "percentage"):
            inner_name, inner = self.sum()
            self.expect(",")
            self.expect("where")
            test = self.any_of()
            self.expect(")")
            if inner is None:
                raise self.wrong()
            chosen = inner

            def part(rows: Sequence[Row]) -> Any:
                return chosen([row for row in rows if test(row)])

            if function == "filter":
                return inner_name, part
            return "percentage", lambda rows: 100.0 * part(rows) / chosen(rows) if chosen(rows) else None
        if function == "rate":
            inner_name, inner = self.sum()
            self.expect(",")
            per = self.duration()
            self.expect(")")
            if inner is None:
                raise self.wrong()
            counted = inner
            return f"rate.{inner_name}", lambda rows: counted(rows) * per / max(60.0, _span(rows))
        if function not in AGGREGATES:
            raise BadQuery(f"NRQL Syntax Error: unknown function '{name}'")
        if self.took("*"):
            self.expect(")")
            return function, lambda rows: AGGREGATES[function](rows, lambda row: 1, [])
        start = self.position
        value = self.scalar()
        words = " ".join(token for token, _ in self.tokens[start : self.position]).replace("`", "")
        extra = []
        while self.took(","):
            extra.append(self.number())
        self.expect(")")
        return f"{name}.{words}", lambda rows: AGGREGATES[function](rows, value, extra)

    def scalar(self) -> Scalar:
        return self.scalars(("+", "-"), lambda: self.scalars(("*", "/"), self.scalar_factor))

    def scalars(self, signs: tuple[str, str], part: Callable[[], Scalar]) -> Scalar:
        left = part()
        while self.at(*signs):
            left = _of_rows(left, self.take(), part())
        return left

    def scalar_factor(self) -> Scalar:
        if self.took("("):
            inner = self.scalar()
            self.expect(")")
            return inner
        if self.here is not None and self.here[0].isdigit():
            number = self.number()
            return lambda row: number
        name = self.name()
        return lambda row: row.get(name)

    def any_of(self) -> Test:
        tests = [self.all_of()]
        while self.took("or"):
            tests.append(self.all_of())
        return lambda row: any(test(row) for test in tests)

    def all_of(self) -> Test:
        tests = [self.term()]
        while self.took("and"):
            tests.append(self.term())
        return lambda row: all(test(row) for test in tests)

    def term(self) -> Test:
        if self.took("not"):
            inner = self.term()
            return lambda row: not inner(row)
        if self.took("("):
            inner = self.any_of()
            self.expect(")")
            return inner
        value = self.scalar()
        if self.took("is"):
            wanted = not self.took("not")
            word = self.take().lower()
            if word not in ("null", "true", "false"):
                self.position -= 1
                raise self.wrong()
            tests: dict[str, Test] = {
                "null": lambda row: value(row) is None,
                "true": lambda row: value(row) is True,
                "false": lambda row: value(row) is False,
            }
            return lambda row: tests[word](row) == wanted
        wanted = not self.took("not")
        sign = self.take().lower()
        if sign == "in":
            self.expect("(")
            values = self.separated(self.literal)
            self.expect(")")
            return lambda row: (value(row) in values) == wanted
        other = self.literal()
        return lambda row: compared(value(row), sign, other) == wanted

    def literal(self) -> Any:
        token = self.take()
        if token[0] in "'\"":
            return _plain(token)
        if token[0].isdigit():
            return float(token)
        if token.lower() in ("true", "false"):
            return token.lower() == "true"
        self.position -= 1
        raise self.wrong()

    def name(self) -> str:
        token = self.take()
        if not (token[0].isalpha() or token[0] in "_`") or token.lower() in _CLAUSES:
            self.position -= 1
            raise self.wrong()
        return token.strip("`")

    def number(self) -> float:
        token = self.take()
        if not token[0].isdigit():
            self.position -= 1
            raise self.wrong()
        return float(token)

    def duration(self) -> float:
        number, unit = self.number(), self.take().lower().rstrip("s")
        if unit not in _UNITS:
            self.position -= 1
            raise self.wrong()
        return number * _UNITS[unit]

    def ago(self) -> float:
        if self.took("now"):
            if self.took("("):
                self.expect(")")
            return 0.0
        seconds = self.duration()
        self.expect("ago")
        return seconds


def _error(text: str, position: int, found: str) -> str:
    line = text.count("\n", 0, position) + 1
    column = position - (text.rfind("\n", 0, position) + 1)
    return f"NRQL Syntax Error: Error at line {line} position {column + 1}, unexpected '{found}'"


def _plain(token: str) -> str:
    return re.sub(r"\\(.)", r"\1", token[1:-1]) if token[0] in "'\"" else token.strip("`")


def _combined(left: Aggregate, right: Aggregate, sign: str) -> Aggregate:
    return lambda rows: _calculated(left(rows), sign, right(rows))


def _of_rows(left: Scalar, sign: str, right: Scalar) -> Scalar:
    return lambda row: _calculated(left(row), sign, right(row))


def _calculated(left: Any, sign: str, right: Any) -> Any:
    if not isinstance(left, int | float) or not isinstance(right, int | float) or (sign == "/" and right == 0):
        return None
    return {"+": left + right, "-": left - right, "*": left * right}[sign] if sign != "/" else left / right


def _span(rows: Sequence[Row]) -> float:
    times = [row["timestamp"] for row in rows]
    return (max(times) - min(times)) / 1000 if times else 0.0
