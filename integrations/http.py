"""One HTTP client per system, and one way of saying what went wrong, whichever library spoke.

Every system refuses in its own words; here they become the same few errors with the same few sentences. Only
`Unreachable` means that it is not known whether the request was carried out.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, TypeAlias, TypeVar
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import httpx

from policies.action import IntegrationError, Json, Outside, Unreachable, said
from policies.outside import boxed

if TYPE_CHECKING:
    from requests import Response, Session

T = TypeVar("T")

AGENT = "DevOS/0.1"
"""What every request calls itself."""

TIMES = (5.0, 30.0)
"""How many seconds a connection and an answer may take, whichever library is waiting."""


Words: TypeAlias = str | Outside[str] | dict[str, Json]
"""What a system said, or DevOS itself; also in the form in which an error stores it."""


COMMON = (
    *("text/plain", "text/xml", "text/csv", "application/json", "application/xml", "application/javascript"),
    *("application/octet-stream", "application/pdf", "image/png"),
)
"""The content types that are named where something else answered; any other might be words."""


class SignInFailed(IntegrationError):
    """The system does not accept the credentials (401)."""

    def __init__(self, system: str, host: str) -> None:
        super().__init__(system, host)
        self.system, self.host = system, host

    def __str__(self) -> str:
        return f"{self.system} at {self.host} does not accept the credentials. Renew them: docs/connect.md says where."


class NotAllowed(IntegrationError):
    """The account may not do that (403)."""

    def __init__(self, system: str, text: Words) -> None:
        super().__init__(system, text)
        self.system, self.text = system, boxed(text)

    def _parts(self) -> tuple[object, ...]:
        return (
            f"The account may not do that in {self.system}",
            *told(self.text),
            ". Ask its administrator for the right.",
        )


class NotThere(IntegrationError):
    """There is nothing at that address (404)."""

    def __init__(self, system: str, path: str, text: Words) -> None:
        super().__init__(system, path, text)
        self.system, self.path, self.text = system, path, boxed(text)

    def _parts(self) -> tuple[object, ...]:
        return (
            f"{self.system} has nothing at {self.path}",
            *told(self.text),
            ". Check the name, and that the address in the settings is right.",
        )


class Rejected(IntegrationError):
    """The system understood and said no (any other 4xx, or an error in an answer that looks like success)."""

    def __init__(self, system: str, status: int, text: Words) -> None:
        super().__init__(system, status, text)
        self.system, self.status, self.text = system, status, boxed(text)

    def _parts(self) -> tuple[object, ...]:
        return (
            f"{self.system} said no ({self.status})",
            *told(self.text),
            ". Nothing was changed; mend that and ask again.",
        )


class BadAnswer(IntegrationError):
    """What answered is not the system: a sign-in page, a proxy, another service."""

    def __init__(self, system: str, host: str, detail: str) -> None:
        super().__init__(system, host, detail)
        self.system, self.host, self.detail = system, host, detail

    def __str__(self) -> str:
        return (
            f"{self.host} answered with {self.detail}, which is not {self.system}'s API. "
            "Check the address in the settings, and whether a proxy or a sign-in page stands in between."
        )


class Untrusted(IntegrationError):
    """The server's certificate is not one this machine trusts, so nothing was sent."""

    def __init__(self, system: str, host: str) -> None:
        super().__init__(system, host)
        self.system, self.host = system, host

    def __str__(self) -> str:
        return (
            f"The certificate of {self.host} ({self.system}) is not trusted here. "
            "Add its authority to this machine's trust store, or correct the address."
        )


def unreachable(system: str, host: str, why: str | Outside[str]) -> Unreachable:
    """The error for a request of which nothing is known."""
    hint = ". See whether it is up and can be reached from here."
    return Unreachable(said(f"{system} at {host} did not answer: ", why, hint))


def refusal(system: str, host: str, path: str, status: int, words: str) -> IntegrationError:
    """The error for an answer's HTTP status; `words` is what the system itself said about it, in a line."""
    text = answer(system, words)
    if status == 429:
        return unreachable(system, host, "it asks to be left alone for a while (429)")
    if status >= 500:
        return unreachable(system, host, said(f"it has trouble of its own ({status}", *told(text), ")"))
    if status == 401:
        return SignInFailed(system, host)
    if status == 403:
        return NotAllowed(system, text)
    if status == 404:
        return NotThere(system, path, text)
    if 300 <= status < 400:
        return BadAnswer(system, host, f"a redirection ({status})")
    return Rejected(system, status, text)


def answer(system: str, words: str) -> Outside[str]:
    """What a system said about a refusal, as words from outside; nothing where it said nothing."""
    return Outside(words, f"{system.lower().replace(' ', '')} answer") if words else said("")


def told(text: Outside[str]) -> tuple[object, ...]:
    """A system's words as the end of a sentence; nothing where it has said nothing."""
    return () if text.is_nothing else (": ", text)


def host_of(url: str) -> str:
    """The host and port of an address, without any user and password."""
    return urlsplit(url).netloc.rpartition("@")[2]


def in_a_line(text: str, secrets: Iterable[str] = (), limit: int = 300) -> str:
    """A system's own words on one short line, without the full stop and without secrets it may have echoed."""
    for secret in filter(None, secrets):
        text = text.replace(secret, "***")
    line = re.sub(r"\s+", " ", text).strip().rstrip(".")
    return line if len(line) <= limit else line[: limit - 3] + "..."


