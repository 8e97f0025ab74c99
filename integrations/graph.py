"""Signing in to Microsoft Graph, for every system that is reached through it.

Written from "OAuth 2.0 client credentials flow" and "Refresh the access token" (learn.microsoft.com/entra). Microsoft
lets an application alone read, and only an account write; which of the two it is follows from the credentials.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any
from urllib.parse import quote

import httpx

from integrations.http import BadAnswer, Http, SignInFailed, host_of, in_a_line, refusal, words
from policies.action import Json

EARLY = 60.0
"""Seconds before its end at which a token is renewed."""


class SignIn(httpx.Auth):
    """Puts a token into every request: fetched when there is none, again when it ends or is refused, once."""

    def __init__(
        self,
        login: str,
        tenant: str,
        client: str,
        secret: str,
        *,
        refresh: str = "",
        scope: str = "https://graph.microsoft.com/.default",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Remember the credentials; nothing is sent yet.

        Args:
            login: where to sign in, "https://login.microsoftonline.com".
            tenant: the organisation's id.
            client: the application's id.
            secret: the application's secret; empty for an application that has none.
            refresh: the refresh token of an account; empty for the application alone.
            scope: what the token is for.
            clock: seconds, from any beginning.
        """
        self.is_account = bool(refresh)
        self._url = f"{login.rstrip('/')}/{quote(tenant, safe='')}/oauth2/v2.0/token"
        self._client, self._secret, self._refresh, self._scope = client, secret, refresh, scope
        self._clock = clock
        self._token, self._until = "", 0.0

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Sign in where it is necessary, then send the request; once more with a new token where it is refused.

        Raises:
            SignInFailed: the credentials are not accepted.
            Unreachable: the sign-in does not answer.
        """
        if self._clock() >= self._until:
            await self._keep((yield self._question()))
        used = request.headers["Authorization"] = f"Bearer {self._token}"
        answer = yield request
        if answer.status_code == 401:
            if used == f"Bearer {self._token}":  # nobody else has renewed it meanwhile
                await self._keep((yield self._question()))
            request.headers["Authorization"] = f"Bearer {self._token}"
            yield request

    def _question(self) -> httpx.Request:
        kind = "refresh_token" if self._refresh else "client_credentials"
        scope = f"{self._scope} offline_access" if self._refresh else self._scope
        form = {"grant_type": kind, "client_id": self._client, "scope": scope}
        form |= {"client_secret": self._secret} if self._secret else {}
        form |= {"refresh_token": self._refresh} if self._refresh else {}
        return httpx.Request("POST", self._url, data=form, headers={"Accept": "application/json"})

    async def _keep(self, answer: httpx.Response) -> None:
        host = host_of(self._url)
        await answer.aread()
        found = _json(answer)
        if answer.status_code in (400, 401):  # a wrong secret, an expired refresh token, an unknown tenant
            raise SignInFailed("Microsoft Entra", host)
        if not answer.is_success:
            text = in_a_line(words(found), (self._secret, self._refresh))
            raise refusal("Microsoft Entra", host, "the sign-in", answer.status_code, text)
        if not isinstance(found, dict) or not isinstance(found.get("access_token"), str):
            raise BadAnswer("Microsoft Entra", host, "no token")
        self._token = found["access_token"]
        self._until = self._clock() + max(0.0, float(found.get("expires_in") or 0) - EARLY)
        if self._refresh and isinstance(found.get("refresh_token"), str):
            self._refresh = found["refresh_token"]


class Graph(Http):
    """Graph v1.0 with one sign-in."""

    def __init__(
        self, system: str, url: str, sign_in: SignIn, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        """Remember where Graph is.

        Args:
            system: the name of what is reached, in messages: "Teams".
            url: "https://graph.microsoft.com".
            sign_in: how to sign in.
            transport: what carries the requests; None for the network.
        """
        super().__init__(system, f"{url.rstrip('/')}/v1.0", headers={}, transport=transport)
        self.sign_in = sign_in

    async def pages(self, path: str, params: Mapping[str, str] | None = None, limit: int | None = None) -> list[Json]:
        """What a collection holds, page after page.

        Args:
            path: the collection's.
            params: the query of the first page.
            limit: how many entries are enough; None for all of them.

        Raises:
            BadAnswer: the next page is said to be on another host, where the token must not go.
        """
        found: list[Json] = []
        page: Any = await self.get(path, params)
        while True:
            found += page.get("value") or []
            more = page.get("@odata.nextLink")
            if not more or (limit is not None and len(found) >= limit):
                return found
            if not str(more).startswith(f"{self._url}/"):
                raise BadAnswer(self.system, self.host, f"a next page at {host_of(str(more))}")
            page = await self.get(str(more).removeprefix(self._url))

    def _client(self) -> httpx.AsyncClient:
        client = super()._client()
        client.auth = self.sign_in
        return client


def _json(answer: httpx.Response) -> Json:
    try:
        return answer.json()
    except ValueError:
        return None
