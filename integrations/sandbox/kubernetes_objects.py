"""How the simulated cluster's objects look, after the API reference's Deployment, ReplicaSet, Pod and Event.

https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/. What only the simulation needs to remember of
an object stands in its field "sandbox", which `shown` takes out.
"""

from __future__ import annotations

import copy
import hashlib
import json
import uuid
from datetime import datetime
from typing import Any

from integrations.sandbox.world import World

Body = dict[str, Any]

_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
"""What Kubernetes makes names of: nothing that could spell a word or be misread."""


def stamp(moment: datetime) -> str:
    """A moment as Kubernetes writes it: UTC, whole seconds."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def shown(body: Body) -> Body:
    """The object as clients see it."""
    return {key: value for key, value in body.items() if key != "sandbox"}


def key_of(body: Body) -> str:
    """Under which the world keeps it: "production/web-app", or the name alone where there is no namespace."""
    metadata = body["metadata"]
    return f"{metadata['namespace']}/{metadata['name']}" if "namespace" in metadata else str(metadata["name"])


def store(world: World, body: Body) -> None:
    """Write the object with the next resource version."""
    with world.transaction():
        body["metadata"]["resourceVersion"] = str(world.revision + 1)
        world.put(f"kubernetes/{body['kind'].lower()}", key_of(body), body)


def remove(world: World, body: Body) -> None:
    """Delete the object."""
    world.delete(f"kubernetes/{body['kind'].lower()}", key_of(body))


def namespace(world: World, name: str, at: datetime) -> Body:
    """A namespace that is in use."""
    metadata: Body = {"name": name, "uid": uid(world), "creationTimestamp": stamp(at)}
    metadata["labels"] = {"kubernetes.io/metadata.name": name}
    spec, status = {"finalizers": ["kubernetes"]}, {"phase": "Active"}
    return {"kind": "Namespace", "apiVersion": "v1", "metadata": metadata, "spec": spec, "status": status}


def deployment(world: World, wanted: Body, at: datetime) -> Body:
    """A deployment as company.yaml describes it: name, namespace, replicas, image, cpu, memory, port."""
    name, labels = wanted["name"], {"app": wanted["name"]}
    limits = {"cpu": str(wanted.get("cpu", "500m")), "memory": str(wanted.get("memory", "512Mi"))}
    container = {
        "name": name,
        "image": wanted.get("image", f"registry.example.com/{name}:1.0.0"),
        "ports": [{"containerPort": int(wanted.get("port", 8080)), "protocol": "TCP"}],
        "resources": {"limits": limits, "requests": dict(limits)},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": "IfNotPresent",
    }
    pod: Body = {"containers": [container], "restartPolicy": "Always", "terminationGracePeriodSeconds": 30}
    pod |= {"dnsPolicy": "ClusterFirst", "securityContext": {}, "schedulerName": "default-scheduler"}
    return {
        "kind": "Deployment",
        "apiVersion": "apps/v1",
        "metadata": {
            "name": name,
            "namespace": wanted["namespace"],
            "uid": uid(world),
            "generation": 1,
            "creationTimestamp": stamp(at),
            "labels": dict(labels),
            "annotations": {},
        },
        "spec": {
            "replicas": int(wanted.get("replicas", 1)),
            "selector": {"matchLabels": dict(labels)},
            "template": {"metadata": {"creationTimestamp": None, "labels": dict(labels)}, "spec": pod},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}},
            "revisionHistoryLimit": 10,
            "progressDeadlineSeconds": 600,
        },
        "status": {},
    }


def replica_set(world: World, owner: Body, revision: int, at: datetime) -> Body:
    """The replica set of a deployment's present template."""
    code = template_hash(owner)
    name, spec = f"{owner['metadata']['name']}-{code}", owner["spec"]
    template = copy.deepcopy(spec["template"])
    template["metadata"]["labels"] = {**template["metadata"].get("labels", {}), "pod-template-hash": code}
    selector = {"matchLabels": {**spec["selector"]["matchLabels"], "pod-template-hash": code}}
    metadata = owned(world, owner, name, at)
    metadata |= {"generation": 1, "labels": dict(template["metadata"]["labels"])}
    metadata["annotations"] = {"deployment.kubernetes.io/revision": str(revision)}
    return {
        "kind": "ReplicaSet",
        "apiVersion": "apps/v1",
        "metadata": metadata,
        "spec": {"replicas": 0, "selector": selector, "template": template},
        "status": {"replicas": 0, "observedGeneration": 1},
    }


def template_hash(owner: Body) -> str:
    """The name of a deployment's present template: the same template, the same name."""
    text = json.dumps(owner["spec"]["template"], sort_keys=True)
    return letters(hashlib.sha256(text.encode()).digest()[:10])


def event(world: World, about: Body, reason: str, message: str, at: datetime, source: str, type_: str) -> Body:
    """An event about an object; `type_` is Normal or Warning."""
    metadata, number = about["metadata"], world.next_number("kubernetes/event", 1)
    named = {"kind": about["kind"], "namespace": metadata["namespace"], "name": metadata["name"]}
    named |= {"uid": metadata["uid"], "apiVersion": about["apiVersion"]}
    named["resourceVersion"] = metadata.get("resourceVersion", "")
    return {
        "kind": "Event",
        "apiVersion": "v1",
        "metadata": {
            "name": f"{metadata['name']}.{int(at.timestamp() * 1_000_000_000) + number:016x}",
            "namespace": metadata["namespace"],
            "uid": uid(world),
            "creationTimestamp": stamp(at),
        },
        "involvedObject": named,
        "reason": reason,
        "message": message,
        "source": {"component": source},
        "firstTimestamp": stamp(at),
        "lastTimestamp": stamp(at),
        "count": 1,
        "type": type_,
        "eventTime": None,
        "reportingComponent": source,
        "reportingInstance": "",
    }


def uid(world: World) -> str:
    """A new object's identity: the same in every sandbox that did the same things."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"kubernetes/{world.next_number('kubernetes/uid', 1)}"))


def letters(digest: bytes) -> str:
    """The end of a name, one letter for each byte."""
    return "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest)


def owned(world: World, owner: Body, name: str, at: datetime) -> Body:
    """The metadata of an object that a controller made for `owner`."""
    reference = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": owner["metadata"]["name"]}
    reference |= {"uid": owner["metadata"]["uid"], "controller": True, "blockOwnerDeletion": True}
    metadata = {"name": name, "namespace": owner["metadata"]["namespace"], "uid": uid(world)}
    return {**metadata, "creationTimestamp": stamp(at), "ownerReferences": [reference]}
