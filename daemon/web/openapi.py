"""The description of what programs can ask, made from the table of routes itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from pydantic import TypeAdapter

from daemon.web.routes import PARAMETERS, Access, Nothing, Route, Values

ALWAYS = {
    "400": "What was sent does not fit.",
    "403": "Not from this machine, this account, or this session.",
    "429": "Too much at once.",
    "503": "Nothing was done, because it could not be recorded.",
}
"""What every route may answer beside what it is there for."""

SAYS = {
    404: "There is no such thing.",
    408: "What was posted did not arrive in time.",
    409: "It did not count, and why.",
    413: "What was posted is too large.",
    415: "What was posted is no JSON.",
}


def describe(routes: Sequence[Route]) -> dict[str, Any]:
    """The OpenAPI 3.1 description of the routes for programs."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        if route.for_programs:
            paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "DevOS",
            "version": version("devos"),
            "description": "What the dashboard shows, for programs on the same machine that hold one of its sessions.",
        },
        "paths": paths,
        "components": {
            "securitySchemes": {
                "session": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Cookie",
                    "description": "The cookie that a one-time link of `devos open` sets.",
                },
                "token": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "X-DevOS-Token",
                    "description": "The session's own token, for everything that is posted; /api/session tells it.",
                },
            }
        },
    }


def _operation(route: Route) -> dict[str, Any]:
    posts = route.method == "POST"
    problems = [*route.problems, *((408, 413, 415) if posts else ())]
    refusals = {**ALWAYS, **{str(status): SAYS[status] for status in problems}}
    operation: dict[str, Any] = {
        "operationId": re.sub(r"\W+", "_", f"{route.method.lower()}{route.path.removeprefix('/api')}").strip("_"),
        "summary": route.summary,
        "security": [{"session": [], **({"token": []} if posts else {})}],
        "parameters": [*_places(route), *_query(route.query)],
        "responses": {
            "200": {"description": route.summary, "content": _content(TypeAdapter(route.answer).json_schema())},
            **{status: {"description": said} for status, said in sorted(refusals.items())},
        },
    }
    if route.access is Access.CHANGE:
        operation["description"] = "Wants a session that may change things."
    if posts:
        operation["requestBody"] = {"required": route.body is not Nothing, "content": _content(_schema(route.body))}
    return operation


def _places(route: Route) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "pattern": f"^{PARAMETERS[name]}$"},
        }
        for name in re.findall(r"\{(\w+)\}", route.path)
    ]


def _query(kind: type[Values]) -> list[dict[str, Any]]:
    schema = _schema(kind)
    return [
        {"name": name, "in": "query", "required": False, "schema": each}
        for name, each in schema.get("properties", {}).items()
    ]


def _schema(kind: type[Values]) -> dict[str, Any]:
    return kind.model_json_schema()


def _content(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
