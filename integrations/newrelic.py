"""New Relic: what runs, how hard it works and how well. NerdGraph (GraphQL), NRQL inside it.

Written from "Introduction to New Relic NerdGraph", "NRQL syntax", "Kubernetes integration: data" and "Change tracking"
(docs.newrelic.com).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

import httpx

from integrations.http import BadAnswer, Http, NotAllowed, SignInFailed, Words, answer, in_a_line, unreachable
from policies.action import (
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
from policies.outside import attributed, boxed

Value: TypeAlias = bool | int | float | Outside[Json] | None
"""What stands in a row: numbers as they are, every text and whatever holds some boxed."""
COLUMN = re.compile(r"[A-Za-z][\w.]{0,79}", re.ASCII)
"""What a column may be called that the query does not name itself; the name of any other comes from the data."""
ID = re.compile(r"[\w|+/=.-]{1,200}", re.ASCII)

ROWS = """
query ($account: Int!, $query: Nrql!) {
  actor { account(id: $account) { nrql(query: $query, timeout: 20) { results } } }
}
"""
ENTITIES = """
query ($search: String!) {
  actor { entitySearch(query: $search) { results { entities { guid name } } } }
}
"""
DEPLOYED = """
mutation ($deployment: ChangeTrackingDeploymentInput!) {
  changeTrackingCreateDeployment(deployment: $deployment) { deploymentId entityGuid }
}
"""
PASSING = ("TOO_MANY_REQUESTS", "TIMEOUT", "SERVER_ERROR", "SERVICE_UNAVAILABLE")
"""Classes of NerdGraph errors after which nothing is known and another try may work."""


@dataclass(frozen=True)
class Usage:
    """What a deployment's pods use, averaged over the time asked for."""

    deployment: str
    namespace: str
    cpu_percent: float | None
    """Average use of the processor in percent of what a pod may use; None when New Relic has no data."""
    memory_bytes: float | None
    """Average memory in bytes; None when New Relic has no data."""
    pods: int
    """How many pods reported."""
    minutes: int
    summary: str
    """One sentence for a person."""


@dataclass(frozen=True)
class Health:
    """How a service has been doing."""

    service: str
    environment: str
    healthy: bool
    """False too when nothing was reported: silence is not health."""
    error_percent: float
    throughput: float
    """Requests a minute."""
    summary: str
    """One sentence for a person."""

    def __str__(self) -> str:
        return self.summary


@dataclass(frozen=True)
class Marked:
    """A deployment that stands in New Relic's charts."""

    id: str
    entity: str
    """The guid of the entity it is attached to."""


class QueryFailed(IntegrationError):
    """New Relic did not answer a query; the message says why."""

    def __init__(self, why: Words, query: str) -> None:
        super().__init__(why, query)
        self.why, self.query = boxed(why), query

    def _parts(self) -> tuple[object, ...]:
        return ("New Relic did not answer: ", self.why, f". Try the query in its query builder: {self.query}")


class NoSuchEntity(IntegrationError):
    """New Relic knows no application of that name."""

    def __init__(self, service: str) -> None:
        super().__init__(service)
        self.service = service

    def __str__(self) -> str:
        return f"New Relic has no application named {self.service!r}. Check the name its agent reports under."


