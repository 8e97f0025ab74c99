"""Microsoft Graph v1.0, simulated: signing in, people, and one Teams channel.

https://learn.microsoft.com/graph/api/overview. An application signs in with its secret, or with the refresh token of
an account; every secret is taken, and a refresh token that is the name of one of the company's people makes the caller
that person, any other the automation account. As in Microsoft's own, an application alone may read a channel, and only
an account may write there.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from integrations.sandbox import graph_messages as messages
from integrations.sandbox.auth import PERSON, person_of
from integrations.sandbox.graph_messages import CHANNEL, NotThere, Refused, entra_id, guid
from integrations.sandbox.world import World

__all__ = ["NotThere", "Refused", "app", "entra_id", "reply", "seed", "summary"]

TOKEN = "graph/token"
"""The kind of the tokens that were given out: token → `{"user": None for an application alone, "until": seconds}`."""
LASTS = 3599
"""Seconds that a token is good for."""
PAGE, LARGEST_PAGE = 20, 50


def app(world: World) -> Starlette:
    """Graph and the sign-in beside it."""
    api = _Api(world)
    channel = "/v1.0/teams/{team}/channels/{channel}/messages"
    return Starlette(
        routes=[
            Route("/{tenant}/oauth2/v2.0/token", api.token, methods=["POST"]),
            Route("/v1.0/me", api.me),
            Route("/v1.0/users", api.users),
            Route("/v1.0/users/{id}", api.user),
            Route(channel, api.page),
            Route(channel, api.post, methods=["POST"]),
            Route(channel + "/{message}", api.read),
            Route(channel + "/{message}", api.change, methods=["PATCH"]),
            Route(channel + "/{message}/replies", api.page),
            Route(channel + "/{message}/replies", api.post, methods=["POST"]),
            Route(channel + "/{message}/replies/{reply}", api.read),
            Route(channel + "/{message}/replies/{reply}", api.change, methods=["PATCH"]),
            Route(channel + "/{message}/replies/{reply}/softDelete", api.delete, methods=["POST"]),
        ],
        exception_handlers={_Failure: _failed, NotThere: _missing, Refused: _refused, HTTPException: _http_error},
    )


def seed(world: World, company: dict[str, Any]) -> None:
    """Put the company's channel into an empty world."""
    world.put(CHANNEL, "channel", company["teams"])


def summary(world: World) -> dict[str, Any]:
    """The channel's messages with their replies, and everybody's id in Entra ID."""
    people = {user: entra_id(user) for user in world.all(PERSON)}
    stored = world.all(messages.MESSAGE)
    told = {
        number: {
            "by": stored[number]["by"],
            "card": [each["content"] for each in stored[number]["attachments"]],
            "text": stored[number]["body"]["content"],
            "replies": [
                {"by": stored[each]["by"], "text": stored[each]["body"]["content"]}
                for each in reversed(messages.newest_first(world, number))
            ],
        }
        for number in reversed(messages.newest_first(world, None))
    }
    return {"channel": world.all(CHANNEL)["channel"]["name"], "people": people, "messages": told}


def reply(world: World, text: str, by: str | None = None, to: str | None = None) -> dict[str, Any]:
    """Reply in the channel as one of the company's people would, in plain words.

    Args:
        world: where.
        text: what is written.
        by: the user name; None for the first of the change managers.
        to: the message's id; None for the newest.

    Raises:
        NotThere: there is no such message.
        ValueError: there is no such person.
    """
    people = world.all(PERSON)
    user = by or next(name for name, person in people.items() if "change-managers" in person["groups"])
    if user not in people:
        raise ValueError(f"there is nobody called {user!r}; there are {', '.join(people)}")
    newest = messages.newest_first(world, None)
    if to is None and not newest:
        raise NotThere("nothing was posted in the channel yet")
    thread = newest[0] if to is None else to
    bot = bool(people[user].get("app"))
    number = messages.post(world, {"contentType": "text", "content": text}, [], user, thread=thread, bot=bot)
    return {"message": thread, "reply": number, "by": user}


