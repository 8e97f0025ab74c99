"""Lists as tables, the way `kubectl get` asks for them.

https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables; the columns are those of the
API server, so that kubectl's output looks as it does elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from integrations.sandbox.kubernetes_objects import Body, shown
from integrations.sandbox.kubernetes_pods import is_ready
from integrations.sandbox.kubernetes_resources import Resource

Cells = list[Any]

_COLUMNS: dict[str, tuple[str, ...]] = {
    "Namespace": ("Name", "Status", "Age"),
    "Deployment": ("Name", "Ready", "Up-to-date", "Available", "Age", "*Containers", "*Images", "*Selector"),
    "ReplicaSet": ("Name", "Desired", "Current", "Ready", "Age", "*Containers", "*Images", "*Selector"),
    "Pod": ("Name", "Ready", "Status", "Restarts", "Age", "*IP", "*Node", "*Nominated Node", "*Readiness Gates"),
    "Event": (
        "Last Seen",
        "Type",
        "Reason",
        "Object",
        "*Subobject",
        "*Source",
        "Message",
        "*First Seen",
        "*Count",
        "*Name",
    ),
}
"""A star marks what only `-o wide` shows."""

_INTEGERS = {"Desired", "Current", "Up-to-date", "Available", "Count"}


def table(resource: Resource, bodies: list[Body], metadata: Body, now: datetime, include: str, titled: bool) -> Body:
    """The objects as a Table.

    Args:
        resource: what kind of object they are.
        bodies: the objects.
        metadata: the list's own.
        now: what ages are counted to.
        include: the object that comes with each row: "None", "Metadata" or "Object".
        titled: whether the columns are described; only the first table of a watch does that.
    """
    columns = [_column(name) for name in _COLUMNS[resource.kind]]
    rows = [_row(_CELLS[resource.kind](each, now), each, include) for each in bodies]
    head = {"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata}
    return head | {"columnDefinitions": columns if titled else None, "rows": rows}


def age(since: str | None, now: datetime) -> str:
    """How long ago, in kubectl's short form: 90s, 5m10s, 3h, 2d4h, 41d."""
    if since is None:
        return "<unknown>"
    seconds = int((now - datetime.strptime(since, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)).total_seconds())
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if seconds < 120:
        return f"{max(0, seconds)}s"
    if minutes < 10:
        return _two(minutes, "m", seconds % 60, "s")
    if hours < 3:
        return f"{minutes}m"
    if hours < 8:
        return _two(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    if days < 8:
        return _two(days, "d", hours % 24, "h")
    return f"{days}d" if days < 730 else _two(days // 365, "y", days % 365, "d")


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large}{large_unit}" + (f"{small}{small_unit}" if small else "")


def _column(name: str) -> Body:
    wide, name = name.startswith("*"), name.lstrip("*")
    type_ = "integer" if name in _INTEGERS else "string"
    format_ = "name" if name == "Name" else ""
    return {"name": name, "type": type_, "format": format_, "description": name, "priority": int(wide)}


def _row(cells: Cells, body: Body, include: str) -> Body:
    row: Body = {"cells": cells}
    if include == "Object":
        row["object"] = shown(body)
    elif include != "None":
        partial = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1"}
        row["object"] = {**partial, "metadata": body["metadata"]}
    return row


def _namespace(body: Body, now: datetime) -> Cells:
    return [body["metadata"]["name"], body["status"]["phase"], age(body["metadata"]["creationTimestamp"], now)]


def _deployment(body: Body, now: datetime) -> Cells:
    status = body["status"]
    ready = f"{status.get('readyReplicas', 0)}/{body['spec']['replicas']}"
    counts = [status.get("updatedReplicas", 0), status.get("availableReplicas", 0)]
    return [body["metadata"]["name"], ready, *counts, age(body["metadata"]["creationTimestamp"], now), *_made_of(body)]


def _replica_set(body: Body, now: datetime) -> Cells:
    status = body["status"]
    counts = [body["spec"]["replicas"], status.get("replicas", 0), status.get("readyReplicas", 0)]
    return [body["metadata"]["name"], *counts, age(body["metadata"]["creationTimestamp"], now), *_made_of(body)]


def _made_of(body: Body) -> Cells:
    containers = body["spec"]["template"]["spec"]["containers"]
    labels = body["spec"]["selector"].get("matchLabels", {})
    names, images = (",".join(each[key] for each in containers) for key in ("name", "image"))
    return [names, images, ",".join(f"{key}={value}" for key, value in sorted(labels.items()))]


def _pod(body: Body, now: datetime) -> Cells:
    containers = body["status"]["containerStatuses"]
    waiting = (each["state"]["waiting"]["reason"] for each in containers if "waiting" in each["state"])
    status = next(waiting, body["status"]["phase"])
    ready = f"{len(containers) if is_ready(body) else 0}/{len(containers)}"
    restarts = str(sum(each["restartCount"] for each in containers))
    where = [body["status"].get("podIP", "<none>"), body["spec"].get("nodeName", "<none>"), "<none>", "<none>"]
    return [body["metadata"]["name"], ready, status, restarts, age(body["metadata"]["creationTimestamp"], now), *where]


def _event(body: Body, now: datetime) -> Cells:
    about = body["involvedObject"]
    object_ = f"{about['kind'].lower()}/{about['name']}"
    first = [age(body["lastTimestamp"], now), body["type"], body["reason"], object_, ""]
    then = [body["source"]["component"], body["message"], age(body["firstTimestamp"], now), body["count"]]
    return [*first, *then, body["metadata"]["name"]]


_CELLS: dict[str, Callable[[Body, datetime], Cells]] = {
    "Namespace": _namespace,
    "Deployment": _deployment,
    "ReplicaSet": _replica_set,
    "Pod": _pod,
    "Event": _event,
}
