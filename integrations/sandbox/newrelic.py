"""New Relic, simulated: NerdGraph with NRQL, entity search and change tracking.

https://docs.newrelic.com/docs/apis/nerdgraph/get-started/introduction-new-relic-nerdgraph/ and its tutorials on NRQL,
entities and change tracking. The schema here is a part of the official one, under the same names. Every API key and
every account number is taken; a request without a key is refused.
"""

from __future__ import annotations

import base64
from functools import cache
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from integrations.sandbox import newrelic_data, nrql
from integrations.sandbox.ages import ago
from integrations.sandbox.auth import stable_id
from integrations.sandbox.newrelic_data import DEPLOYMENT, SERVICE
from integrations.sandbox.newrelic_schema import SCHEMA
from integrations.sandbox.world import World

if TYPE_CHECKING:
    from graphql import GraphQLSchema

_ACCOUNT = "newrelic/account"


class Refused(Exception):
    """NerdGraph's refusal of one field, with its error class."""

    def __init__(self, message: str, error_class: str) -> None:
        super().__init__(message)
        self.extensions = {"errorClass": error_class}


def app(world: World) -> Starlette:
    """NerdGraph's one endpoint."""

    async def nerdgraph(request: Request) -> Response:
        if not (request.headers.get("api-key") or "").strip():
            error = {"message": "An API key is required.", "extensions": {"errorClass": "UNAUTHORIZED"}}
            return JSONResponse({"errors": [error]}, 401)
        try:
            asked = await request.json()
            query, variables = str(asked["query"]), asked.get("variables")
        except (ValueError, KeyError, TypeError, AttributeError):
            return JSONResponse({"errors": [{"message": "The request body must be JSON with a `query`."}]}, 400)
        return JSONResponse(await run_in_threadpool(_executed, world, query, variables))

    return Starlette(routes=[Route("/graphql", nerdgraph, methods=["POST"])])


def seed(world: World, company: dict[str, Any]) -> None:
    """Put the company's account, services and last deployments into an empty world."""
    account = company["newrelic"]["account"]
    world.put(_ACCOUNT, "account", account)
    resources = {each["name"]: each for each in company["kubernetes"]["deployments"]}
    for number, (name, service) in enumerate(company["services"].items(), start=812001):
        guid = base64.b64encode(f"{account['id']}|APM|APPLICATION|{number}".encode()).decode().rstrip("=")
        facts = {
            "name": name,
            "guid": guid,
            "application": number,
            "cluster": company["newrelic"]["cluster"],
            "requests": service["requests"],
            "cores": service["cores"],
            "cpu": int(resources[name]["cpu"].removesuffix("m")) / 1000,
            "memory": _bytes(resources[name]["memory"]),
            "tags": {"environment": company["newrelic"]["environments"], "team": [service["team"]]},
        }
        world.put(SERVICE, name, facts)
        deployed = int(ago(world.now(), "1w 2d").timestamp() * 1000) + number
        _mark(world, facts, {"version": service["version"], "timestamp": deployed, "user": "dana.whitfield"})


def summary(world: World) -> dict[str, Any]:
    """Every service's throughput and errors by environment, and the deployments that were marked."""
    services, deployments = {}, newrelic_data.deployments(world)
    for name, service in world.all(SERVICE).items():
        for environment in service["tags"]["environment"]:
            requests, failing = newrelic_data.health(world, deployments, environment, name)
            services[f"{environment}/{name}"] = {"requests_per_minute": round(requests), "error_percent": 100 * failing}
    shown = ("name", "version", "user", "description", "groupId")
    marks = sorted(world.all(DEPLOYMENT).values(), key=lambda mark: int(mark["timestamp"]))
    return {"services": services, "deployments": [{key: mark.get(key) for key in shown} for mark in marks]}


def _executed(world: World, query: str, variables: Any) -> dict[str, Any]:
    from graphql import graphql_sync  # 0.3 s, which only the first question should cost

    result = graphql_sync(_schema(), query, _root(world), variable_values=variables)
    answer: dict[str, Any] = {}
    if result.errors:
        answer["errors"] = [dict(error.formatted) for error in result.errors]
    if result.data is not None or not result.errors:
        answer["data"] = result.data
    return answer


@cache
def _schema() -> GraphQLSchema:
    from graphql import build_schema

    return build_schema(SCHEMA)


def _root(world: World) -> dict[str, Any]:
    return {"actor": _Actor(world), "changeTrackingCreateDeployment": _Marker(world)}


class _Marker:
    def __init__(self, world: World) -> None:
        self.world = world

    def __call__(self, info: Any, deployment: dict[str, Any], **rules: Any) -> dict[str, Any]:
        service = _by_guid(self.world, deployment["entityGuid"])
        if service is None:
            raise Refused(f"Entity {deployment['entityGuid']} was not found.", "NOT_FOUND")
        return _mark(self.world, service, deployment)