class _Failure(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(status, code, message)
        self.status, self.code, self.message = status, code, message


class _Api:
    def __init__(self, world: World) -> None:
        self.world = world

    async def token(self, request: Request) -> JSONResponse:
        asked = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        kind, refresh = asked.get("grant_type"), asked.get("refresh_token", "")
        signed = bool(asked.get("client_secret") or refresh)
        if kind not in ("client_credentials", "refresh_token") or not asked.get("client_id") or not signed:
            error = {"error": "invalid_client", "error_description": "AADSTS7000218: the request lacks credentials."}
            return JSONResponse(error, 401)
        user = person_of(self.world, refresh) if kind == "refresh_token" else None
        made = guid("token", str(self.world.next_number(TOKEN, 1)))
        self.world.put(TOKEN, made, {"user": user, "until": self.world.now().timestamp() + LASTS})
        given = {"token_type": "Bearer", "expires_in": LASTS, "ext_expires_in": LASTS, "access_token": made}
        return JSONResponse(given | ({"refresh_token": refresh} if user else {}))

    async def me(self, request: Request) -> JSONResponse:
        return JSONResponse(self._person(self._writer(request)))

    async def users(self, request: Request) -> JSONResponse:
        self._caller(request)
        return JSONResponse({"value": [self._person(user) for user in self.world.all(PERSON)]})

    async def user(self, request: Request) -> JSONResponse:
        self._caller(request)
        wanted = request.path_params["id"].lower()
        for user, person in self.world.all(PERSON).items():
            if wanted in (entra_id(user), person["email"]):
                return JSONResponse(self._person(user))
        raise NotThere(f"there is no user {wanted!r}")

    async def page(self, request: Request) -> JSONResponse:
        self._channel(request)
        thread = request.path_params.get("message")
        if thread is not None:
            messages.message(self.world, thread)
        found = messages.newest_first(self.world, thread)
        start, size = _number(request, "$skiptoken", 0), min(_number(request, "$top", PAGE), LARGEST_PAGE)
        part = found[start : start + size]
        shown: dict[str, Any] = {"value": [self._shown(request, number) for number in part]}
        if start + size < len(found):
            more = request.url.include_query_params(**{"$top": size, "$skiptoken": start + size})
            shown["@odata.nextLink"] = str(more)
        return JSONResponse({"@odata.count": len(part), **shown})

    async def post(self, request: Request) -> JSONResponse:
        self._channel(request)
        by = self._writer(request)
        body, attachments = await _content(request)
        thread = request.path_params.get("message")
        number = messages.post(self.world, body, attachments, by, thread=thread)
        return JSONResponse(self._shown(request, number), 201)

    async def read(self, request: Request) -> JSONResponse:
        self._channel(request)
        return JSONResponse(self._shown(request, self._named(request)))

    async def change(self, request: Request) -> Response:
        self._channel(request)
        by, number = self._writer(request), self._named(request)
        messages.change(self.world, number, *await _content(request), by)
        return Response(status_code=204)

    async def delete(self, request: Request) -> Response:
        self._channel(request)
        messages.delete(self.world, self._named(request), self._writer(request))
        return Response(status_code=204)

    def _named(self, request: Request) -> str:
        """The id of the message, or the reply, that the path names."""
        number, within = request.path_params["message"], request.path_params.get("reply")
        if within is None:
            messages.message(self.world, number)
            return str(number)
        messages.message(self.world, within, number)
        return str(within)

    def _caller(self, request: Request) -> str | None:
        """Who calls; None for an application alone."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        found = self.world.get(TOKEN, token) if scheme == "Bearer" else None
        if found is None or found["until"] <= self.world.now().timestamp():
            raise _Failure(401, "InvalidAuthenticationToken", "Access token has expired or is not yet valid.")
        return None if found["user"] is None else str(found["user"])

    def _writer(self, request: Request) -> str:
        user = self._caller(request)
        if user is None:
            raise _Failure(403, "Forbidden", "An application alone may not do this; sign in with an account.")
        return user

    def _channel(self, request: Request) -> None:
        self._caller(request)
        place = self.world.all(CHANNEL)["channel"]
        if (request.path_params["team"], request.path_params["channel"]) != (place["team"], place["channel"]):
            raise NotThere("there is no such team or channel")

    def _shown(self, request: Request, number: str) -> dict[str, Any]:
        return messages.shown(self.world, number, str(request.base_url).rstrip("/"))

    def _person(self, user: str) -> dict[str, Any]:
        person = self.world.all(PERSON)[user]
        names = {"displayName": person["name"], "mail": person["email"], "userPrincipalName": person["email"]}
        return {"id": entra_id(user), **names, "jobTitle": person["title"]}


async def _content(request: Request) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    try:
        sent = await request.json()
        body, attachments = sent["body"], sent.get("attachments") or []
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Refused("the message has no body") from None
    if not isinstance(body, dict) or not all(isinstance(each, dict) for each in attachments):
        raise Refused("body must be an object, and attachments a list of them")
    return body, attachments


def _number(request: Request, name: str, default: int) -> int:
    value = request.query_params.get(name, "")
    return int(value) if value.isdigit() else default


def _failure(status: int, code: str, message: str) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "message": message}}, status)


async def _failed(request: Request, error: Exception) -> Response:
    assert isinstance(error, _Failure)
    return _failure(error.status, error.code, error.message)


async def _missing(request: Request, error: Exception) -> Response:
    return _failure(404, "NotFound", str(error))


async def _refused(request: Request, error: Exception) -> Response:
    foreign = "only who wrote" in str(error)
    return _failure(403, "Forbidden", str(error)) if foreign else _failure(400, "BadRequest", str(error))


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _failure(error.status_code, "NotFound" if error.status_code == 404 else "BadRequest", error.detail)
