"""Every answer is held against Atlassian's own description of the API, where that is at hand."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ISSUE = "/rest/api/3/issue/DEV-456"
DOES_NOT_EXIST = "Issue does not exist or you do not have permission to see it."


def document(text: str) -> dict[str, Any]:
    return {
        "type": "doc",
        "version": 1,
        "content": [{"type": "paragraph", "content": [{"type": "text", "text": text}]}],
    }


def written_as_in_the_examples(value: object) -> bool:
    """Jira's schema says date-time (RFC 3339), but its examples, and Jira, write the offset without a colon."""
    return re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d{4}", str(value)) is not None


@pytest.fixture(scope="session")
def official(specs: Path) -> Any:
    from openapi_core import Config, OpenAPI

    # The description has been checked by its maker; doing it again takes longer than all these tests.
    description = json.loads((specs / "jira-cloud-v3.json").read_text())
    config = Config(spec_validator_cls=None, extra_format_validators={"date-time": written_as_in_the_examples})
    return OpenAPI.from_dict(description, config=config)


@pytest.fixture
def exchange(running: Any, official: Any) -> Callable[..., Any]:
    """Sends a request; it and its answer must be as the description says."""
    from openapi_core.testing import MockRequest, MockResponse

    def send(method: str, path: str, status: int = 200, body: Any = None, **query: Any) -> Any:
        answer = running.jira.request(method, path, params=query, json=body)
        assert answer.status_code == status, answer.text
        request = MockRequest(
            "https://your-domain.atlassian.net",
            method.lower(),
            path,
            args=query,
            headers={"Authorization": answer.request.headers["Authorization"]},
            data=None if body is None else json.dumps(body).encode(),
        )
        official.validate_request(request)
        if status == 204:
            # The description names JSON here too, which HTTP forbids: no body may come with this status.
            assert answer.content == b""
            return None
        official.validate_response(request, MockResponse(answer.content, status))
        return answer.json()

    return send


def test_an_issue(exchange: Any) -> None:
    issue = exchange("GET", ISSUE)
    fields = issue["fields"]
    assert (issue["key"], fields["issuetype"]["name"], fields["status"]["name"]) == ("DEV-456", "Bug", "To Do")
    assert fields["assignee"]["displayName"] == "Priya Raman"
    assert fields["description"]["type"] == "doc"
    assert fields["comment"]["total"] == 2
    assert fields["created"] == "2026-02-26T06:00:00.000+0000"
    assert exchange("GET", f"/rest/api/3/issue/{issue['id']}")["key"] == "DEV-456"
    assert exchange("GET", "/rest/api/3/issue/dev-456")["key"] == "DEV-456"


def test_only_the_fields_that_are_wanted(exchange: Any) -> None:
    assert set(exchange("GET", ISSUE, fields="summary,status")["fields"]) == {"summary", "status"}
    everything = set(exchange("GET", ISSUE, fields="*all")["fields"])
    assert set(exchange("GET", ISSUE, fields="*navigable")["fields"]) == everything - {"comment"}
    assert set(exchange("GET", ISSUE, fields="*all,-comment,-description")["fields"]) == everything - {
        "comment",
        "description",
    }
    assert "transitions" in exchange("GET", ISSUE, expand="transitions")


def test_an_issue_that_is_not_there(exchange: Any) -> None:
    for method, path, body in (
        ("GET", "/rest/api/3/issue/DEV-9999", None),
        ("GET", "/rest/api/3/issue/DEV-9999/comment", None),
        ("POST", "/rest/api/3/issue/DEV-9999/comment", {"body": document("x")}),
        ("GET", "/rest/api/3/issue/DEV-9999/transitions", None),
        ("PUT", "/rest/api/3/issue/DEV-9999/assignee", {"accountId": "5b10a2844c20165700ede21g"}),
    ):
        assert exchange(method, path, 404, body) == {"errorMessages": [DOES_NOT_EXIST], "errors": {}}