class NewRelic:
    """One New Relic account."""

    def __init__(
        self,
        api_key: str,
        account: int,
        *,
        url: str = "https://api.newrelic.com",
        errors_below: float = 5.0,
        environment_attribute: str = "environment",
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Remember the account; nothing is sent yet.

        Args:
            api_key: a user key ("NRAK-...").
            account: the account's number.
            url: NerdGraph's host (https://api.eu.newrelic.com in Europe), without `/graphql`.
            errors_below: a service is healthy while fewer than this percentage of its requests fail.
            environment_attribute: the attribute of a transaction that holds its environment.
            transport: what carries the requests; None for the network.
        """
        self._account = account
        self._errors_below = errors_below
        self._environment = environment_attribute
        self._key = api_key
        self._http = Http("New Relic", url, headers={"API-Key": api_key}, secrets=(api_key,), transport=transport)

    @action(Effect.READ)
    async def usage(self, deployment: str, namespace: str, minutes: int = 5) -> Usage:
        """Processor and memory that the deployment's pods use.

        Raises:
            QueryFailed: New Relic refused the query.
        """
        where = f"WHERE deploymentName = {quoted(deployment)} AND namespaceName = {quoted(namespace)}"
        since = f"SINCE {int(minutes)} minutes ago"
        select = "SELECT average(cpuPercent), average(memoryUsageBytes), uniqueCount(podName) FROM K8sPodSample"
        row = await self._row(f"{select} {where} {since}")
        cpu, memory = row.get("average.cpuPercent"), row.get("average.memoryUsageBytes")
        if cpu is None and memory is None:
            # The agents of today report use per container and leave the pods' own samples without it.
            select = "SELECT average(cpuCoresUtilization), average(memoryUsedBytes), uniqueCount(podName)"
            row = await self._row(f"{select} FROM K8sContainerSample {where} {since}")
            cpu, memory = row.get("average.cpuCoresUtilization"), row.get("average.memoryUsedBytes")
        pods = int(_number(row.get("uniqueCount.podName")) or 0)
        cpu, memory = _number(cpu), _number(memory)
        return Usage(deployment, namespace, cpu, memory, pods, minutes, _usage_summary(cpu, memory, pods, minutes))

    @action(Effect.READ)
    async def health(self, service: str, environment: str, minutes: int = 15) -> Health:
        """Errors and throughput of a service.

        Raises:
            QueryFailed: New Relic refused the query.
        """
        row = await self._row(
            "SELECT count(*), percentage(count(*), WHERE error IS true), average(duration) FROM Transaction "
            f"WHERE appName = {quoted(service)} AND {self._environment} = {quoted(environment)} "
            f"SINCE {int(minutes)} minutes ago"
        )
        count = _number(row.get("count")) or 0.0
        errors = _number(row.get("percentage")) or 0.0
        where = f"{service} in {environment}"
        if count == 0:
            summary = f"New Relic has seen no requests to {where} in the last {minutes} minutes"
            return Health(service, environment, False, 0.0, 0.0, summary)
        healthy = errors < self._errors_below
        summary = (
            f"{where} is {'healthy' if healthy else 'not healthy'}: {errors:.1f} % of {count:.0f} requests failed in "
            f"the last {minutes} minutes, {(_number(row.get('average.duration')) or 0.0) * 1000:.0f} ms on average"
        )
        return Health(service, environment, healthy, errors, count / minutes, summary)

    @action(Effect.READ)
    async def nrql(self, query: str) -> list[dict[str, Value]]:
        """The rows of one NRQL query, without columns whose names the data itself made up.

        Raises:
            QueryFailed: New Relic refused it.
        """
        return [
            {name: _value(value) for name, value in row.items() if COLUMN.fullmatch(name) or name in query}
            for row in await self._rows(query)
        ]

    @action(Effect.CHANGE)
    async def record_deployment(self, service: str, environment: str, version: str, note: Content) -> Marked:
        """Mark a deployment in the charts of the service (change tracking).

        Raises:
            NoSuchEntity: no application of that name reports.
        """
        search = f"name = {quoted(service)} AND domain = 'APM' AND type = 'APPLICATION'"
        found = await self._ask(ENTITIES, {"search": search}, search)
        entities = self._given(found, "actor", "entitySearch", "results", "entities")
        if not isinstance(entities, list):
            raise self._another("entities that are no list")
        if not entities:
            raise NoSuchEntity(service)
        guid = self._id(self._given(entities[0], "guid"))
        deployment = {
            "entityGuid": guid,
            "version": version,
            "description": f"{environment}: {wire(note)}",
            "groupId": idempotency_key(),
        }
        made = await self._ask(DEPLOYED, {"deployment": deployment}, "changeTrackingCreateDeployment")
        mark = self._given(made, "changeTrackingCreateDeployment", "deploymentId")
        return Marked(self._id(mark), guid)

    @record_deployment.target
    def _record_target(self, service: str, environment: str, version: str, note: Content) -> Target:
        return Target(f"{service}@{environment}", "none")

    @record_deployment.preview
    async def _record_preview(self, service: str, environment: str, version: str, note: Content) -> Preview:
        what = f"Mark the deployment of {service} {version} to {environment} in New Relic's charts"
        return Preview(what, evidence=attributed(note))

    @record_deployment.lookup
    async def _record_lookup(self, service: str, environment: str, version: str, note: Content) -> Found[Marked] | None:
        rows = await self._rows(
            "SELECT latest(deploymentId), latest(entity.guid) FROM Deployment "
            f"WHERE groupId = {quoted(idempotency_key())} SINCE 1 day ago"
        )
        mark = rows[0].get("latest.deploymentId") if rows else None
        return Found(Marked(self._id(mark), self._id(rows[0].get("latest.entity.guid") or "-"))) if mark else None

    def _id(self, given: Json) -> str:
        """An id that New Relic gave, and nothing else."""
        if not isinstance(given, str) or not ID.fullmatch(given):
            raise self._another("something whose id is none")
        return given

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _row(self, query: str) -> dict[str, Json]:
        rows = await self._rows(query)
        return rows[0] if rows else {}

    async def _rows(self, query: str) -> list[dict[str, Json]]:
        data = await self._ask(ROWS, {"account": self._account, "query": query}, query)
        answered = self._within(data, "actor", "account", "nrql")
        if answered is None:
            raise NotAllowed("New Relic", f"the key sees nothing in account {self._account}")
        rows = self._within(answered, "results") or []
        if not isinstance(rows, list):
            raise self._another("results that are no list")
        return [row for row in rows if isinstance(row, dict)]

    def _within(self, data: Json, *names: str) -> Json:
        """What an answer says in the field that these names lead to; None where one of them holds nothing.

        Raises:
            BadAnswer: one of the fields that were asked for is not there at all.
        """
        for name in names:
            if data is None:
                return None
            if not isinstance(data, dict) or name not in data:
                raise self._another(f"JSON without {name}")
            data = data[name]
        return data

    def _given(self, data: Json, *names: str) -> Json:
        """The same of a field that New Relic fills whenever it did what it was asked.

        Raises:
            BadAnswer: one of the fields that were asked for is not there at all.
            Unreachable: one of them holds nothing, so that it is not known what New Relic did.
        """
        found = self._within(data, *names)
        if found is None:
            raise unreachable("New Relic", self._http.host, f"it left {names[-1]} empty and did not say why")
        return found

    def _another(self, detail: str) -> BadAnswer:
        return BadAnswer("New Relic", self._http.host, detail)

    async def _ask(self, document: str, variables: dict[str, Json], query: str) -> dict[str, Json]:
        """Send one GraphQL document; an answer with errors is an error, whatever its HTTP status and its data."""
        came = await self._http.post("/graphql", {"query": document, "variables": variables})
        if not isinstance(came, dict) or not (came.get("data") or came.get("errors")):
            raise self._another("JSON of another kind")
        if errors := came.get("errors"):
            if not isinstance(errors, list) or not all(isinstance(each, dict) for each in errors):
                raise self._another("errors of another kind")
            said = in_a_line("; ".join(str(each.get("message")) for each in errors), (self._key,))
            classes = {str((each.get("extensions") or {}).get("errorClass")) for each in errors}
            if classes & set(PASSING):
                raise unreachable("New Relic", self._http.host, answer("New Relic", said))
            if "UNAUTHORIZED" in classes or "UNAUTHENTICATED" in classes:
                raise SignInFailed("New Relic", self._http.host)
            raise QueryFailed(answer("New Relic", said), query)
        if not isinstance(came["data"], dict):
            raise self._another("data of another kind")
        return came["data"]


def quoted(value: str) -> str:
    """A value as an NRQL string: nothing in it can end the string or begin another clause."""
    inner = "".join(character for character in value if character.isprintable())
    return "'" + inner.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _number(value: Json) -> float | None:
    """A number; what is none where one should be counts as not known."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _value(value: Json) -> Value:
    return value if value is None or isinstance(value, bool | int | float) else Outside(value, "newrelic query result")


def _usage_summary(cpu: float | None, memory: float | None, pods: int, minutes: int) -> str:
    if not pods or cpu is None or memory is None:
        return f"New Relic has no processor and memory data of the last {minutes} minutes yet"
    each = "the one pod uses" if pods == 1 else f"each of {pods} pods uses"
    return f"Over {minutes} minutes {each} {cpu:.1f} % of a processor and {memory / 2**20:.0f} MiB on average"
