"""Rancher, simulated: clusters, projects, namespaces and workloads of the v3 API, over the simulated Kubernetes.

Collections, links, filters and API keys as in https://ranchermanager.docs.rancher.com/api/v3-rancher-api-guide; the
answer to a request without a key as in https://www.suse.com/support/kb/doc/?id=000020196. `/k8s/clusters/ID` leads to
the cluster's own API, as there.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from integrations.sandbox import kubernetes
from integrations.sandbox.kubernetes_objects import letters, stamp
from integrations.sandbox.kubernetes_resources import VERSION
from integrations.sandbox.kubernetes_rollout import reconcile
from integrations.sandbox.world import World

Body = dict[str, Any]
Endpoint = Callable[[Request], Awaitable[Response]]

CLUSTER = "c-m-6w9gk2xq"
"""The one cluster's id."""

_PAGE = 1000
_KEY = re.compile(r"[A-Za-z0-9._-]+:\S+")
_RESERVED = {"limit", "marker", "sort", "order", "reverse"}


def app(world: World) -> Starlette:
    """The Rancher server."""

    def listed(type_: str, bodies: Callable[[Request], list[Body]]) -> Endpoint:
        async def answer(request: Request) -> Response:
            return _collection(request, type_, bodies(request))

        return answer

    def one(bodies: Callable[[Request], list[Body]]) -> Endpoint:
        async def answer(request: Request) -> Response:
            wanted = request.path_params["id"]
            for body in bodies(request):
                if body["id"] == wanted:
                    return JSONResponse(body)
            return _error(404, "NotFound", f"{wanted} not found")

        return answer

    def clusters(request: Request) -> list[Body]:
        return [_cluster(request, world)]

    def projects(request: Request) -> list[Body]:
        in_cluster = request.path_params.get("cluster", CLUSTER) == CLUSTER
        return [_project(request, each) for each in world.all("kubernetes/namespace").values() if in_cluster]

    def namespaces(request: Request) -> list[Body]:
        in_cluster = request.path_params["cluster"] == CLUSTER
        return [_namespace(request, each) for each in world.all("kubernetes/namespace").values() if in_cluster]

    def workloads(request: Request) -> list[Body]:
        reconcile(world)
        project = request.path_params["project"]
        found = (_workload(request, each) for each in world.all("kubernetes/deployment").values())
        return [each for each in found if each["projectId"] == project]

    async def root(request: Request) -> Response:
        links = {name: _link(request, f"/v3/{path}") for name, path in _ROOT.items()}
        version = {"group": "management.cattle.io", "path": "/v3", "version": "v3"}
        return JSONResponse({"type": "apiRoot", "baseType": "apiRoot", "apiVersion": version, "links": links})

    routes = [
        Route("/v3", _with_key(root)),
        Route("/v3/clusters", _with_key(listed("cluster", clusters))),
        Route("/v3/clusters/{id}", _with_key(one(clusters))),
        Route("/v3/clusters/{cluster}/projects", _with_key(listed("project", projects))),
        Route("/v3/cluster/{cluster}/namespaces", _with_key(listed("namespace", namespaces))),
        Route("/v3/cluster/{cluster}/namespaces/{id}", _with_key(one(namespaces))),
        Route("/v3/projects", _with_key(listed("project", projects))),
        Route("/v3/projects/{id}", _with_key(one(projects))),
    ]
    for type_ in ("workload", "deployment"):
        for path in ("/v3/project/{project}", "/v3/projects/{project}"):
            routes.append(Route(f"{path}/{type_}s", _with_key(listed(type_, workloads))))
            routes.append(Route(f"{path}/{type_}s/{{id}}", _with_key(one(workloads))))
    proxy = Mount(f"/k8s/clusters/{CLUSTER}", kubernetes.app(world))
    return Starlette(routes=[*routes, proxy], exception_handlers={404: _nowhere, 405: _not_that})


_ROOT = {"root": "", "self": "", "clusters": "clusters", "projects": "projects"}


def seed(world: World, company: dict[str, Any]) -> None:
    """Name the cluster; all else is the simulated Kubernetes' own."""
    name = company.get("newrelic", {}).get("cluster", "main")
    world.put("rancher/cluster", CLUSTER, {"name": name, "created": stamp(world.now())})


def summary(world: World) -> dict[str, Any]:
    """The workloads by "namespace/name": active or updating."""
    reconcile(world)
    return {"workloads": {key: _state(body)[0] for key, body in world.all("kubernetes/deployment").items()}}


def _with_key(endpoint: Endpoint) -> Endpoint:
    """The endpoint, for those only who send an API key: as a bearer token, or in two halves as basic authentication."""

    async def checked(request: Request) -> Response:
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            try:
                value = base64.b64decode(value, validate=True).decode()
            except (binascii.Error, UnicodeDecodeError):
                value = ""
        if scheme.lower() not in ("basic", "bearer") or not _KEY.fullmatch(value.strip()):
            return JSONResponse({"type": "error", "status": "401", "message": "must authenticate"}, 401)
        return await endpoint(request)

    return checked


def _collection(request: Request, type_: str, bodies: list[Body]) -> Response:
    """A page of the bodies that every filter of the query lets through: `name=web-app`, `name_ne=web-app`."""
    query = request.query_params
    for name, value in query.items():
        field, _, modifier = name.partition("_")
        if name not in _RESERVED and modifier in ("", "eq", "ne"):
            bodies = [each for each in bodies if (str(each.get(field, "")) == value) is (modifier != "ne")]
    bodies = sorted(bodies, key=lambda each: str(each["id"]))
    limit = int(query["limit"]) if query.get("limit", "").isdecimal() else _PAGE
    begin = int(query["marker"]) if query.get("marker", "").isdecimal() else 0
    pagination: Body = {"limit": limit, "total": len(bodies)}
    if begin + limit < len(bodies):
        following = urlencode({**query, "limit": limit, "marker": begin + limit})
        pagination |= {"partial": True, "next": _link(request, f"{request.url.path}?{following}")}
    answer = {
        "type": "collection",
        "resourceType": type_,
        "links": {"self": str(request.url)},
        "actions": {},
        "createTypes": {},
        "pagination": pagination,
        "sort": {"order": "asc", "reverse": f"{_link(request, request.url.path)}?order=desc"},
        "filters": {},
        "data": bodies[begin : begin + limit],
    }
    return JSONResponse(answer)


