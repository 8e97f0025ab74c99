"""NerdGraph through HTTP; every question is one that the official schema takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

SEARCH = """
query ($query: String) {
  actor { entitySearch(query: $query) { count results { nextCursor entities {
    guid name domain type accountId alertSeverity reporting tags { key values }
    ... on ApmApplicationEntityOutline { language applicationId apmSummary { errorRate throughput } }
  } } } }
}
"""
MARK = """
mutation ($deployment: ChangeTrackingDeploymentInput!) {
  changeTrackingCreateDeployment(deployment: $deployment) {
    deploymentId entityGuid version timestamp deploymentType groupId
  }
}
"""
ENTITY = """
query ($guid: EntityGuid!) {
  actor { entity(guid: $guid) { __typename name ... on ApmApplicationEntity {
    deploymentSearch { results { version groupId timestamp } }
  } } }
}
"""


@pytest.fixture
def ask(running: Any, introspection: Any) -> Callable[..., Any]:
    from graphql import parse, validate

    def send(query: str, /, **variables: Any) -> Any:
        assert validate(introspection, parse(query)) == []
        answer = running.newrelic.post("/graphql", json={"query": query, "variables": variables})
        assert answer.status_code == 200
        return answer.json()

    return send


def service(ask: Any, name: str = "user-auth-service") -> Any:
    search = f"name = '{name}' AND domain = 'APM' AND type = 'APPLICATION'"
    found = ask(SEARCH, query=search)["data"]["actor"]["entitySearch"]
    assert found["count"] == 1
    return found["results"]["entities"][0]


def test_an_entity_is_found_by_its_name(ask: Any) -> None:
    entity = service(ask)
    assert entity["name"] == "user-auth-service"
    assert (entity["accountId"], entity["alertSeverity"], entity["reporting"]) == (3914207, "NOT_ALERTING", True)
    assert {"key": "environment", "values": ["production", "staging"]} in entity["tags"]
    assert entity["apmSummary"] == {"errorRate": pytest.approx(0.002), "throughput": pytest.approx(1008)}


@pytest.mark.parametrize(
    ("query", "count"),
    [("name LIKE '%-service'", 4), ("tags.team = 'web-team'", 2), ("domain = 'BROWSER'", 0), (None, 6), ("", 6)],
)
def test_entities_are_searched(ask: Any, query: str | None, count: int) -> None:
    variables = {} if query is None else {"query": query}
    assert ask(SEARCH, **variables)["data"]["actor"]["entitySearch"]["count"] == count


def test_a_bad_search_is_refused(ask: Any) -> None:
    answer = ask(SEARCH, query="name =")
    assert answer["data"]["actor"] == {"entitySearch": None}
    assert answer["errors"][0]["extensions"] == {"errorClass": "BAD_USER_INPUT"}
    assert answer["errors"][0]["path"] == ["actor", "entitySearch"]


def test_a_service_that_fails_alerts(ask: Any, running: Any) -> None:
    running.admin.settings(unhealthy=["staging/user-auth-service"])
    assert service(ask)["alertSeverity"] == "CRITICAL"


def test_a_deployment_is_marked_and_found(ask: Any, running: Any) -> None:
    guid = service(ask)["guid"]
    deployment = {"entityGuid": guid, "version": "1.43.0", "groupId": "run-1:step-4", "user": "devos"}
    made = ask(MARK, deployment=deployment)["data"]["changeTrackingCreateDeployment"]
    assert made["timestamp"] == int(running.clock().timestamp() * 1000)
    assert (made["deploymentType"], made["groupId"], made["entityGuid"]) == ("BASIC", "run-1:step-4", guid)
    entity = ask(ENTITY, guid=guid)["data"]["actor"]["entity"]
    assert (entity["__typename"], entity["name"]) == ("ApmApplicationEntity", "user-auth-service")
    assert [each["version"] for each in entity["deploymentSearch"]["results"]] == ["1.43.0", "1.42.0"]
    where = "WHERE groupId = 'run-1:step-4' SINCE 1 day ago"
    assert running.nrql(f"SELECT latest(deploymentId), latest(entity.guid) FROM Deployment {where}") == [
        {"latest.deploymentId": made["deploymentId"], "latest.entity.guid": guid}
    ]
    assert running.admin.journal("newrelic")[1]["idempotency_key"] == "run-1:step-4"
    assert running.admin.state()["newrelic"]["deployments"][-1]["version"] == "1.43.0"


def test_what_does_not_exist_is_not_marked(ask: Any) -> None:
    answer = ask(MARK, deployment={"entityGuid": "made-up", "version": "1"})
    assert answer["data"] == {"changeTrackingCreateDeployment": None}
    assert answer["errors"][0]["extensions"] == {"errorClass": "NOT_FOUND"}
    assert ask(ENTITY, guid="made-up")["data"] == {"actor": {"entity": None}}


def test_nrql_and_what_surrounds_it(ask: Any, running: Any) -> None:
    query = """query ($q: Nrql!) { actor { account(id: 3914207) { id name nrql(query: $q, timeout: 20) {
        nrql results metadata { eventTypes facets messages timeWindow { begin end } } } } } }"""
    text = "SELECT count(*) FROM Transaction SINCE 15 minutes ago FACET appName LIMIT 2"
    account = ask(query, q=text)["data"]["actor"]["account"]
    assert (account["id"], account["name"], account["nrql"]["nrql"]) == (3914207, "Larkfield Systems", text)
    assert [row["facet"] for row in account["nrql"]["results"]] == ["web-app", "user-auth-service"]
    end = int(running.clock().timestamp() * 1000)
    assert account["nrql"]["metadata"] == {
        "eventTypes": ["Transaction"],
        "facets": ["appName"],
        "messages": [],
        "timeWindow": {"begin": end - 900_000, "end": end},
    }


def test_bad_nrql_is_refused_with_its_place(ask: Any) -> None:
    answer = ask('{ actor { account(id: 1) { nrql(query: "SELECT shiver(x) FROM T") { results } } } }')
    assert answer["data"]["actor"]["account"] == {"nrql": None}
    assert answer["errors"][0]["message"].startswith("NRQL Syntax Error")
    assert answer["errors"][0]["extensions"] == {"errorClass": "INVALID_INPUT"}


def test_accounts_the_user_and_several_entities(ask: Any) -> None:
    guids = [service(ask)["guid"], "made-up"]
    fields = "user { name } accounts { id name } entities(guids: $guids) { name }"
    query = f"query ($guids: [EntityGuid]!) {{ actor {{ {fields} }} }}"
    actor = ask(query, guids=guids)["data"]["actor"]
    assert actor["user"] == {"name": "DevOS Automation"}
    assert actor["accounts"] == [{"id": 3914207, "name": "Larkfield Systems"}]
    assert actor["entities"] == [{"name": "user-auth-service"}]


def test_a_question_outside_the_schema_is_refused(running: Any) -> None:
    answer = running.newrelic.post("/graphql", json={"query": "{ actor { shoeSize } }"})
    assert answer.status_code == 200
    assert answer.json()["errors"][0]["message"] == "Cannot query field 'shoeSize' on type 'Actor'."
    assert "data" not in answer.json()


@pytest.mark.parametrize("headers", [{}, {"API-Key": ""}])
def test_without_a_key_there_is_no_answer(running: Any, headers: dict[str, str]) -> None:
    answer = httpx.post(
        f"{running.endpoints.newrelic}/graphql", headers=headers, json={"query": "{ actor { __typename } }"}
    )
    assert answer.status_code == 401
    assert answer.json()["errors"][0]["message"] == "An API key is required."


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"variables": {}}'])
def test_a_body_without_a_query_is_refused(running: Any, content: bytes) -> None:
    assert running.newrelic.post("/graphql", content=content).status_code == 400
