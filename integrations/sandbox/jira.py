"""Jira Cloud, simulated: issues, comments, transitions, search. REST API v3.

https://developer.atlassian.com/cloud/jira/platform/rest/v3/intro/ and the pages of its groups "Issues",
"Issue comments", "Issue comment properties", "Issue search", "Projects", "Myself" and "Server info".
"""

from __future__ import annotations

from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from integrations.sandbox import adf, jql
from integrations.sandbox.auth import CALLER, BasicAuth
from integrations.sandbox.jira_site import COMMENT, ISSUE, PROJECT, JiraError, Site, seed, stamp, summary
from integrations.sandbox.world import World

__all__ = ["app", "seed", "summary"]


def app(world: World) -> Starlette:
    """The site's API. Any name with any token is let in; see `auth`."""
    api = _Api(world)
    issue, comment = "/rest/api/3/issue/{key}", "/rest/api/3/issue/{key}/comment"
    return Starlette(
        routes=[
            Route(issue, api.issue),
            Route(f"{issue}/assignee", api.assign, methods=["PUT"]),
            Route(f"{issue}/transitions", api.transitions),
            Route(f"{issue}/transitions", api.move, methods=["POST"]),
            Route(comment, api.comments),
            Route(comment, api.add_comment, methods=["POST"]),
            Route(comment + "/{id}", api.comment),
            Route(comment + "/{id}", api.delete_comment, methods=["DELETE"]),
            Route("/rest/api/3/comment/{id}/properties", api.properties),
            Route("/rest/api/3/comment/{id}/properties/{property}", api.property),
            Route("/rest/api/3/search/jql", api.search, methods=["GET", "POST"]),
            Route("/rest/api/3/project", api.projects),
            Route("/rest/api/3/project/search", api.search_projects),
            Route("/rest/api/3/project/{key}", api.project),
            Route("/rest/api/3/myself", api.myself),
            Route("/rest/api/3/serverInfo", api.server_info),
        ],
        middleware=[Middleware(BasicAuth, world=world, refusal=_not_signed_in)],
        exception_handlers={JiraError: _error, HTTPException: _http_error, jql.BadQuery: _bad_query},
    )


