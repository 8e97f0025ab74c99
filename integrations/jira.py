"""Jira: read, comment on and move issues. REST API v3 of Jira Cloud, through the `jira` library.

The library's faults end in this file: it speaks to v2 and asks for the server's version unless told not to, tries
again by itself, sends a transition's id as a number and a comment without properties, and its errors and its log carry
whole answers. So issues are read with its own call, and the rest goes through its session in the form that the API's
description asks for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Any

from integrations.http import AGENT, TIMES, NotThere, guard, host_of, in_a_thread
from integrations.jira_document import document_of, text_of
from policies.action import (
    Call,
    Content,
    Effect,
    Found,
    IntegrationError,
    Json,
    Outside,
    Preview,
    Target,
    action,
    idempotency_key,
    wire,
)
from policies.outside import attributed

MARK = "devos"
"""The comment property that holds the idempotency key."""
RECENT = 100
"""How many of an issue's newest comments a lookup reads."""
KEY = re.compile(r"[A-Z][A-Z0-9_]+-[1-9][0-9]*")
PROJECT = re.compile(r"[A-Z][A-Z0-9_]{1,49}")
SHOWN = 100
"""How many characters of an issue's summary a plan shows."""


@dataclass(frozen=True)
class Issue:
    """One issue."""

    key: str
    summary: Outside[str]
    status: Outside[str]
    """Whatever the site's administrators call it: To Do, In Progress, ..."""
    type: Outside[str]
    """Bug, Story, ..."""
    assignee: Outside[str] | None
    """The person's name; None when nobody has it."""
    reporter: Outside[str] | None
    url: str


@dataclass(frozen=True)
class Project:
    """One project."""

    key: str
    name: Outside[str]


@dataclass(frozen=True)
class Comment:
    """A comment on an issue."""

    id: str


@dataclass(frozen=True)
class Moved:
    """An issue whose status was set."""

    key: str
    before: Outside[str]
    """The status it had; the one that was asked for when a lost answer had to be looked up."""
    after: str
    """The status as it was asked for."""