def test_a_comment_is_added_listed_and_deleted(exchange: Any) -> None:
    key = {"key": "example", "value": {"of": "run-1"}}
    made = exchange("POST", f"{ISSUE}/comment", 201, {"body": document("Scaled to 10."), "properties": [key]})
    assert made["author"]["displayName"] == "Elena Fischer"
    assert made["created"] == "2026-03-02T09:00:00.000+0000"
    assert "properties" not in made
    listed = exchange("GET", f"{ISSUE}/comment", expand="properties")
    assert [listed["total"], listed["startAt"], listed["maxResults"]] == [3, 0, 100]
    assert listed["comments"][-1]["body"] == document("Scaled to 10.")
    assert [each["properties"] for each in listed["comments"]] == [[], [], [key]]
    one = f"{ISSUE}/comment/{made['id']}"
    assert exchange("GET", one, expand="properties")["properties"] == [key]
    assert exchange("GET", f"/rest/api/3/comment/{made['id']}/properties/example") == key
    assert exchange("GET", f"/rest/api/3/comment/{made['id']}/properties")["keys"][0]["key"] == "example"
    exchange("GET", f"/rest/api/3/comment/{made['id']}/properties/other", 404)
    exchange("DELETE", one, 204)
    gone = {"errorMessages": [f"Can not find a comment for the id: {made['id']}."], "errors": {}}
    assert exchange("GET", one, 404) == exchange("DELETE", one, 404) == gone
    assert exchange("GET", f"{ISSUE}/comment")["total"] == 2


def test_a_comment_twice_is_two_comments(exchange: Any) -> None:
    for _ in range(2):
        exchange("POST", f"{ISSUE}/comment", 201, {"body": document("again")})
    assert exchange("GET", f"{ISSUE}/comment")["total"] == 4


def test_comments_come_in_pages_and_in_either_order(exchange: Any) -> None:
    newest = exchange("GET", f"{ISSUE}/comment", orderBy="-created", maxResults=1)
    oldest = exchange("GET", f"{ISSUE}/comment", orderBy="created", maxResults=1)
    assert newest["comments"][0]["author"]["displayName"] == "Priya Raman"
    assert oldest["comments"][0]["author"]["displayName"] == "Sam Okafor"
    assert exchange("GET", f"{ISSUE}/comment", startAt=1, maxResults=1)["comments"] == newest["comments"]


@pytest.mark.parametrize(
    "body", ["plain text", {"type": "paragraph"}, None, {"type": "doc", "version": 1, "content": []}]
)
def test_a_comment_must_be_a_document_with_words(running: Any, body: Any) -> None:
    answer = running.jira.post(f"{ISSUE}/comment", json={"body": body})
    assert answer.status_code == 400
    assert answer.json()["errorMessages"] == []
    assert "comment" in answer.json()["errors"]


def test_an_issue_moves_along_its_workflow(exchange: Any) -> None:
    offered = exchange("GET", f"{ISSUE}/transitions")["transitions"]
    assert [(each["id"], each["to"]["name"]) for each in offered] == [("21", "In Progress")]
    assert exchange("GET", f"{ISSUE}/transitions", transitionId="99")["transitions"] == []
    exchange("POST", f"{ISSUE}/transitions", 204, {"transition": {"id": "21"}})
    assert exchange("GET", ISSUE)["fields"]["status"]["statusCategory"]["key"] == "indeterminate"
    refused = exchange("POST", f"{ISSUE}/transitions", 400, {"transition": {"id": "21"}})
    assert refused == {"errorMessages": ["Transition id '21' is not valid for this issue."], "errors": {}}
    assert len(exchange("GET", f"{ISSUE}/transitions")["transitions"]) == 3
    exchange("POST", f"{ISSUE}/transitions", 400, {})


def test_a_transition_may_bring_a_comment(exchange: Any) -> None:
    update = {"comment": [{"add": {"body": document("Starting.")}}]}
    exchange("POST", f"{ISSUE}/transitions", 204, {"transition": {"id": "21"}, "update": update})
    assert exchange("GET", f"{ISSUE}/comment")["comments"][-1]["body"] == document("Starting.")


