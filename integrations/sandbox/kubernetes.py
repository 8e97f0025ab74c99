"""Kubernetes, simulated: enough of the API that the official Python client and kubectl work against it.

Paths, verbs, patches, watches and errors are those of https://kubernetes.io/docs/reference/using-api/api-concepts/.
Any bearer token is let in; `VIEWER` may only read. kubectl never sends a token over plain HTTP, so requests that carry
its name are let in without one.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from integrations.sandbox.kubernetes_api import VERBS, VIEWER, Api, Endpoint
from integrations.sandbox.kubernetes_objects import Body, deployment, namespace, remove, store
from integrations.sandbox.kubernetes_resources import (
    GROUPS,
    VERSION,
    api_group,
    api_groups,
    api_resources,
    api_versions,
)
from integrations.sandbox.kubernetes_rollout import advance, reconcile
from integrations.sandbox.kubernetes_status import Refused
from integrations.sandbox.world import World

__all__ = ["VIEWER", "app", "seed", "summary"]

_AGE = timedelta(days=41, hours=3)
"""How old the company's deployments are when a sandbox begins."""


def app(world: World) -> Starlette:
    """The API server."""
    api = Api(world)
    reviews = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    routes = [
        *(Route(path, _well) for path in ("/healthz", "/livez", "/readyz")),
        Route("/version", _document(VERSION)),
        Route("/api", api.guarded(_versions)),
        Route("/apis", api.guarded(_document(api_groups()))),
        Route(reviews, api.guarded(api.may_i), methods=["POST"]),
    ]
    for group in ("", *GROUPS):
        path = f"/apis/{group}/v1" if group else "/api/v1"
        if group:
            routes.append(Route(f"/apis/{group}", api.guarded(_document(_one_group(group)))))
        routes.append(Route(path, api.guarded(_document(api_resources(group)))))
        objects = api.guarded(api.objects(group))
        routes += [Route(f"{path}{each}", objects, methods=list(VERBS)) for each in _PATHS]
    return Starlette(routes=routes, exception_handlers={Refused: _refuse, 404: _nowhere})


_PATHS = (
    "/{resource}",
    "/{resource}/{name}",
    "/namespaces/{namespace}/{resource}",
    "/namespaces/{namespace}/{resource}/{name}",
    "/namespaces/{namespace}/{resource}/{name}/{subresource}",
)


def seed(world: World, company: dict[str, Any]) -> None:
    """Put the company's namespaces and deployments there, with every pod ready."""
    now = world.now()
    begun = now - _AGE
    section = company.get("kubernetes", {})
    wanted = [place for each in company.get("deployments", section.get("deployments", [])) for place in _places(each)]
    names = {"default", "kube-system", *section.get("namespaces", []), *(each["namespace"] for each in wanted)}
    for name in sorted(names):
        store(world, namespace(world, name, begun))
    for each in wanted:
        body = deployment(world, each, begun)
        store(world, body)
        advance(world, body, begun)
        advance(world, body, now)
    for body in world.all("kubernetes/event").values():
        remove(world, body)  # a real one is forgotten after an hour


def summary(world: World) -> dict[str, Any]:
    """The deployments by "namespace/name": how many replicas are wanted and how many ready, and the image."""
    reconcile(world)
    return {"deployments": {key: _summed_up(each) for key, each in world.all("kubernetes/deployment").items()}}


def _places(wanted: dict[str, Any]) -> list[dict[str, Any]]:
    """One deployment for each namespace, where `replicas` says how many by namespace."""
    replicas = wanted.get("replicas")
    if not isinstance(replicas, dict):
        return [wanted]
    return [{**wanted, "namespace": namespace, "replicas": number} for namespace, number in replicas.items()]


def _summed_up(body: Body) -> dict[str, Any]:
    image = body["spec"]["template"]["spec"]["containers"][0]["image"]
    ready = body["status"].get("readyReplicas", 0)
    return {"replicas": body["spec"]["replicas"], "ready": ready, "image": image}


def _document(body: Body) -> Endpoint:
    async def answer(request: Request) -> Response:
        return JSONResponse(body)

    return answer


def _one_group(group: str) -> Body:
    return {"kind": "APIGroup", "apiVersion": "v1", **api_group(group)}


async def _versions(request: Request) -> Response:
    return JSONResponse(api_versions(request.url.netloc))


async def _well(request: Request) -> Response:
    return PlainTextResponse("ok")


async def _refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return JSONResponse(error.body(), error.code)


async def _nowhere(request: Request, error: Exception) -> Response:
    return PlainTextResponse("404 page not found\n", 404)