class _Actor:
    def __init__(self, world: World) -> None:
        self.world = world

    def user(self, info: Any) -> dict[str, Any]:
        return {"id": 1008611, "name": "DevOS Automation", "email": "devos.automation@larkfield.example"}

    def accounts(self, info: Any) -> list[dict[str, Any]]:
        return list(self.world.all(_ACCOUNT).values())

    def account(self, info: Any, id: int) -> _Account:  # noqa: A002 -- the schema's name
        return _Account(self.world, id)

    def entity(self, info: Any, guid: str) -> dict[str, Any] | None:
        service = _by_guid(self.world, guid)
        return None if service is None else {**_entity(self.world, service), "__typename": "ApmApplicationEntity"}

    def entities(self, info: Any, guids: list[str]) -> list[dict[str, Any]]:
        services = [_by_guid(self.world, guid) for guid in guids]
        found = [_entity(self.world, service) for service in services if service is not None]
        return [{**entity, "__typename": "ApmApplicationEntity"} for entity in found]

    def entitySearch(self, info: Any, query: str = "") -> dict[str, Any]:
        try:
            test = nrql.condition(query) if query else lambda row: True
        except nrql.BadQuery as error:
            raise Refused(f"Invalid entity search query. {error}", "BAD_USER_INPUT") from error
        entities = [_entity(self.world, service) for service in self.world.all(SERVICE).values()]
        found = [entity for entity in entities if test(_searchable(entity))]
        return {"count": len(found), "query": query, "results": {"entities": found, "nextCursor": None}}


class _Account:
    def __init__(self, world: World, number: int) -> None:
        self.world = world
        self.id = number

    def name(self, info: Any) -> str:
        return str(self.world.all(_ACCOUNT)["account"]["name"])

    def nrql(self, info: Any, query: str, **options: Any) -> dict[str, Any]:
        try:
            parsed = nrql.parse(query)
        except nrql.BadQuery as error:
            raise Refused(str(error), "INVALID_INPUT") from error
        now = self.world.now()
        window = {
            "begin": int((now.timestamp() - parsed.since) * 1000),
            "end": int((now.timestamp() - parsed.until) * 1000),
        }
        return {
            "nrql": query,
            "results": parsed.run(newrelic_data.rows(self.world, parsed), now),
            "metadata": {"eventTypes": parsed.sources, "facets": parsed.facets, "messages": [], "timeWindow": window},
        }


def _mark(world: World, service: dict[str, Any], deployment: dict[str, Any]) -> dict[str, Any]:
    number = world.next_number(DEPLOYMENT, 1)
    mark = {
        "deploymentType": "BASIC",
        "timestamp": int(world.now().timestamp() * 1000),
        **deployment,
        "entityGuid": service["guid"],
        "name": service["name"],
        "deploymentId": stable_id(DEPLOYMENT, str(number)),
    }
    world.put(DEPLOYMENT, f"{number:08d}", mark)
    return mark


def _by_guid(world: World, guid: str) -> dict[str, Any] | None:
    return next((each for each in world.all(SERVICE).values() if each["guid"] == guid), None)


def _entity(world: World, service: dict[str, Any]) -> dict[str, Any]:
    running, name = newrelic_data.deployments(world), service["name"]
    states = [newrelic_data.health(world, running, each, name) for each in service["tags"]["environment"]]
    requests = sum(each[0] for each in states)
    failing = max(each[1] for each in states)
    account = world.all(_ACCOUNT)["account"]
    marks = [mark for mark in world.all(DEPLOYMENT).values() if mark["entityGuid"] == service["guid"]]
    newest = sorted(marks, key=lambda mark: -int(mark["timestamp"]))
    return {
        "__typename": "ApmApplicationEntityOutline",
        "guid": service["guid"],
        "name": service["name"],
        "accountId": account["id"],
        "account": account,
        "applicationId": service["application"],
        "domain": "APM",
        "type": "APPLICATION",
        "entityType": "APM_APPLICATION_ENTITY",
        "language": "python",
        "reporting": requests > 0,
        "alertSeverity": "CRITICAL" if failing > 0.05 else "NOT_ALERTING",
        "permalink": f"https://one.newrelic.com/redirect/entity/{service['guid']}",
        "tags": [{"key": key, "values": values} for key, values in service["tags"].items()],
        "apmSummary": {"throughput": requests, "errorRate": failing},
        "deploymentSearch": {"results": newest},
    }


def _searchable(entity: dict[str, Any]) -> dict[str, Any]:
    tags = {f"tags.{tag['key']}": value for tag in entity["tags"] for value in tag["values"]}
    return {**entity, **tags, "id": entity["guid"]}


def _bytes(text: str) -> int:
    return int(text[:-2]) * {"Mi": 2**20, "Gi": 2**30}[text[-2:]]
