"""What the agents of the company's services would have sent to New Relic, made from the simulated cluster's state.

Events are made when somebody asks, as if the cluster had always been as it is now: each pod carries its share of work,
so processor use per pod falls as replicas rise; what fails is what settings or missing pods make fail. The attributes
are those of https://docs.newrelic.com/attribute-dictionary/ for K8sContainerSample, K8sPodSample, Transaction and
Deployment. The same moment always gives the same numbers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from integrations.sandbox import kubernetes
from integrations.sandbox.nrql_query import Query
from integrations.sandbox.world import World

SERVICE, DEPLOYMENT = "newrelic/service", "newrelic/deployment"

_STAGING_SHARE = 0.05
_REQUESTS = 200
"""How many rows stand for all transactions of one service in one environment."""

Rows = list[dict[str, Any]]
Deployments = dict[str, dict[str, Any]]


def rows(world: World, query: Query) -> Rows:
    """The events in the query's window; none for event types that nobody here sends."""
    now = world.now()
    begin, end = now - timedelta(seconds=query.since), now - timedelta(seconds=query.until)
    return [row for source in query.sources if source in _SOURCES for row in _SOURCES[source](world, begin, end)]


def deployments(world: World) -> Deployments:
    """The cluster's deployments as "environment/name", with `replicas` and `ready`."""
    found: Deployments = kubernetes.summary(world)["deployments"]
    return found


def health(world: World, running: Deployments, environment: str, name: str) -> tuple[float, float]:
    """Requests a minute to a service and the share of them that fails, 0 to 1."""
    deployment = running.get(f"{environment}/{name}")
    service = world.get(SERVICE, name)
    if deployment is None or service is None or deployment["ready"] == 0:
        return 0.0, 0.0
    requests = service["requests"] * (1.0 if environment == "production" else _STAGING_SHARE)
    if f"{environment}/{name}" in world.settings.unhealthy:
        return requests, 0.14
    if deployment["ready"] * 2 <= deployment["replicas"] and deployment["replicas"] > 1:
        return requests, 0.08
    return requests, 0.002


def _containers(world: World, begin: datetime, end: datetime) -> Rows:
    made = []
    for name, environment, pods, service in _running(world):
        used = service["cores"] * (1.0 if environment == "production" else _STAGING_SHARE) / pods
        cores, memory = service["cpu"], service["memory"]
        for moment in _moments(begin, end):
            for number in range(pods):
                noise = _noise(environment, name, number, moment)
                now = min(used * (1 + 0.06 * noise), cores * 0.98)
                taken = int(memory * (0.48 + 0.03 * noise + 0.25 * now / cores))
                made.append(
                    {
                        **_pod(service, name, environment, number, moment),
                        "containerName": name,
                        "status": "Running",
                        "cpuUsedCores": now,
                        "cpuRequestedCores": cores,
                        "cpuLimitCores": cores,
                        "cpuCoresUtilization": 100 * now / cores,
                        "requestedCpuCoresUtilization": 100 * now / cores,
                        "memoryUsedBytes": taken,
                        "memoryWorkingSetBytes": taken,
                        "memoryRequestedBytes": memory,
                        "memoryLimitBytes": memory,
                        "memoryUtilization": 100 * taken / memory,
                        "restartCount": 0,
                    }
                )
    return made


def _pods(world: World, begin: datetime, end: datetime) -> Rows:
    made = []
    for key, deployment in deployments(world).items():
        environment, _, name = key.partition("/")
        service = world.get(SERVICE, name)
        if service is None:
            continue
        for moment in _moments(begin, end):
            for number in range(deployment["replicas"]):
                ready = number < deployment["ready"]
                shown = {"status": "Running" if ready else "Pending", "isReady": int(ready), "isScheduled": 1}
                made.append({**_pod(service, name, environment, number, moment), **shown})
    return made


def _transactions(world: World, begin: datetime, end: datetime) -> Rows:
    made = []
    minutes = max(0.0, (end - begin).total_seconds() / 60)
    running = deployments(world)
    for name, environment, pods, service in _running(world):
        requests, failing = health(world, running, environment, name)
        total = round(requests * minutes)
        failed = round(total * failing)
        share = service["cores"] * (1.0 if environment == "production" else _STAGING_SHARE) / pods / service["cpu"]
        typical = 0.06 / (1 - 0.8 * min(share, 0.98))
        groups = ((total - failed, _REQUESTS, False, 1.0), (failed, _REQUESTS // 10, True, 9.0))
        for events, size, error, slowness in groups:
            for number in range(size if events > 0 else 0):
                place = (number + 0.5) / size
                moment = begin + (end - begin) * place
                made.append(
                    {
                        "timestamp": _milliseconds(moment),
                        "appName": name,
                        "environment": environment,
                        "entity.guid": service["guid"],
                        "host": f"{name}-{number % pods}",
                        "name": f"WebTransaction/Http/{name}",
                        "transactionType": "Web",
                        "duration": typical * slowness * (0.5 + 0.8 * place + 2.5 * _permuted(number, size) ** 6),
                        "error": error,
                        "httpResponseCode": "503" if error else "200",
                        "_weight": events / size,
                    }
                )
    return made


def _deployed(world: World, begin: datetime, end: datetime) -> Rows:
    first, last = _milliseconds(begin), _milliseconds(end)
    marks = []
    for mark in world.all(DEPLOYMENT).values():
        if first <= mark["timestamp"] <= last:
            names = {"entity.guid": mark["entityGuid"], "entity.name": mark["name"]}
            marks.append({**{key: value for key, value in mark.items() if value is not None}, **names})
    return marks


_SOURCES: Mapping[str, Callable[[World, datetime, datetime], Rows]] = {
    "K8sContainerSample": _containers,
    "K8sPodSample": _pods,
    "Transaction": _transactions,
    "Deployment": _deployed,
}


def _running(world: World) -> list[tuple[str, str, int, dict[str, Any]]]:
    """Service, environment, ready pods and the service's facts, for each deployment that runs."""
    found = []
    for key, deployment in deployments(world).items():
        environment, _, name = key.partition("/")
        service = world.get(SERVICE, name)
        if service is not None and deployment["ready"] > 0:
            found.append((name, environment, deployment["ready"], service))
    return found


def _pod(service: dict[str, Any], name: str, environment: str, number: int, moment: datetime) -> dict[str, Any]:
    digits = hashlib.sha256(f"{environment}/{name}/{number}".encode()).hexdigest()
    return {
        "timestamp": _milliseconds(moment),
        "clusterName": service["cluster"],
        "namespaceName": environment,
        "namespace": environment,
        "deploymentName": name,
        "podName": f"{name}-{digits[:9]}-{digits[9:14]}",
    }


def _moments(begin: datetime, end: datetime) -> list[datetime]:
    """When samples were taken: every 15 seconds, more rarely in a long window."""
    step = max(15.0, (end - begin).total_seconds() / 40)
    count = int((end - begin).total_seconds() / step)
    return [end - timedelta(seconds=step * number) for number in range(max(count, 1))]


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _noise(environment: str, name: str, number: int, moment: datetime) -> float:
    """A number from -1 to 1 that is always the same for the same pod and quarter minute."""
    seed = f"{environment}/{name}/{number}/{int(moment.timestamp() / 15)}"
    return int.from_bytes(hashlib.sha256(seed.encode()).digest()[:4], "big") / 2**31 - 1


def _permuted(number: int, size: int) -> float:
    """The numbers 0 to 1 in an order that has nothing to do with time."""
    return (number * 73 % size) / size
