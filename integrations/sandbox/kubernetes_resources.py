"""The kinds of object the simulated cluster has, and how it tells clients about them.

Discovery as in https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api, unaggregated.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

VERSION = {
    "major": "1",
    "minor": "32",
    "gitVersion": "v1.32.4",
    "gitCommit": "59526cd4867447956156ae3a602fcbac10a2c335",
    "gitTreeState": "clean",
    "buildDate": "2025-04-22T16:02:27Z",
    "goVersion": "go1.23.6",
    "compiler": "gc",
    "platform": "linux/amd64",
}


@dataclass(frozen=True)
class Resource:
    """One kind of object and where it lives in the API."""

    group: str
    """Empty for the core group."""
    name: str
    """As in the path: "deployments"."""
    kind: str
    verbs: tuple[str, ...]
    namespaced: bool = True
    short: tuple[str, ...] = ()
    all: bool = False
    """Whether `kubectl get all` shows it."""
    fields: tuple[str, ...] = ("metadata.name", "metadata.namespace")
    """What a field selector may name."""
    subresources: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    """By name: the group, version and kind they are read and written as."""

    @property
    def api_version(self) -> str:
        """As objects carry it: "apps/v1", or "v1"."""
        return f"{self.group}/v1" if self.group else "v1"

    @property
    def stored(self) -> str:
        """The kind under which the world keeps these objects."""
        return f"kubernetes/{self.kind.lower()}"


READ = ("get", "list", "watch")
NAMESPACES = Resource("", "namespaces", "Namespace", READ, namespaced=False, short=("ns",), fields=("metadata.name",))
PODS = Resource(
    "",
    "pods",
    "Pod",
    ("delete", *READ),
    short=("po",),
    all=True,
    fields=("metadata.name", "metadata.namespace", "spec.nodeName", "status.phase", "status.podIP"),
)
EVENTS = Resource(
    "",
    "events",
    "Event",
    READ,
    short=("ev",),
    fields=(
        "metadata.name",
        "metadata.namespace",
        "involvedObject.kind",
        "involvedObject.name",
        "involvedObject.namespace",
        "involvedObject.uid",
        "reason",
        "type",
    ),
)
DEPLOYMENTS = Resource(
    "apps",
    "deployments",
    "Deployment",
    ("get", "list", "patch", "update", "watch"),
    short=("deploy",),
    all=True,
    subresources={"scale": ("autoscaling", "v1", "Scale"), "status": ("", "", "Deployment")},
)
REPLICA_SETS = Resource("apps", "replicasets", "ReplicaSet", READ, short=("rs",), all=True)

RESOURCES = (NAMESPACES, PODS, EVENTS, DEPLOYMENTS, REPLICA_SETS)
GROUPS = ("apps", "authorization.k8s.io")


def find(group: str, name: str) -> Resource | None:
    """The resource of that name, or None."""
    return next((each for each in RESOURCES if (each.group, each.name) == (group, name)), None)


def api_versions(address: str) -> dict[str, Any]:
    """What `/api` answers; `address` is the server's own host and port."""
    here = {"clientCIDR": "0.0.0.0/0", "serverAddress": address}
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [here]}


def api_groups() -> dict[str, Any]:
    """What `/apis` answers."""
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [api_group(each) for each in GROUPS]}


def api_group(group: str) -> dict[str, Any]:
    """One group with its one version, as in `/apis`."""
    version = {"groupVersion": f"{group}/v1", "version": "v1"}
    return {"name": group, "versions": [version], "preferredVersion": version}


def api_resources(group: str) -> dict[str, Any]:
    """What `/api/v1` or `/apis/GROUP/v1` answers."""
    listed: list[dict[str, Any]] = []
    for each in RESOURCES:
        if each.group == group:
            listed.append(_described(each))
            for name, (sub_group, version, kind) in each.subresources.items():
                about = {"name": f"{each.name}/{name}", "singularName": "", "namespaced": True, "kind": kind}
                about |= {"group": sub_group, "version": version} if sub_group else {}
                listed.append(about | {"verbs": ["get", "patch", "update"]})
    if group == "authorization.k8s.io":
        about = {"name": "selfsubjectaccessreviews", "singularName": "selfsubjectaccessreview", "namespaced": False}
        listed.append(about | {"kind": "SelfSubjectAccessReview", "verbs": ["create"]})
    version = f"{group}/v1" if group else "v1"
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": listed}


def _described(resource: Resource) -> dict[str, Any]:
    about: dict[str, Any] = {
        "name": resource.name,
        "singularName": resource.kind.lower(),
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": list(resource.verbs),
        "shortNames": list(resource.short),
    }
    return about | ({"categories": ["all"]} if resource.all else {})
