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
from policies.action import (
    Call,
    Content,
    Effect,
    Found,
    IntegrationError,
    Json,
    Preview,
    Target,
    action,
    idempotency_key,
)

MARK = "devos"
"""The comment property that holds the idempotency key."""
RECENT = 100
"""How many of an issue's newest comments a lookup reads."""
KEY = re.compile(r"[A-Z][A-Z0-9_]+-[1-9][0-9]*")


@dataclass(frozen=True)
class Issue:
    """One issue."""

    key: str
    summary: str
    status: str
    type: str
    """Bug, Story, ..."""
    assignee: str | None
    """The person's name; None when nobody has it."""
    reporter: str | None
    url: str


@dataclass(frozen=True)
class Project:
    """One project."""

    key: str
    name: str


@dataclass(frozen=True)
class Comment:
    """A comment on an issue."""

    id: str


@dataclass(frozen=True)
class Moved:
    """An issue whose status was set."""

    key: str
    before: str
    """The status it had; equal to `after` when a lost answer had to be looked up."""
    after: str


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
        self.key, self.status, self.now, self.offered = key, status, now, offered

    def __str__(self) -> str:
        offered = f"it can move to {', '.join(self.offered)}" if self.offered else "this account may not move it at all"
        return f"{self.key} is {self.now!r} and cannot move to {self.status!r} from there; {offered}."


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
        while True:
            page = await self._send("GET", "project/search", params={"startAt": len(found), "maxResults": 50})
            found += [Project(each["key"], each["name"]) for each in page["values"]]
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
        sent = {"body": document(body), "properties": properties}
        made = await self._send("POST", f"issue/{_checked(key)}/comment", sent, about=key)
        return Comment(made["id"])

    @comment.preview
    async def _comment_preview(self, key: str, body: str) -> Preview:
        issue = await self._read(key)
        return Preview(f"Comment on {issue.key} ({issue.summary})", "Delete the comment", evidence=body)

    @comment.lookup
    async def _comment_lookup(self, key: str, body: str) -> Found[Comment] | None:
        """The newest comments carry, as a property, the key of the step that wrote them."""
        newest = {"orderBy": "-created", "maxResults": RECENT}
        page = await self._send("GET", f"issue/{_checked(key)}/comment", params=newest, about=key)
        for each in page["comments"]:
            if _text(each.get("body")) == _text(document(body)) and await self._mark(each["id"]) == idempotency_key():
                return Found(Comment(each["id"]))
        return None

    @comment.undo
    def _comment_undo(self, result: Comment, key: str, body: str) -> Call[None]:
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
        return Preview(f"Delete a comment on {key}", evidence=_text(found.get("body")))

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
        if issue.status.casefold() == status.casefold():
            return Moved(issue.key, issue.status, issue.status)
        path = f"issue/{_checked(key)}/transitions"
        offered = (await self._send("GET", path, about=key))["transitions"]
        for each in offered:
            if each["to"]["name"].casefold() == status.casefold():
                await self._send("POST", path, {"transition": {"id": str(each["id"])}}, about=key)
                return Moved(issue.key, issue.status, each["to"]["name"])
        raise NoSuchTransition(issue.key, status, issue.status, [each["to"]["name"] for each in offered])

    @move.preview
    async def _move_preview(self, key: str, status: str) -> Preview:
        issue = await self._read(key)
        return Preview(f"Move {issue.key} ({issue.summary}) from {issue.status} to {status}", f"Back to {issue.status}")

    @move.lookup
    async def _move_lookup(self, key: str, status: str) -> Found[Moved] | None:
        now = (await self._read(key)).status
        return Found(Moved(key, now, now)) if now.casefold() == status.casefold() else None

    @move.undo
    def _move_undo(self, result: Moved, key: str, status: str) -> Call[Moved]:
        return self.move.call(key, result.before)

    async def _read(self, key: str) -> Issue:
        name = _checked(key)
        asked = "summary,status,issuetype,assignee,reporter"
        try:
            raw = await self._ask(lambda library: library.issue(name, fields=asked).raw)
        except NotThere:
            raise NoSuchIssue(name) from None
        fields = raw["fields"]
        return Issue(
            key=raw["key"],
            summary=fields.get("summary") or "",
            status=fields["status"]["name"],
            type=fields["issuetype"]["name"],
            assignee=_name(fields.get("assignee")),
            reporter=_name(fields.get("reporter")),
            url=f"{self._url}/browse/{raw['key']}",
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


def document(text: str) -> dict[str, Json]:
    """Plain text in Atlassian's document format: an empty line ends a paragraph, a single line break stays one."""
    paragraphs = [each for each in re.split(r"\n\s*\n", text.strip()) if each]
    content = [{"type": "paragraph", "content": _lines(each)} for each in paragraphs]
    return {"type": "doc", "version": 1, "content": content}


def _lines(paragraph: str) -> list[dict[str, Json]]:
    nodes: list[dict[str, Json]] = []
    for line in filter(None, map(str.strip, paragraph.splitlines())):
        nodes += [{"type": "hardBreak"}] if nodes else []
        nodes.append({"type": "text", "text": line})
    return nodes


def _text(node: Json) -> str:
    """The words of a document in Atlassian's format, without their layout."""
    if not isinstance(node, dict):
        return str(node or "")
    if node.get("type") == "text":
        return str(node.get("text", ""))
    return " ".join(filter(None, (_text(each) for each in node.get("content") or ())))


def _name(person: Json) -> str | None:
    return person.get("displayName") if isinstance(person, dict) else None


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