class _Api:
    def __init__(self, world: World) -> None:
        self.world = world

    def site(self, request: Request) -> Site:
        return Site(self.world, str(request.base_url).rstrip("/"))

    async def issue(self, request: Request) -> JSONResponse:
        site, issue = self.site(request), self.site(request).find(request.path_params["key"])
        wanted = _listed(request, "fields") or ["*all"]
        answer = site.issue(issue, wanted)
        if "transitions" in (request.query_params.get("expand") or "").split(","):
            answer["transitions"] = site.transitions(issue)
        return JSONResponse(answer)

    async def assign(self, request: Request) -> Response:
        issue, body = self.site(request).find(request.path_params["key"]), await _object(request)
        if "accountId" not in body:
            raise JiraError(400, "'accountId' must be the only user identifying query parameter in GDPR strict mode.")
        assignee = None
        if body["accountId"] is not None:
            assignee = self.site(request).user_of(body["accountId"])
            if assignee is None:
                raise JiraError(400, errors={"assignee": f"User '{body['accountId']}' does not exist."})
        self.world.put(ISSUE, issue["key"], {**issue, "assignee": assignee, "updated": stamp(self.world.now())})
        return Response(status_code=204)

    async def transitions(self, request: Request) -> JSONResponse:
        site = self.site(request)
        offered = site.transitions(site.find(request.path_params["key"]))
        wanted = request.query_params.get("transitionId")
        chosen = [each for each in offered if wanted in (None, each["id"])]
        return JSONResponse({"expand": "transitions", "transitions": chosen})

    async def move(self, request: Request) -> Response:
        site, body = self.site(request), await _object(request)
        issue = site.find(request.path_params["key"])
        transition = body.get("transition")
        wanted = transition.get("id") if isinstance(transition, dict) else None
        if wanted is None:
            raise JiraError(400, "Missing 'transition' identifier")
        found = next((each for each in site.transitions(issue) if each["id"] == str(wanted)), None)
        if found is None:
            raise JiraError(400, f"Transition id '{wanted}' is not valid for this issue.")
        with self.world.transaction():
            moved = {**issue, "status": found["to"]["name"], "updated": stamp(self.world.now())}
            self.world.put(ISSUE, issue["key"], moved)
            for each in body.get("update", {}).get("comment", []):
                site.add_comment(issue, request.scope[CALLER], _document(each.get("add", {}).get("body")), [])
        return Response(status_code=204)

    async def comments(self, request: Request) -> JSONResponse:
        site = self.site(request)
        issue = site.find(request.path_params["key"])
        order = request.query_params.get("orderBy", "created")
        if order not in ("created", "+created", "-created"):
            raise JiraError(400, f"Cannot order comments by '{order}'.")
        stored = sorted(
            self.world.all(COMMENT, f"{issue['key']}/").values(),
            key=lambda each: (each["created"], int(each["id"])),
            reverse=order == "-created",
        )
        start, size = _number(request, "startAt", 0), _number(request, "maxResults", 100)
        shown = [site.comment(each, _with_properties(request)) for each in stored[start : start + size]]
        return JSONResponse({"startAt": start, "maxResults": size, "total": len(stored), "comments": shown})

    async def add_comment(self, request: Request) -> JSONResponse:
        site, body = self.site(request), await _object(request)
        issue = site.find(request.path_params["key"])
        document = _document(body.get("body"))
        properties = body.get("properties", [])
        if not isinstance(properties, list) or not all(isinstance(each, dict) and "key" in each for each in properties):
            raise JiraError(400, errors={"properties": "Comment properties must be a list of keys and values."})
        stored = site.add_comment(issue, request.scope[CALLER], document, properties)
        return JSONResponse(site.comment(stored, _with_properties(request)), 201)

    async def comment(self, request: Request) -> JSONResponse:
        site = self.site(request)
        return JSONResponse(site.comment(self._comment(request), _with_properties(request)))

    async def delete_comment(self, request: Request) -> Response:
        stored = self._comment(request)
        self.world.delete(COMMENT, f"{stored['issue']}/{stored['id']}")
        return Response(status_code=204)

    async def properties(self, request: Request) -> JSONResponse:
        stored = self._comment(request)
        url = f"{self.site(request).url}/rest/api/3/comment/{stored['id']}/properties"
        keys = [{"key": each["key"], "self": f"{url}/{each['key']}"} for each in stored["properties"]]
        return JSONResponse({"keys": keys})

    async def property(self, request: Request) -> JSONResponse:
        key = request.path_params["property"]
        for each in self._comment(request)["properties"]:
            if each["key"] == key:
                return JSONResponse(each)
        raise JiraError(404, f"The property with key '{key}' does not exist.")

    async def search(self, request: Request) -> JSONResponse:
        if request.method == "POST":
            asked = await _object(request)
        else:
            asked = {**request.query_params, "fields": _listed(request, "fields")}
        site = self.site(request)
        test, order = jql.parse(str(asked.get("jql", "")), request.scope[CALLER])
        found = [issue for issue in self.world.all(ISSUE).values() if test(site.searchable(issue))]
        found.sort(key=lambda issue: int(issue["id"]), reverse=True)
        for field, downwards in reversed(order):
            found.sort(key=partial(site.sort_key, field), reverse=downwards)
        token = asked.get("nextPageToken") or "0"
        if not str(token).isdigit():
            raise JiraError(400, "The provided next page token is invalid or expired.")
        start, size = int(token), int(asked.get("maxResults", 50))
        fields = asked.get("fields") or ["id"]
        page = [site.issue(issue, fields) for issue in found[start : start + size]]
        more = {"nextPageToken": str(start + size)} if start + size < len(found) else {}
        return JSONResponse({"issues": page, "isLast": not more, **more})

    async def projects(self, request: Request) -> JSONResponse:
        site = self.site(request)
        return JSONResponse([site.project(each) for each in self.world.all(PROJECT).values()])

    async def search_projects(self, request: Request) -> JSONResponse:
        site, start, size = self.site(request), _number(request, "startAt", 0), _number(request, "maxResults", 50)
        query, keys = request.query_params.get("query", "").lower(), request.query_params.getlist("keys")
        found = [
            project
            for key, project in self.world.all(PROJECT).items()
            if query in f"{key} {project['name']}".lower() and (not keys or key in keys)
        ]
        page = [site.project(each) for each in found[start : start + size]]
        last = start + size >= len(found)
        counts = {"maxResults": size, "startAt": start, "total": len(found), "isLast": last}
        return JSONResponse({"self": str(request.url), **counts, "values": page})

    async def project(self, request: Request) -> JSONResponse:
        key = request.path_params["key"]
        for each in self.world.all(PROJECT).values():
            if key.upper() == each["key"] or key == each["id"]:
                return JSONResponse(self.site(request).project(each))
        raise JiraError(404, f"No project could be found with key '{key}'.")

    async def myself(self, request: Request) -> JSONResponse:
        return JSONResponse(self.site(request).user(request.scope[CALLER], mail=True))

    async def server_info(self, request: Request) -> JSONResponse:
        url = self.site(request).url
        return JSONResponse(
            {
                "baseUrl": url,
                "version": "1001.0.0-SNAPSHOT",
                "versionNumbers": [1001, 0, 0],
                "deploymentType": "Cloud",
                "buildNumber": 100292,
                "serverTime": stamp(self.world.now()),
                "serverTitle": "Jira",
            }
        )

    def _comment(self, request: Request) -> dict[str, Any]:
        number = request.path_params["id"]
        if key := request.path_params.get("key"):
            found = self.world.get(COMMENT, f"{self.site(request).find(key)['key']}/{number}")
        else:
            found = next((each for each in self.world.all(COMMENT).values() if each["id"] == number), None)
        if found is None:
            raise JiraError(404, f"Can not find a comment for the id: {number}.")
        return found