class Http:
    """JSON over HTTP with one system, on one pooled client per event loop."""

    def __init__(
        self,
        system: str,
        url: str,
        *,
        headers: Mapping[str, str],
        secrets: tuple[str, ...] = (),
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Remember where the system is; the client is made when it is first used.

        Args:
            system: its name in messages.
            url: the address that every path is appended to.
            headers: sent with every request.
            secrets: what must never appear in a message.
            transport: what carries the requests; None for the network.
        """
        self.system = system
        self.host = host_of(url)
        self._url = url.rstrip("/")
        self._headers = {"User-Agent": AGENT, "Accept": "application/json", **headers}
        self._secrets = secrets
        self._transport = transport
        self._clients: WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient] = WeakKeyDictionary()

    async def get(self, path: str, params: Mapping[str, str] | None = None) -> Json:
        """The JSON at a path."""
        return await self.request("GET", path, params=params)

    async def post(self, path: str, body: Json) -> Json:
        """The JSON that a posted JSON is answered with."""
        return await self.request("POST", path, body=body)

    async def request(
        self, method: str, path: str, *, params: Mapping[str, str] | None = None, body: Json = None
    ) -> Json:
        """Send one request and give back the answer's JSON; None for an empty answer.

        Raises:
            Unreachable: no answer, 429 or 5xx: it is not known whether the request was carried out.
            SignInFailed, NotAllowed, NotThere, Rejected: the system said no.
            BadAnswer: something else answered.
            Untrusted: the certificate is not trusted.
        """
        try:
            response = await self._client().request(method, self._url + path, params=params, json=body)
        except httpx.UnsupportedProtocol:
            raise BadAnswer(
                self.system, self.host or self._url, "nothing: the address lacks http:// or https://"
            ) from None
        except httpx.TransportError as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise Untrusted(self.system, self.host) from None
            why = in_a_line(str(error) or type(error).__name__, self._secrets)
            raise unreachable(self.system, self.host, answer(self.system, why)) from None
        if not response.is_success:
            text = in_a_line(_words(response.headers.get("content-type", ""), response.text), self._secrets)
            raise refusal(self.system, self.host, path, response.status_code, text)
        if not response.content:
            return None
        try:
            return response.json()
        except (ValueError, RecursionError):
            raise BadAnswer(self.system, self.host, _kind(response.headers.get("content-type", ""))) from None

    async def aclose(self) -> None:
        """Close the clients, each on its own event loop where that still runs; the next request makes a new one."""
        here = asyncio.get_running_loop()
        for loop, client in list(self._clients.items()):
            del self._clients[loop]
            if loop is here:
                await client.aclose()
            elif loop.is_running():
                await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(client.aclose(), loop))

    def _client(self) -> httpx.AsyncClient:
        """The client of the running loop: a connection pool cannot be shared between two."""
        loop = asyncio.get_running_loop()
        if loop not in self._clients:
            self._clients[loop] = httpx.AsyncClient(
                headers=self._headers,
                timeout=httpx.Timeout(TIMES[1], connect=TIMES[0]),
                transport=self._transport,
            )
        return self._clients[loop]


async def in_a_thread(system: str, host: str, secrets: tuple[str, ...], question: Callable[[], T]) -> T:
    """Ask a maker's synchronous library, which speaks through `requests`, without holding up everything else.

    Raises:
        Unreachable: no answer.
        Untrusted: the certificate is not trusted.
    """
    failures = import_module("requests.exceptions")
    try:
        return await asyncio.to_thread(question)
    except failures.SSLError:
        raise Untrusted(system, host) from None
    except failures.RequestException as error:
        raise unreachable(system, host, answer(system, in_a_line(str(error), secrets))) from None


def guard(session: Session, system: str, secrets: tuple[str, ...]) -> None:
    """Let a library's session refuse in our words, before the library stumbles over an answer or logs it.

    An answer that is no success, and one that claims success without being JSON, never reaches the library.
    """

    def look(response: Response, *args: object, **kwargs: object) -> None:
        if response.is_redirect:
            return
        kind = response.headers.get("content-type", "")
        if not response.ok:
            text = in_a_line(_words(kind, response.text), secrets)
            asked = urlsplit((*response.history, response)[0].url).path  # not where a redirection led
            raise refusal(system, host_of(response.url), asked, response.status_code, text)
        if response.content and not _is_json(response.text):
            raise BadAnswer(system, host_of(response.url), _kind(kind))

    session.hooks["response"].append(look)


def words(body: Json) -> str:
    """What a refusal's JSON says, in the places where makers put it; empty where it says nothing."""
    if isinstance(body, str):
        return body
    if isinstance(body, list):
        return "; ".join(filter(None, map(words, body)))
    if not isinstance(body, dict):
        return ""
    found = [words(body.get(name)) for name in ("message", "detail", "error", "errorMessages")]
    errors = body.get("errors")
    found.append(words(list(errors.values()) if isinstance(errors, dict) else errors))
    return "; ".join(dict.fromkeys(filter(None, found)))


def _words(content_type: str, text: str) -> str:
    """What a refusal says: its JSON's message where there is one, nothing where it is a page."""
    if "html" in content_type:
        return ""
    try:
        return words(json.loads(text)) if _is_json(text) else text
    except RecursionError:  # nested deeper than anything that is meant to be read
        return ""


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _kind(content_type: str) -> str:
    """What something is that is not the system's answer, in our own words: its type only where it is a common one."""
    if "html" in content_type:
        return "a web page"
    named = content_type.partition(";")[0].strip().lower()
    return f"something unreadable ({named if named in COMMON else 'of no known type'})"
