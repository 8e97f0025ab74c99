"""What the deployment controller reports of a rollout: the numbers of a deployment's status and its conditions.

https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/deployment-v1/#DeploymentStatus
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

from integrations.sandbox.kubernetes_objects import Body, stamp
from integrations.sandbox.kubernetes_pods import is_ready

_COMPLETE = "NewReplicaSetAvailable"
_LATE = "ProgressDeadlineExceeded"


def allowance(body: Body) -> tuple[int, int]:
    """How many pods a rollout may have beyond the wanted number, and how many may be missing meanwhile."""
    desired, strategy = body["spec"]["replicas"], body["spec"]["strategy"]
    if strategy["type"] == "Recreate":
        return 0, desired
    rolling = strategy.get("rollingUpdate") or {}
    surge = math.ceil(_share(rolling.get("maxSurge", "25%"), desired))
    unavailable = math.floor(_share(rolling.get("maxUnavailable", "25%"), desired))
    return surge, min(desired, unavailable if surge or unavailable else 1)


def report(body: Body, newest: Body, pods: list[Body], updated: list[Body], at: datetime) -> None:
    """Write a deployment's status: `pods` are all it has, `updated` those of its newest replica set."""
    desired, before = body["spec"]["replicas"], body["status"]
    ready = sum(is_ready(each) for each in pods)
    numbers = {
        "observedGeneration": body["metadata"]["generation"],
        "replicas": len(pods),
        "updatedReplicas": len(updated),
        "readyReplicas": ready,
        "availableReplicas": ready,
        "unavailableReplicas": max(0, max(desired, len(pods)) - ready),
    }
    conditions = {each["type"]: each for each in before.get("conditions", [])}
    enough = ready >= desired - allowance(body)[1]
    if enough:
        _set(conditions, "Available", True, "MinimumReplicasAvailable", "Deployment has minimum availability.", at)
    else:
        message = "Deployment does not have minimum availability."
        _set(conditions, "Available", False, "MinimumReplicasUnavailable", message, at)
    _progress(conditions, numbers, body, newest["metadata"]["name"], at)
    body["status"] = {name: number for name, number in numbers.items() if number}
    body["status"]["conditions"] = list(conditions.values())


def progress_due(body: Body) -> datetime | None:
    """When the rollout is late if nothing more happens; None when none is going on or it is late already."""
    status, deadline = body["status"], body["spec"].get("progressDeadlineSeconds")
    for each in status.get("conditions", []):
        done = each["reason"] == _COMPLETE and status.get("replicas", 0) == status.get("updatedReplicas", 0)
        if each["type"] == "Progressing" and each["status"] == "True" and not done and deadline is not None:
            since = datetime.strptime(each["lastUpdateTime"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
            return since + timedelta(seconds=deadline)
    return None


def _progress(conditions: dict[str, Body], now: dict[str, int], body: Body, newest: str, at: datetime) -> None:
    before, desired = body["status"], body["spec"]["replicas"]
    was = conditions.get("Progressing")
    if was is None or newest not in was["message"]:
        _set(conditions, "Progressing", True, "NewReplicaSetCreated", f'Created new replica set "{newest}"', at)
        was = conditions["Progressing"]
    if was["reason"] == _COMPLETE and now["replicas"] == now["updatedReplicas"]:
        return  # only scaled since: the real controller does not estimate progress then
    complete = now["updatedReplicas"] == now["replicas"] == now["availableReplicas"] == desired
    old_now, old_before = (each.get("replicas", 0) - each.get("updatedReplicas", 0) for each in (now, before))
    more = any(now[name] > before.get(name, 0) for name in ("updatedReplicas", "readyReplicas"))
    due = progress_due(body)
    if complete:
        message = f'ReplicaSet "{newest}" has successfully progressed.'
        _set(conditions, "Progressing", True, _COMPLETE, message, at)
    elif more or old_now < old_before:
        message = f'ReplicaSet "{newest}" is progressing.'
        _set(conditions, "Progressing", True, "ReplicaSetUpdated", message, at, again=True)
    elif due is not None and at >= due:
        message = f'ReplicaSet "{newest}" has timed out progressing.'
        _set(conditions, "Progressing", False, _LATE, message, at)


def _share(value: int | str, whole: int) -> float:
    return int(value.rstrip("%")) * whole / 100 if isinstance(value, str) else value


def _set(
    conditions: dict[str, Body], type_: str, holds: bool, reason: str, message: str, at: datetime, again: bool = False
) -> None:
    """Set a condition, last in the order; `again` also moves the time of its last update where nothing else changed."""
    old, status = conditions.get(type_), "True" if holds else "False"
    if old is not None and (old["status"], old["reason"], old["message"]) == (status, reason, message) and not again:
        return
    changed = stamp(at) if old is None or old["status"] != status else old["lastTransitionTime"]
    conditions.pop(type_, None)
    conditions[type_] = {"type": type_, "status": status, "lastUpdateTime": stamp(at), "lastTransitionTime": changed}
    conditions[type_] |= {"reason": reason, "message": message}
