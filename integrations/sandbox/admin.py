"""The sandbox's own app: look at everything, break things, be the people who approve. Reached by `devos sandbox`."""

from __future__ import annotations

import os
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from integrations.sandbox import cdk, graph, servicenow, systems
from integrations.sandbox.faults import Fault, Faults
from integrations.sandbox.journal import Journal
from integrations.sandbox.world import World


def app(world: World, journal: Journal, faults: Faults) -> Starlette:
    """The admin app. Every error is `{"error": "what is wrong, and what would be right"}` with 400 or 404."""

    async def health(request: Request) -> JSONResponse:
        return JSONResponse({"status": "ok", "pid": os.getpid(), "home": str(world.folder)})

    async def state(request: Request) -> JSONResponse:
        return JSONResponse(
            {
                "at": world.now().isoformat(),
                **systems.summary(world),
                "settings": world.settings.json(),
                "faults": faults.all(),
            }
        )

    async def entries(request: Request) -> JSONResponse:
        system = request.query_params.get("system")
        if system is not None and system not in systems.SYSTEMS:
            raise ValueError(f"system must be one of {', '.join(systems.SYSTEMS)}, not {system!r}")
        return JSONResponse(journal.entries(system))

    async def add_fault(request: Request) -> JSONResponse:
        faults.add(Fault.read(await _object(request), systems.SERVED))
        return JSONResponse(faults.all(), 201)

    async def clear_faults(request: Request) -> JSONResponse:
        faults.clear()
        return JSONResponse([])

    async def reset(request: Request) -> JSONResponse:
        with world.transaction():
            systems.seed(world)
            journal.clear()
        return JSONResponse({"status": "ok"})

    async def approve(request: Request) -> JSONResponse:
        asked = await _object(request)
        return JSONResponse(servicenow.approve(world, str(asked.get("change")), asked.get("by"), asked.get("because")))

    async def refuse(request: Request) -> JSONResponse:
        asked = await _object(request)
        return JSONResponse(servicenow.refuse(world, str(asked.get("change")), asked.get("by"), asked.get("because")))

    async def reply(request: Request) -> JSONResponse:
        asked = await _object(request)
        return JSONResponse(graph.reply(world, str(asked.get("text", "")), asked.get("by"), asked.get("to")))

    async def settings(request: Request) -> JSONResponse:
        return JSONResponse(world.change_settings(**await _object(request)).json())

    async def wrong(request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"error": str(error)}, 400)

    async def missing(request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"error": str(error)}, 404)

    return Starlette(
        routes=[
            Route("/health", health),
            Route("/state", state),
            Route("/journal", entries),
            Route("/faults", add_fault, methods=["POST"]),
            Route("/faults", clear_faults, methods=["DELETE"]),
            Route("/reset", reset, methods=["POST"]),
            Route("/approve", approve, methods=["POST"]),
            Route("/refuse", refuse, methods=["POST"]),
            Route("/reply", reply, methods=["POST"]),
            Route("/settings", settings, methods=["POST"]),
            Mount("/cdk", cdk.app(world)),
        ],
        exception_handlers={ValueError: wrong, servicenow.NoSuchChange: missing, graph.NotThere: missing},
    )


async def _object(request: Request) -> dict[str, Any]:
    body = await request.json()
    if not isinstance(body, dict):
        raise ValueError(f"send a JSON object, not {body!r}")
    return body