class NoSuchIssue(IntegrationError):
    """There is no such issue, or this account may not see it."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key

    def __str__(self) -> str:
        return f"There is no issue {self.key!r} in Jira, or this account may not see it. Check the key."


class NoSuchTransition(IntegrationError):
    """The issue cannot move to that status from where it is."""

    def __init__(self, key: str, status: str, now: str, offered: list[str]) -> None:
        super().__init__(key, status, now, offered)
        self.key, self.status = key, status
        self.now = Outside(now, f"jira {key} status")
        self.offered = Outside(", ".join(offered), f"jira {key} transitions") if offered else None

    def _parts(self) -> tuple[object, ...]:
        where = ("this account may not move it at all",) if self.offered is None else ("it can move to ", self.offered)
        return (f"{self.key} is '", self.now, f"' and cannot move to {self.status!r} from there; ", *where, ".")


class Jira:
    """The issues of one Jira site."""

    def __init__(self, url: str, email: str, token: str) -> None:
        """Remember the site; nothing is imported or sent yet.

        Args:
            url: the site, for example "https://example.atlassian.net".
            email: the account's address.
            token: its API token.
        """
        self._url = url.rstrip("/")
        self._email, self._token = email, token
        self._host = host_of(url)

    @action(Effect.READ)
    async def issue(self, key: str) -> Issue:
        """One issue.

        Raises:
            NoSuchIssue: there is none, or it may not be seen.
        """
        return await self._read(key)

    @action(Effect.READ)
    async def projects(self) -> list[Project]:
        """Every project this account may see."""
        found: list[Project] = []
        read = 0
        while True:
            page = await self._send("GET", "project/search", params={"startAt": read, "maxResults": 50})
            read += len(page["values"])
            found += [
                Project(each["key"], Outside(str(each["name"]), f"jira {each['key']} name"))
                for each in page["values"]
                if PROJECT.fullmatch(str(each["key"]))
            ]
            if page.get("isLast", True) or not page["values"]:
                return found

    @projects.target
    def _projects_target(self) -> Target:
        return Target("projects")

    @action(Effect.CHANGE)
    async def comment(self, key: str, body: Content) -> Comment:
        """Comment on an issue in plain text; an empty line begins a new paragraph.

        Raises:
            NoSuchIssue: there is none, or it may not be seen.
        """
        properties = [{"key": MARK, "value": {"key": idempotency_key()}}]
        sent = {"body": document_of(wire(body)), "properties": properties}
        made = await self._send("POST", f"issue/{_checked(key)}/comment", sent, about=key)
        return Comment(_number(str(made["id"])))

    @comment.preview
    async def _comment_preview(self, key: str, body: Content) -> Preview:
        issue = await self._read(key)
        return Preview(f"Comment on {_named(issue)}", "Delete the comment", evidence=attributed(body))

    @comment.lookup
    async def _comment_lookup(self, key: str, body: Content) -> Found[Comment] | None:
        """The newest comments carry, as a property, the key of the step that wrote them."""
        newest = {"orderBy": "-created", "maxResults": RECENT}
        page = await self._send("GET", f"issue/{_checked(key)}/comment", params=newest, about=key)
        for each in page["comments"]:
            found = _number(str(each["id"]))
            same = text_of(each.get("body")) == text_of(document_of(wire(body)))
            if same and await self._mark(found) == idempotency_key():
                return Found(Comment(found))
        return None

    @comment.undo
    def _comment_undo(self, result: Comment, key: str, body: Content) -> Call[None]:
        return self.delete_comment.call(key, result.id)

    @action(Effect.DESTROY)
    async def delete_comment(self, key: str, comment: str) -> None:
        """Delete one comment, by its id; one that is gone already is fine.

        Raises:
            NoSuchIssue: there is none, or it may not be seen.
        """
        path = f"issue/{_checked(key)}/comment/{_number(comment)}"
        try:
            await self._send("DELETE", path)
        except NotThere:
            await self._read(key)

    @delete_comment.target
    def _delete_target(self, key: str, comment: str) -> Target:
        return Target(f"{key}#{comment}")

    @delete_comment.preview
    async def _delete_preview(self, key: str, comment: str) -> Preview:
        found = await self._send("GET", f"issue/{_checked(key)}/comment/{_number(comment)}", about=key)
        text = Outside(text_of(found.get("body")), f"jira {_checked(key)} comment")
        return Preview(f"Delete a comment on {key}", evidence=attributed(text))

    @delete_comment.lookup
    async def _delete_lookup(self, key: str, comment: str) -> Found[None] | None:
        path = f"issue/{_checked(key)}/comment/{_number(comment)}"
        try:
            await self._send("GET", path)
        except NotThere:
            return Found(None)
        return None

    @action(Effect.CHANGE)
    async def move(self, key: str, status: str) -> Moved:
        """Move the issue to `status` by whichever transition leads there.

        Raises:
            NoSuchIssue: there is none, or it may not be seen.
            NoSuchTransition: no transition leads to `status`; the message lists where they do lead.
        """
        issue = await self._read(key)
        if wire(issue.status).casefold() == status.casefold():
            return Moved(issue.key, issue.status, status)
        path = f"issue/{_checked(key)}/transitions"
        offered = (await self._send("GET", path, about=key))["transitions"]
        for each in offered:
            if each["to"]["name"].casefold() == status.casefold():
                await self._send("POST", path, {"transition": {"id": str(each["id"])}}, about=key)
                return Moved(issue.key, issue.status, status)
        raise NoSuchTransition(issue.key, status, wire(issue.status), [each["to"]["name"] for each in offered])

    @move.preview
    async def _move_preview(self, key: str, status: str) -> Preview:
        issue = await self._read(key)
        now = repr(wire(issue.status))
        return Preview(f"Move {_named(issue)} from {now} to {status!r}", f"Back to {now}")

    @move.lookup
    async def _move_lookup(self, key: str, status: str) -> Found[Moved] | None:
        now = (await self._read(key)).status
        return Found(Moved(key, now, status)) if wire(now).casefold() == status.casefold() else None

    @move.undo
    def _move_undo(self, result: Moved, key: str, status: str) -> Call[Moved]:
        # What the site calls a status selects one here: the run is marked, and the rules ask accordingly.
        return self.move.call(key, result.before.open())

    async def _read(self, key: str) -> Issue:
        name = _checked(key)
        asked = "summary,status,issuetype,assignee,reporter"
        try:
            raw = await self._ask(lambda library: library.issue(name, fields=asked).raw)
        except NotThere:
            raise NoSuchIssue(name) from None
        fields, name = raw["fields"], _checked(str(raw["key"]))  # another than asked for where the issue was moved
        return Issue(
            key=name,
            summary=Outside(str(fields.get("summary") or ""), f"jira {name} summary"),
            status=Outside(str(fields["status"]["name"]), f"jira {name} status"),
            type=Outside(str(fields["issuetype"]["name"]), f"jira {name} type"),
            assignee=_person(fields.get("assignee"), f"jira {name} assignee"),
            reporter=_person(fields.get("reporter"), f"jira {name} reporter"),
            url=f"{self._url}/browse/{name}",
        )

    async def _mark(self, comment: str) -> str | None:
        """The idempotency key a comment carries."""
        try:
            found = await self._send("GET", f"comment/{_number(comment)}/properties/{MARK}")
        except NotThere:
            return None
        value = found.get("value")
        return value.get("key") if isinstance(value, dict) else None

    async def _send(
        self,
        method: str,
        path: str,
        body: Json = None,
        *,
        params: dict[str, Json] | None = None,
        about: str | None = None,
    ) -> Any:
        """Send a request on the library's session; `about` is the issue that a 404 says is missing."""

        def send(library: Any) -> Any:
            data = None if body is None else json.dumps(body)
            url = f"{self._url}/rest/api/3/{path}"
            answer = library._session.request(method, url, params=params, data=data)
            return answer.json() if answer.content else None

        try:
            return await self._ask(send)
        except NotThere:
            if about is None:
                raise
            raise NoSuchIssue(about) from None

    async def _ask(self, question: Callable[[Any], Any]) -> Any:
        """Put a question to the library."""
        return await in_a_thread("Jira", self._host, (self._token,), lambda: question(self._library))

    @cached_property
    def _library(self) -> Any:
        """The library's client: no retries of its own, no question about the server's version, v3, with time-outs."""
        made = import_module("jira").JIRA(
            options={"server": self._url, "rest_api_version": "3", "headers": {"User-Agent": AGENT}},
            basic_auth=(self._email, self._token),
            get_server_info=False,
            max_retries=0,
            timeout=TIMES,
        )
        guard(made._session, "Jira", (self._token,))
        return made


def _person(person: Json, source: str) -> Outside[str] | None:
    return Outside(str(person.get("displayName") or ""), source) if isinstance(person, dict) else None


def _named(issue: Issue) -> str:
    """The issue for a plan: its summary in quotes that it cannot close."""
    return f"{issue.key} ({wire(issue.summary)[:SHOWN]!r})"


def _checked(key: str) -> str:
    """An issue's key as Jira writes it, and nothing else: it becomes part of an address."""
    name = key.strip().upper()
    if not KEY.fullmatch(name):
        raise NoSuchIssue(key)
    return name


def _number(comment: str) -> str:
    """A comment's id, and nothing else: it becomes part of an address."""
    if not (comment.isascii() and comment.isdigit()):
        raise NotThere("Jira", f"comment {comment!r}", "a comment's id is a number")
    return comment