def test_an_issue_is_assigned_and_given_back(exchange: Any, running: Any) -> None:
    me = exchange("GET", "/rest/api/3/myself")
    exchange("PUT", f"{ISSUE}/assignee", 204, {"accountId": me["accountId"]})
    assert exchange("GET", ISSUE)["fields"]["assignee"]["accountId"] == me["accountId"]
    # Its words allow null, which takes the assignee away; its schema does not.
    assert running.jira.put(f"{ISSUE}/assignee", json={"accountId": None}).status_code == 204
    assert exchange("GET", ISSUE)["fields"]["assignee"] is None
    exchange("PUT", f"{ISSUE}/assignee", 400, {"accountId": "nobody"})
    exchange("PUT", f"{ISSUE}/assignee", 400, {})


def test_issues_are_found(exchange: Any) -> None:
    jql = "project = DEV AND assignee = currentUser() ORDER BY key"
    found = exchange("GET", "/rest/api/3/search/jql", jql=jql, fields="summary")
    assert [issue["key"] for issue in found["issues"]] == ["DEV-441", "DEV-789"]
    assert (found["isLast"], "nextPageToken" in found) == (True, False)
    posted = exchange("POST", "/rest/api/3/search/jql", 200, {"jql": jql, "fields": ["summary"]})
    assert posted == found
    assert set(exchange("GET", "/rest/api/3/search/jql", jql=jql)["issues"][0]) == {"id"}
    assert exchange("GET", "/rest/api/3/search/jql", jql="project = NONE")["issues"] == []


def test_a_search_goes_on_with_its_token(exchange: Any) -> None:
    asked = {"jql": "project = DEV ORDER BY key DESC", "fields": ["summary"], "maxResults": 2}
    keys, token = [], None
    while True:
        page = exchange("POST", "/rest/api/3/search/jql", 200, {**asked, **({"nextPageToken": token} if token else {})})
        keys += [issue["key"] for issue in page["issues"]]
        if page["isLast"]:
            break
        token = page["nextPageToken"]
    assert keys == ["DEV-789", "DEV-502", "DEV-471", "DEV-456", "DEV-441"]
    exchange("POST", "/rest/api/3/search/jql", 400, {**asked, "nextPageToken": "made up"})


def test_a_bad_search_is_refused(exchange: Any) -> None:
    refused = exchange("GET", "/rest/api/3/search/jql", 400, jql="colour = red")
    assert refused["errorMessages"] == ["Field 'colour' does not exist or you do not have permission to view it."]
    exchange("GET", "/rest/api/3/search/jql", 400)


def test_projects(exchange: Any) -> None:
    assert [each["key"] for each in exchange("GET", "/rest/api/3/project")] == ["CODE", "DEV", "PERF"]
    page = exchange("GET", "/rest/api/3/project/search", maxResults=2)
    assert (page["total"], page["isLast"], len(page["values"])) == (3, False, 2)
    assert [each["key"] for each in exchange("GET", "/rest/api/3/project/search", query="perf")["values"]] == ["PERF"]
    project = exchange("GET", "/rest/api/3/project/DEV")
    assert project["lead"]["displayName"] == "Elena Fischer"
    assert exchange("GET", f"/rest/api/3/project/{project['id']}") == project
    refused = exchange("GET", "/rest/api/3/project/NONE", 404)
    assert refused == {"errorMessages": ["No project could be found with key 'NONE'."], "errors": {}}


def test_who_and_where(exchange: Any, running: Any) -> None:
    me = exchange("GET", "/rest/api/3/myself")
    assert (me["displayName"], me["emailAddress"]) == ("Elena Fischer", "elena.fischer@larkfield.example")
    info = exchange("GET", "/rest/api/3/serverInfo")
    assert (info["deploymentType"], info["baseUrl"]) == ("Cloud", running.endpoints.jira)


def test_the_second_version_of_the_api_is_not_served(running: Any) -> None:
    assert running.jira.get("/rest/api/2/issue/DEV-456").status_code == 404
    assert running.jira.patch(ISSUE).status_code == 405


@pytest.mark.parametrize("content", [b"", b"{", b"[]"])
def test_a_body_that_is_no_object_is_refused(running: Any, content: bytes) -> None:
    answer = running.jira.post(f"{ISSUE}/comment", content=content)
    assert (answer.status_code, list(answer.json())) == (400, ["errorMessages", "errors"])
