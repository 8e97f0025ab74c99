"""The part of JQL that automation uses: comparisons joined by AND and OR, and an order.

https://support.atlassian.com/jira-service-management-cloud/docs/use-advanced-search-with-jira-query-language-jql/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

Issue = Mapping[str, Any]
Test = Callable[[Issue], bool]

_TOKEN = re.compile(r"""\s*(?:(?P<text>"[^"]*"|'[^']*')|(?P<sign>!=|!~|=|~|\(|\)|,)|(?P<word>[^\s=!~(),"']+))""")
_FIELDS = {
    "key": "key", "issuekey": "key", "issue": "key", "id": "id", "project": "project", "status": "status",
    "statuscategory": "category", "issuetype": "type", "type": "type", "assignee": "assignee", "reporter": "reporter",
    "priority": "priority", "labels": "labels", "summary": "summary", "description": "description", "text": "text",
    "created": "created", "updated": "updated",
}  # fmt: skip


class BadQuery(Exception):
    """The query cannot be understood; the message is Jira's to its user."""


def parse(query: str, caller: str) -> tuple[Test, list[tuple[str, bool]]]:
    """What an issue must satisfy, and by which fields the result is ordered (name, whether downwards).

    Args:
        query: the JQL.
        caller: whom `currentUser()` means.

    Raises:
        BadQuery: it cannot be understood.
    """
    parser = _Parser(_tokens(query), caller)
    test = parser.disjunction() if not parser.at("order") and parser.tokens else None
    order = parser.order()
    if test is None:
        raise BadQuery("Unbounded JQL queries are not allowed here. Please add a search restriction to your query.")
    return test, order


class _Parser:
    def __init__(self, tokens: list[str], caller: str) -> None:
        self.tokens = tokens
        self.caller = caller
        self.position = 0

    def at(self, *words: str) -> bool:
        return self.position < len(self.tokens) and self.tokens[self.position].lower() in words

    def take(self) -> str:
        if self.position >= len(self.tokens):
            raise BadQuery("Error in the JQL Query: The query ended where more was expected.")
        self.position += 1
        return self.tokens[self.position - 1]

    def disjunction(self) -> Test:
        tests = [self.conjunction()]
        while self.at("or", "||"):
            self.take()
            tests.append(self.conjunction())
        return lambda issue: any(test(issue) for test in tests)

    def conjunction(self) -> Test:
        tests = [self.term()]
        while self.at("and", "&&"):
            self.take()
            tests.append(self.term())
        return lambda issue: all(test(issue) for test in tests)

    def term(self) -> Test:
        if self.at("not", "!"):
            self.take()
            inner = self.term()
            return lambda issue: not inner(issue)
        if self.at("("):
            self.take()
            inner = self.disjunction()
            self.expect(")")
            return inner
        return self.comparison()

    def comparison(self) -> Test:
        name = _unquoted(self.take())
        field = _FIELDS.get(name.lower())
        if field is None:
            raise BadQuery(f"Field '{name}' does not exist or you do not have permission to view it.")
        sign = self.take().lower()
        if sign == "is":
            empty = not self.at("not")
            if not empty:
                self.take()
            if self.take().lower() not in ("empty", "null"):
                raise BadQuery("Error in the JQL Query: after 'is' comes EMPTY or NULL.")
            return lambda issue: (not issue[field]) == empty
        wanted_not = sign in ("!=", "!~", "not")
        if sign == "not":
            sign = self.take().lower()
        if sign not in ("=", "!=", "~", "!~", "in"):
            raise BadQuery(f"Error in the JQL Query: Expecting operator but got '{sign}'.")
        values = [value.lower() for value in (self.listed() if sign == "in" else [self.value()])]
        holds = _contains if "~" in sign else _equals
        return lambda issue: any(holds(issue[field], value) for value in values) != wanted_not

    def listed(self) -> list[str]:
        self.expect("(")
        values = [self.value()]
        while self.at(","):
            self.take()
            values.append(self.value())
        self.expect(")")
        return values

    def value(self) -> str:
        value = self.take()
        if value.lower() == "currentuser" and self.at("("):
            self.expect("(")
            self.expect(")")
            return self.caller
        return "" if value.lower() in ("empty", "null") else _unquoted(value)

    def order(self) -> list[tuple[str, bool]]:
        fields = []
        if self.at("order"):
            self.take()
            self.expect("by")
            while True:
                name = self.take()
                if name.lower() not in _FIELDS:
                    raise BadQuery(f"Field '{name}' does not exist or you do not have permission to view it.")
                fields.append((_FIELDS[name.lower()], self.at("desc")))
                if self.at("asc", "desc"):
                    self.take()
                if not self.at(","):
                    break
                self.take()
        if self.position < len(self.tokens):
            raise BadQuery(f"Error in the JQL Query: Expecting either 'OR' or 'AND' but got '{self.take()}'.")
        return fields

    def expect(self, word: str) -> None:
        found = self.take()
        if found.lower() != word:
            raise BadQuery(f"Error in the JQL Query: Expecting '{word}' but got '{found}'.")


def _tokens(query: str) -> list[str]:
    tokens, position = [], 0
    while query[position:].strip():
        match = _TOKEN.match(query, position)
        if match is None:
            raise BadQuery(f"Error in the JQL Query: The character '{query[position:].strip()[0]}' is a reserved one.")
        tokens.append(match.group().strip())
        position = match.end()
    return tokens


def _unquoted(token: str) -> str:
    return token[1:-1] if token[:1] in "\"'" else token


def _equals(found: Any, wanted: str) -> bool:
    if isinstance(found, list | tuple):
        return any(str(each).lower() == wanted for each in found) or (not found and not wanted)
    return str(found).lower() == wanted


def _contains(found: Any, wanted: str) -> bool:
    words = wanted.rstrip("*").split()
    return all(word in str(found).lower() for word in words)