def _cluster(request: Request, world: World) -> Body:
    stored = world.get("rancher/cluster", CLUSTER)
    assert stored is not None, "the world was not seeded"
    address = _link(request, f"/v3/clusters/{CLUSTER}")
    links = {"self": address, "projects": f"{address}/projects"}
    links["namespaces"] = _link(request, f"/v3/cluster/{CLUSTER}/namespaces")
    return {
        **_resource("cluster", CLUSTER, str(stored["name"]), str(stored["created"]), links),
        "state": "active",
        "provider": "rke2",
        "driver": "rke2",
        "nodeCount": 3,
        "version": {"gitVersion": VERSION["gitVersion"], "platform": VERSION["platform"]},
        "conditions": [{"type": "Ready", "status": "True"}, {"type": "Connected", "status": "True"}],
    }


def _project(request: Request, namespace: Body) -> Body:
    name = namespace["metadata"]["name"]
    id_ = _project_id(name)
    shown = {"kube-system": "System"}.get(name, name.title())
    workloads = _link(request, f"/v3/projects/{id_}/workloads")
    links = {"self": _link(request, f"/v3/projects/{id_}"), "workloads": workloads}
    about = _resource("project", id_, shown, namespace["metadata"]["creationTimestamp"], links)
    return {**about, "state": "active", "clusterId": CLUSTER, "namespaceId": None, "description": ""}


def _namespace(request: Request, namespace: Body) -> Body:
    name = namespace["metadata"]["name"]
    links = {"self": _link(request, f"/v3/cluster/{CLUSTER}/namespaces/{name}")}
    about = _resource("namespace", name, name, namespace["metadata"]["creationTimestamp"], links)
    return {**about, "state": "active", "projectId": _project_id(name), "labels": namespace["metadata"]["labels"]}


def _workload(request: Request, deployment: Body) -> Body:
    metadata, spec = deployment["metadata"], deployment["spec"]
    project = _project_id(metadata["namespace"])
    id_ = f"deployment:{metadata['namespace']}:{metadata['name']}"
    links = {"self": _link(request, f"/v3/project/{project}/workloads/{id_}")}
    state, transitioning, message = _state(deployment)
    return {
        **_resource("deployment", id_, metadata["name"], metadata["creationTimestamp"], links),
        "baseType": "workload",
        "uuid": metadata["uid"],
        "state": state,
        "transitioning": transitioning,
        "transitioningMessage": message,
        "namespaceId": metadata["namespace"],
        "projectId": project,
        "scale": spec["replicas"],
        "paused": bool(spec.get("paused")),
        "labels": metadata["labels"],
        "workloadLabels": spec["template"]["metadata"]["labels"],
        "workloadAnnotations": metadata["annotations"],
        "selector": {"matchLabels": spec["selector"]["matchLabels"]},
        "containers": [_container(each) for each in spec["template"]["spec"]["containers"]],
        "deploymentConfig": {
            "strategy": spec["strategy"]["type"],
            "progressDeadlineSeconds": spec.get("progressDeadlineSeconds", 600),
            "revisionHistoryLimit": spec.get("revisionHistoryLimit", 10),
            **(spec["strategy"].get("rollingUpdate") or {}),
        },
        "deploymentStatus": {"type": "/v3/project/schemas/deploymentStatus", **deployment["status"]},
    }


def _state(deployment: Body) -> tuple[str, str, str]:
    """State, transitioning and its message: Rancher compares the pods there are with those that are ready."""
    status = deployment["status"]
    if status.get("replicas", 0) != status.get("readyReplicas", 0):
        return "updating", "yes", "upgrading workload"
    return "active", "no", ""


def _container(container: Body) -> Body:
    ports = [{"type": "/v3/project/schemas/containerPort", **each} for each in container.get("ports", [])]
    kept: Body = {key: container[key] for key in ("name", "image", "imagePullPolicy", "resources") if key in container}
    return {"type": "/v3/project/schemas/container", **kept, "ports": ports}


def _resource(type_: str, id_: str, name: str, created: str, links: dict[str, str]) -> Body:
    """What every resource has."""
    moment = datetime.strptime(created, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    about = {"id": id_, "type": type_, "baseType": type_, "name": name, "uuid": id_, "links": links, "actions": {}}
    times = {"created": created, "createdTS": int(moment.timestamp() * 1000)}
    return {**about, **times, "transitioning": "no", "transitioningMessage": ""}


def _project_id(namespace: str) -> str:
    return f"{CLUSTER}:p-{letters(hashlib.sha256(namespace.encode()).digest()[:5])}"


def _link(request: Request, path: str) -> str:
    return f"{request.url.scheme}://{request.url.netloc}{path}"


def _error(status: int, code: str, message: str) -> Response:
    return JSONResponse(
        {"type": "error", "baseType": "error", "status": status, "code": code, "message": message}, status
    )


async def _nowhere(request: Request, error: Exception) -> Response:
    return _error(404, "NotFound", f"{request.url.path} not found")


async def _not_that(request: Request, error: Exception) -> Response:
    return _error(405, "MethodNotAllowed", f"{request.method} is not allowed here")