def _document(body: Any) -> dict[str, Any]:
    if adf.fault(body) is not None:
        wrong = "Operation value must be an Atlassian Document (see the Atlassian Document Format)"
        raise JiraError(400, errors={"comment": wrong})
    if not adf.plain(body).strip():
        raise JiraError(400, errors={"comment": "Comment body can not be empty!"})
    document: dict[str, Any] = body
    return document


def _with_properties(request: Request) -> bool:
    return "properties" in request.query_params.get("expand", "").split(",")


def _listed(request: Request, name: str) -> list[str]:
    """The values of a query parameter that may be repeated or parted by commas."""
    return [each.strip() for value in request.query_params.getlist(name) for each in value.split(",") if each.strip()]


def _number(request: Request, name: str, default: int) -> int:
    value = request.query_params.get(name, str(default))
    if not value.isdigit():
        raise JiraError(400, f"The value '{value}' of {name} is no number.")
    return int(value)


async def _object(request: Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise JiraError(400, "There was an error parsing JSON. Check that your request body is valid.")
    return body


def _not_signed_in() -> Response:
    message = "Client must be authenticated to access this resource."
    return JSONResponse({"message": message, "status-code": 401}, 401, {"WWW-Authenticate": 'OAuth realm="Jira"'})


async def _error(request: Request, error: Exception) -> Response:
    assert isinstance(error, JiraError)
    return JSONResponse({"errorMessages": error.messages, "errors": error.errors}, error.status)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    message = "null for uri: " + str(request.url) if error.status_code == 404 else error.detail
    return JSONResponse({"errorMessages": [message], "errors": {}}, error.status_code)


async def _bad_query(request: Request, error: Exception) -> Response:
    return JSONResponse({"errorMessages": [str(error)], "errors": {}}, 400)
