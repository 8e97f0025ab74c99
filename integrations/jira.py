"""Jira: read, comment on and move issues. REST API v3."""

from __future__ import annotations

from dataclasses import dataclass

from policies.action import Call, Content, Effect, Found, IntegrationError, Preview, Target, action


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


class NoSuchTransition(IntegrationError):
    """The issue cannot move to that status from where it is."""

    def __init__(self, key: str, status: str, now: str, offered: list[str]) -> None:
        super().__init__(key, status, now, offered)


class Jira:
    """The issues of one Jira site."""

    def __init__(self, url: str, email: str, token: str) -> None:
        """Remember the site; nothing is imported or sent yet.

        Args:
            url: the site, for example "https://example.atlassian.net".
            email: the account's address.
            token: its API token.
        """

    @action(Effect.READ)
    async def issue(self, key: str) -> Issue:
        """One issue."""
        raise NotImplementedError

    @action(Effect.READ)
    async def projects(self) -> list[Project]:
        """Every project this account may see."""
        raise NotImplementedError

    @action(Effect.CHANGE)
    async def comment(self, key: str, body: Content) -> Comment:
        """Comment on an issue in plain text."""
        raise NotImplementedError

    @action(Effect.DESTROY)
    async def delete_comment(self, key: str, comment: str) -> None:
        """Delete one comment, by its id."""
        raise NotImplementedError

    @action(Effect.CHANGE)
    async def move(self, key: str, status: str) -> Moved:
        """Move the issue to `status` by whichever transition leads there."""
        raise NotImplementedError
