"""The life of a simulated pod: its containers are created, then it is ready, or it crashes again and again.

Phases, conditions and container states as in https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/.
"""

from __future__ import annotations

import copy
import hashlib
from datetime import datetime
from typing import Any

from integrations.sandbox.kubernetes_objects import Body, letters, owned, stamp
from integrations.sandbox.world import World

NODES = ("worker-1", "worker-2", "worker-3")


def pod(world: World, owner: Body, at: datetime, ready_at: datetime) -> Body:
    """A pod of a replica set: on its node since `at`, its containers being created until `ready_at`."""
    number = world.next_number("kubernetes/pod", 1)
    name = f"{owner['metadata']['name']}-{letters(hashlib.sha256(str(number).encode()).digest()[:5])}"
    metadata = owned(world, owner, name, at)
    metadata |= {"generateName": f"{owner['metadata']['name']}-", "labels": dict(owner["metadata"]["labels"])}
    spec = {**copy.deepcopy(owner["spec"]["template"]["spec"]), "nodeName": NODES[number % len(NODES)]}
    conditions = [
        _condition("Initialized", "True", at),
        _condition("Ready", "False", at, "ContainersNotReady"),
        _condition("ContainersReady", "False", at, "ContainersNotReady"),
        _condition("PodScheduled", "True", at),
    ]
    status: Body = {"phase": "Pending", "conditions": conditions, "hostIP": f"10.0.0.{10 + number % len(NODES)}"}
    status |= {"startTime": stamp(at), "qosClass": "Guaranteed"}
    body = {"kind": "Pod", "apiVersion": "v1", "metadata": metadata, "spec": spec, "status": status}
    body["sandbox"] = {"number": number, "readyAt": ready_at.isoformat(), "restarts": 0}
    _set_containers(body, {"waiting": {"reason": "ContainerCreating"}})
    return body


def due(body: Body) -> datetime | None:
    """When the pod's containers start; None when they have."""
    settled = is_ready(body) or is_crashing(body)
    return None if settled else datetime.fromisoformat(body["sandbox"]["readyAt"])


def is_ready(body: Body) -> bool:
    """Whether the pod serves."""
    return any(each["type"] == "Ready" and each["status"] == "True" for each in body["status"]["conditions"])


def is_crashing(body: Body) -> bool:
    """Whether the pod's containers end as soon as they start."""
    return bool(body["sandbox"]["restarts"])


def make_ready(body: Body, at: datetime) -> None:
    """Let the pod run and serve."""
    for each in body["status"]["conditions"]:
        if each["status"] == "False":
            each.pop("reason", None)
            each |= {"status": "True", "lastTransitionTime": stamp(at)}
    _run(body)
    body["sandbox"]["restarts"] = 0
    _set_containers(body, {"running": {"startedAt": stamp(at)}})


def make_crash(body: Body) -> None:
    """Let the pod's containers end with an error and wait to be started again."""
    _run(body)
    body["sandbox"]["restarts"] += 1
    _set_containers(
        body, {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s restarting failed container"}}
    )


def _run(body: Body) -> None:
    number = body["sandbox"]["number"]
    address = f"10.42.{number // 250 % 250}.{number % 250 + 2}"
    body["status"] |= {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}]}


def _set_containers(body: Body, state: dict[str, Any]) -> None:
    running, restarts = "running" in state, body["sandbox"]["restarts"]
    last = {"terminated": {"exitCode": 1, "reason": "Error"}} if restarts else {}
    body["status"]["containerStatuses"] = [
        {
            "name": each["name"],
            "image": each["image"],
            "imageID": f"{each['image']}@sha256:{hashlib.sha256(each['image'].encode()).hexdigest()}"
            if running
            else "",
            "ready": running,
            "started": running,
            "restartCount": restarts,
            "state": state,
            "lastState": last,
        }
        for each in body["spec"]["containers"]
    ]


def _condition(type_: str, status: str, at: datetime, reason: str = "") -> Body:
    condition = {"type": type_, "status": status, "lastProbeTime": None, "lastTransitionTime": stamp(at)}
    return condition | ({"reason": reason} if reason else {})
