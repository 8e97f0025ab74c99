"""The API server's answers about objects: list, watch, get, patch, update, delete, and who may do which.

https://kubernetes.io/docs/reference/using-api/api-concepts/
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from integrations.sandbox.kubernetes_changes import deployment_changed, scale_of, scaled, status_changed
from integrations.sandbox.kubernetes_objects import Body, remove, shown, stamp, store
from integrations.sandbox.kubernetes_patch import patched
from integrations.sandbox.kubernetes_resources import NAMESPACES, READ, Resource, find
from integrations.sandbox.kubernetes_rollout import reconcile
from integrations.sandbox.kubernetes_selection import page, selection
from integrations.sandbox.kubernetes_status import (
    bad_request,
    expired,
    forbidden,
    invalid,
    method_not_allowed,
    no_such_resource,
    not_found,
    unauthorized,
    unsupported_media_type,
)
from integrations.sandbox.kubernetes_table import table
from integrations.sandbox.kubernetes_watch import Watch
from integrations.sandbox.world import World

Endpoint = Callable[[Request], Awaitable[Response]]

VERBS = {"GET": "get", "PATCH": "patch", "PUT": "update", "DELETE": "delete", "POST": "create"}
"""What the methods mean; a GET may also mean list or watch."""

VIEWER = "sandbox-viewer"
"""A token that may only read: for trying what somebody without rights meets."""


class Api:
    """The objects of the cluster, as the API shows them."""

    def __init__(self, world: World) -> None:
        self.world = world

    def guarded(self, endpoint: Endpoint) -> Endpoint:
        """The endpoint, for those only who say who they are."""

        async def checked(request: Request) -> Response:
            scheme, _, token = request.headers.get("authorization", "").partition(" ")
            if scheme.lower() == "bearer" and token.strip():
                request.state.viewer = token.strip() == VIEWER
            elif request.headers.get("user-agent", "").startswith("kubectl"):
                request.state.viewer = False
            else:
                raise unauthorized()
            return await endpoint(request)

        return checked

    async def may_i(self, request: Request) -> Response:
        """Answer a SelfSubjectAccessReview."""
        asked = _json(request, await request.body())
        verb = ((asked.get("spec") or {}).get("resourceAttributes") or {}).get("verb", "")
        allowed = not request.state.viewer or verb in READ
        status = {"allowed": allowed} | ({} if allowed else {"reason": "no rule lets the viewer do that"})
        answer: Body = {"kind": "SelfSubjectAccessReview", "apiVersion": "authorization.k8s.io/v1"}
        answer |= {"metadata": {"creationTimestamp": None}, "spec": asked.get("spec", {}), "status": status}
        return JSONResponse(answer, 201)

    def objects(self, group: str) -> Endpoint:
        """The endpoint for all objects of a group."""

        async def answer(request: Request) -> Response:
            path = request.path_params
            resource = find(group, path["resource"])
            if resource is None or (resource is NAMESPACES and "namespace" in path):
                raise no_such_resource()
            name, below = path.get("name", ""), path.get("subresource", "")
            if below and below not in resource.subresources:
                raise no_such_resource()
            verb = _verb(request, resource, name, below)
            where = path.get("namespace", "")
            if request.state.viewer and verb not in READ:
                raise forbidden("viewer", verb, resource.name, below, group, where, name)
            sent = await request.body()
            # No await from here on: what is read is what is changed.
            reconcile(self.world)
            if verb == "list":
                return self._list(request, resource, where)
            if verb == "watch":
                return self._watch(request, resource, where, name)
            body = self.world.get(resource.stored, f"{where}/{name}" if resource.namespaced else name)
            if body is None:
                raise not_found(f"{resource.name}/{below}" if below == "scale" else resource.name, group, name)
            if verb == "get":
                return self._one(request, resource, body, below)
            if verb == "delete":
                return self._delete(request, body, sent)
            return self._change(request, body, below, sent)

        return answer

    def _list(self, request: Request, resource: Resource, where: str) -> Response:
        wanted = selection(resource, where, "", request.query_params)
        found = self.world.all(resource.stored, wanted.prefix)
        found = {key: body for key, body in found.items() if wanted.matches(body)}
        bodies, metadata = page(found, self.world.revision, request.query_params)
        if _as_table(request):
            return JSONResponse(self._table(request, resource, bodies, metadata))
        items = [{k: v for k, v in shown(each).items() if k not in ("kind", "apiVersion")} for each in bodies]
        head = {"kind": f"{resource.kind}List", "apiVersion": resource.api_version, "metadata": metadata}
        return JSONResponse(head | {"items": items})

    def _one(self, request: Request, resource: Resource, body: Body, below: str) -> Response:
        if below == "scale":
            return JSONResponse(scale_of(body))
        if _as_table(request):
            metadata = {"resourceVersion": body["metadata"]["resourceVersion"]}
            return JSONResponse(self._table(request, resource, [body], metadata))
        return JSONResponse(shown(body))

    def _watch(self, request: Request, resource: Resource, where: str, name: str) -> Response:
        query = request.query_params
        wanted = selection(resource, where, name, query)
        revision = _number(query.get("resourceVersion", ""), "resourceVersion")
        if revision > self.world.revision:
            raise expired(revision, self.world.revision)
        everything = query.get("sendInitialEvents") == "true"

        def form(body: Body, first: bool) -> Body:
            if not _as_table(request):
                return body
            metadata = {"resourceVersion": body["metadata"]["resourceVersion"]}
            return self._table(request, resource, [body], metadata, titled=first)

        lines = Watch(self.world, resource, wanted, form).lines(
            None if everything or not revision else revision,
            _number(query.get("timeoutSeconds", ""), "timeoutSeconds") or 3600,
            everything and query.get("allowWatchBookmarks") == "true",
        )
        return StreamingResponse(lines, media_type="application/json")

    def _delete(self, request: Request, body: Body, sent: bytes) -> Response:
        options = _json(request, sent) if sent else {}
        deleted = shown(body)
        deleted["metadata"] |= {"deletionTimestamp": stamp(self.world.now()), "deletionGracePeriodSeconds": 0}
        if not _dry_run(request, options):
            remove(self.world, body)
            reconcile(self.world)
        return JSONResponse(deleted)

    def _change(self, request: Request, body: Body, below: str, sent: bytes) -> Response:
        old = shown(scale_of(body) if below == "scale" else body)
        if request.method == "PUT":
            new = _json(request, sent)
        else:
            new = patched(old, request.headers.get("content-type", ""), sent)
        if below == "scale":
            changed = scaled(body, new)
        elif below == "status":
            changed = status_changed(body, new)
        else:
            changed = deployment_changed(body, new)
        if not _dry_run(request, {}) and changed != body:
            store(self.world, changed)
        answer = JSONResponse(scale_of(changed) if below == "scale" else shown(changed))
        reconcile(self.world)
        return answer

    def _table(
        self, request: Request, resource: Resource, bodies: list[Body], metadata: Body, titled: bool = True
    ) -> Body:
        include = request.query_params.get("includeObject", "Metadata")
        return table(resource, bodies, metadata, self.world.now(), include, titled)


def _verb(request: Request, resource: Resource, name: str, below: str) -> str:
    verb = VERBS[request.method if request.method != "HEAD" else "GET"]
    if verb == "get" and not below:
        watched = request.query_params.get("watch", "").lower() in ("1", "true")
        verb = "watch" if watched else "get" if name else "list"
    offered = ("get", "patch", "update") if below else resource.verbs
    needs_name = verb not in ("list", "watch", "create")
    if verb not in offered or (needs_name and not name):
        raise method_not_allowed()
    return verb


def _as_table(request: Request) -> bool:
    return "as=Table" in request.headers.get("accept", "")


def _number(text: str, name: str) -> int:
    if not text.isdecimal() and text:
        raise bad_request(f"{name}: strconv.ParseUint: parsing {json.dumps(text)}: invalid syntax")
    return int(text or 0)


def _dry_run(request: Request, options: dict[str, Any]) -> bool:
    asked = request.query_params.getlist("dryRun") or options.get("dryRun") or []
    if asked not in ([], ["All"]):
        listed = ", ".join(json.dumps(each) for each in asked)
        problem = f'Unsupported value: []string{{{listed}}}: supported values: "All"'
        raise invalid("PatchOptions", "meta.k8s.io", "", "dryRun", problem)
    return bool(asked)


def _json(request: Request, sent: bytes) -> dict[str, Any]:
    if request.headers.get("content-type", "application/json").split(";")[0] != "application/json":
        raise unsupported_media_type()
    try:
        body = json.loads(sent)
    except ValueError as error:
        raise bad_request(f"the object provided is unrecognized: {error}") from None
    if not isinstance(body, dict):
        raise bad_request("the object provided is unrecognized: it must be a JSON object")
    return body
