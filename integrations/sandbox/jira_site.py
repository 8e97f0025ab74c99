"""What a simulated Jira site holds, and how it shows it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from integrations.sandbox import adf
from integrations.sandbox.ages import ago
from integrations.sandbox.auth import PERSON
from integrations.sandbox.world import World

ISSUE, COMMENT, PROJECT, WORKFLOW = "jira/issue", "jira/comment", "jira/project", "jira/workflow"

_CATEGORIES = {
    "new": {"id": 2, "key": "new", "colorName": "blue-gray", "name": "To Do"},
    "indeterminate": {"id": 4, "key": "indeterminate", "colorName": "yellow", "name": "In Progress"},
    "done": {"id": 3, "key": "done", "colorName": "green", "name": "Done"},
}
_TYPES = {"Story": "10001", "Task": "10002", "Bug": "10004", "Epic": "10000", "Sub-task": "10003"}
_PRIORITIES = {"Highest": "1", "High": "2", "Medium": "3", "Low": "4", "Lowest": "5"}


class JiraError(Exception):
    """A refusal in Jira's own shape."""

    def __init__(self, status: int, *messages: str, errors: Mapping[str, str] | None = None) -> None:
        super().__init__(status, *messages)
        self.status = status
        self.messages = list(messages)
        self.errors = dict(errors or {})


def stamp(moment: datetime) -> str:
    """A time as Jira writes it: 2021-01-17T12:34:00.000+0000."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}+0000"


def seed(world: World, company: dict[str, Any]) -> None:
    """Put the company's projects and issues into an empty world."""
    section = company["jira"]
    world.put(WORKFLOW, "software", section["workflow"])
    for number, (key, project) in enumerate(section["projects"].items(), start=10001):
        world.put(PROJECT, key, {"id": str(number), "key": key, **project})
    for number, (key, issue) in enumerate(section["issues"].items(), start=20001):
        created, updated = ago(world.now(), issue["created"]), ago(world.now(), issue.get("updated", issue["created"]))
        stored = {
            "id": str(number),
            "key": key,
            "project": key.partition("-")[0],
            "type": issue["type"],
            "summary": issue["summary"],
            "description": adf.document(issue["description"]),
            "status": issue.get("status", "To Do"),
            "priority": issue.get("priority", "Medium"),
            "labels": issue.get("labels", []),
            "assignee": issue.get("assignee"),
            "reporter": issue["reporter"],
            "created": stamp(created),
            "updated": stamp(updated),
        }
        world.put(ISSUE, key, stored)
        for comment in issue.get("comments", []):
            when = stamp(ago(world.now(), comment["at"]))
            _store(world, key, comment["by"], adf.document(comment["text"]), [], when)


def summary(world: World) -> dict[str, Any]:
    """Every issue with its status and comments, in words."""
    issues = {}
    for key, issue in world.all(ISSUE).items():
        comments = sorted(world.all(COMMENT, f"{key}/").values(), key=lambda each: int(each["id"]))
        issues[key] = {
            "summary": issue["summary"],
            "type": issue["type"],
            "status": issue["status"],
            "assignee": issue["assignee"],
            "comments": [{"id": c["id"], "by": c["author"], "text": adf.plain(c["body"])} for c in comments],
        }
    return {"issues": issues}


class Site:
    """One site under the address the client knows it by."""

    def __init__(self, world: World, url: str) -> None:
        self.world = world
        self.url = url
        self.people = world.all(PERSON)

    def find(self, key: str) -> dict[str, Any]:
        """The issue of that key or id.

        Raises:
            JiraError: there is none.
        """
        found = self.world.get(ISSUE, key.upper())
        found = found or next((each for each in self.world.all(ISSUE).values() if each["id"] == key), None)
        if found is None:
            raise JiraError(404, "Issue does not exist or you do not have permission to see it.")
        return found

    def user_of(self, account: str) -> str | None:
        """The user name that belongs to an account id."""
        return next((name for name, each in self.people.items() if each["account_id"] == account), None)

    def user(self, name: str, *, mail: bool = False) -> dict[str, Any]:
        """A person as Jira shows them."""
        person = self.people[name]
        return {
            "self": f"{self.url}/rest/api/3/user?accountId={person['account_id']}",
            "accountId": person["account_id"],
            "accountType": "app" if person.get("app") else "atlassian",
            **({"emailAddress": person["email"]} if mail else {}),
            "displayName": person["name"],
            "active": True,
            "timeZone": "Etc/UTC",
        }

    def status(self, name: str) -> dict[str, Any]:
        """A status as Jira shows it."""
        found = next(each for each in self._workflow()["statuses"] if each["name"] == name)
        category = _CATEGORIES[found["category"]]
        return {
            "self": f"{self.url}/rest/api/3/status/{found['id']}",
            "description": "",
            "iconUrl": f"{self.url}/images/icons/statuses/generic.png",
            "name": name,
            "id": found["id"],
            "statusCategory": {"self": f"{self.url}/rest/api/3/statuscategory/{category['id']}", **category},
        }

    def transitions(self, issue: dict[str, Any]) -> list[dict[str, Any]]:
        """The transitions an issue is offered from the status it has."""
        return [
            {
                "id": each["id"],
                "name": each["name"],
                "to": self.status(each["to"]),
                "hasScreen": False,
                "isGlobal": False,
                "isInitial": False,
                "isAvailable": True,
                "isConditional": False,
            }
            for each in self._workflow()["transitions"]
            if issue["status"] in each["from"]
        ]

    def issue(self, issue: dict[str, Any], wanted: list[str]) -> dict[str, Any]:
        """An issue as Jira shows it, with the fields that are wanted (`*all`, `*navigable`, names, `-name`)."""
        if wanted == ["id"]:
            return {"id": issue["id"]}
        fields = self._fields(issue)
        shown = {name for name in fields if name in wanted or "*all" in wanted}
        if "*navigable" in wanted or all(each.startswith("-") for each in wanted):
            shown |= set(fields) - {"comment"}
        shown -= {each[1:] for each in wanted if each.startswith("-")}
        return {
            "expand": "renderedFields,names,schema,operations,editmeta,changelog,versionedRepresentations",
            "id": issue["id"],
            "self": f"{self.url}/rest/api/3/issue/{issue['id']}",
            "key": issue["key"],
            "fields": {name: value for name, value in fields.items() if name in shown},
        }

    def searchable(self, issue: dict[str, Any]) -> dict[str, Any]:
        """An issue's values as JQL compares them."""
        category = self.status(issue["status"])["statusCategory"]["name"]
        people = {role: (issue[role], *self._names(issue[role])) for role in ("assignee", "reporter") if issue[role]}
        description = adf.plain(issue["description"])
        text = f"{issue['summary']} {description}"
        return {"assignee": (), **issue, **people, "category": category, "description": description, "text": text}

    def sort_key(self, field: str, issue: dict[str, Any]) -> tuple[str, int]:
        """What an issue is ordered by: keys by their number, everything else by its text."""
        project, _, number = str(issue["key"]).partition("-")
        return (project, int(number)) if field == "key" else (str(self.searchable(issue)[field]), 0)

    def comment(self, comment: dict[str, Any], with_properties: bool) -> dict[str, Any]:
        """A comment as Jira shows it."""
        issue = self.find(comment["issue"])
        return {
            "self": f"{self.url}/rest/api/3/issue/{issue['id']}/comment/{comment['id']}",
            "id": comment["id"],
            "author": self.user(comment["author"]),
            "body": comment["body"],
            "updateAuthor": self.user(comment["author"]),
            "created": comment["created"],
            "updated": comment["created"],
            "jsdPublic": True,
            **({"properties": comment["properties"]} if with_properties else {}),
        }

    def add_comment(
        self, issue: dict[str, Any], author: str, body: dict[str, Any], properties: list[dict[str, Any]]
    ) -> dict[str, Any]:
        """Store a comment; the stored one."""
        with self.world.transaction():
            now = stamp(self.world.now())
            present = self.find(issue["key"])
            self.world.put(ISSUE, issue["key"], {**present, "updated": now})
            return _store(self.world, issue["key"], author, body, properties, now)

    def project(self, project: dict[str, Any]) -> dict[str, Any]:
        """A project as Jira shows it."""
        return {
            "expand": "description,lead,issueTypes,url,projectKeys,permissions,insight",
            "self": f"{self.url}/rest/api/3/project/{project['id']}",
            "id": project["id"],
            "key": project["key"],
            "name": project["name"],
            "description": project["description"],
            "lead": self.user(project["lead"]),
            "projectTypeKey": "software",
            "simplified": False,
            "style": "classic",
            "isPrivate": False,
        }

    def _fields(self, issue: dict[str, Any]) -> dict[str, Any]:
        project = self.world.get(PROJECT, issue["project"])
        assert project is not None
        comments = sorted(self.world.all(COMMENT, f"{issue['key']}/").values(), key=lambda each: int(each["id"]))
        shown = [self.comment(each, with_properties=False) for each in comments]
        page = {"comments": shown, "maxResults": len(shown), "total": len(shown), "startAt": 0}
        api = f"{self.url}/rest/api/3"
        type_, priority = _TYPES[issue["type"]], _PRIORITIES[issue["priority"]]
        return {
            "summary": issue["summary"],
            "description": issue["description"],
            "status": self.status(issue["status"]),
            "issuetype": {
                "self": f"{api}/issuetype/{type_}",
                "id": type_,
                "name": issue["type"],
                "subtask": issue["type"] == "Sub-task",
            },
            "priority": {"self": f"{api}/priority/{priority}", "id": priority, "name": issue["priority"]},
            "project": {
                "self": f"{api}/project/{project['id']}",
                "id": project["id"],
                "key": project["key"],
                "name": project["name"],
                "projectTypeKey": "software",
                "simplified": False,
            },
            "labels": issue["labels"],
            "assignee": None if issue["assignee"] is None else self.user(issue["assignee"]),
            "reporter": self.user(issue["reporter"]),
            "creator": self.user(issue["reporter"]),
            "created": issue["created"],
            "updated": issue["updated"],
            "resolution": None,
            "comment": {**page, "self": f"{api}/issue/{issue['id']}/comment"},
        }

    def _names(self, user: str) -> tuple[str, str, str]:
        person = self.people[user]
        return person["name"], person["email"], person["account_id"]

    def _workflow(self) -> dict[str, Any]:
        workflow = self.world.get(WORKFLOW, "software")
        assert workflow is not None
        return workflow


def _store(
    world: World, key: str, author: str, body: dict[str, Any], properties: list[dict[str, Any]], created: str
) -> dict[str, Any]:
    number = str(world.next_number(COMMENT, 10001))
    stored = {
        "id": number,
        "issue": key,
        "author": author,
        "body": body,
        "properties": properties,
        "created": created,
    }
    world.put(COMMENT, f"{key}/{number}", stored)
    return stored
