"""The official Kubernetes client: connected when first used, asked in a thread, its errors put into words.

Its own retries are off, since trying again is the door's business, and every request has its time-outs.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import Any

from integrations.http import (
    AGENT,
    BadAnswer,
    Untrusted,
    Words,
    answer,
    host_of,
    in_a_line,
    refusal,
    told,
    unreachable,
)
from policies.action import IntegrationError
from policies.outside import boxed


class Forbidden(IntegrationError):
    """The account lacks a right in the cluster."""

    def __init__(self, right: str, where: str, text: Words) -> None:
        super().__init__(right, where, text)
        self.right, self.where, self.text = right, where, boxed(text)

    def _parts(self) -> tuple[object, ...]:
        what = f"The account may not {self.right} {self.where}"
        return (what, *told(self.text), ". Have a role with that right bound to it.")


class Missing(IntegrationError):
    """The optional client is not installed."""

    def __init__(self) -> None:
        super().__init__()

    def __str__(self) -> str:
        return "Kubernetes needs its client, which is not installed here: pip install 'devos[kubernetes]'"


class BadKubeconfig(IntegrationError):
    """The kubeconfig cannot be used."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(path, why)
        self.path, self.why = path, why

    def __str__(self) -> str:
        return f"{self.path} is no usable kubeconfig: {self.why}. Check it: kubectl --kubeconfig {self.path} get ns"


class Client:
    """One cluster's API server."""

    def __init__(self, url: str, token: str | None, kubeconfig: Path | None, context: str | None) -> None:
        """Remember where the cluster is; nothing is imported or sent yet."""
        self._url, self._token = url, token
        self._kubeconfig, self._context = kubeconfig, context
        self._host = host_of(url)
        self._connecting = Lock()
        self._connected: tuple[Any, Any] | None = None

    async def ask(self, question: Callable[[Any, Any], Any], right: str, where: str) -> Any:
        """Put a question to the client's apps and core APIs.

        Args:
            question: a function of the two.
            right: what it needs the right to do, in words: "read the deployment".
            where: to what: "web-app in production".

        Raises:
            Forbidden: the account lacks the right.
            Missing: the client is not installed.
            BadKubeconfig: the kubeconfig cannot be used.
            Unreachable, SignInFailed, NotThere, Rejected, BadAnswer, Untrusted: as `integrations.http` says.
        """
        return await asyncio.to_thread(self._ask_here, question, right, where)

    def _ask_here(self, question: Callable[[Any, Any], Any], right: str, where: str) -> Any:
        apps, core = self._connection()
        client, urllib3 = import_module("kubernetes.client"), import_module("urllib3.exceptions")
        try:
            return question(apps, core)
        except client.ApiException as error:
            said = in_a_line(_message(error), (self._token or "",))
            if error.status == 403:
                raise Forbidden(right, where, answer("Kubernetes", said)) from None
            if not error.status:  # how the client reports TLS that did not come about
                raise Untrusted("Kubernetes", self._host) from None
            raise refusal("Kubernetes", self._host, where, error.status, said) from None
        except urllib3.HTTPError as error:
            why = answer("Kubernetes", in_a_line(str(error), (self._token or "",)))
            raise unreachable("Kubernetes", self._host, why) from None
        except (ValueError, TypeError):
            # The client's models refuse what they do not know, such as a web page.
            raise BadAnswer("Kubernetes", self._host, "something else") from None

    def _connection(self) -> tuple[Any, Any]:
        """The client's apps and core APIs, made when they are first used."""
        with self._connecting:
            self._connected = self._connected or self._connect()
            return self._connected

    def _connect(self) -> tuple[Any, Any]:
        try:
            client, config = import_module("kubernetes.client"), import_module("kubernetes.config")
        except ModuleNotFoundError:
            raise Missing from None
        settings = client.Configuration()
        if self._kubeconfig is not None:
            try:
                config.load_kube_config(str(self._kubeconfig), self._context, settings)
            except (config.ConfigException, OSError) as error:
                raise BadKubeconfig(str(self._kubeconfig), in_a_line(str(error))) from None
            except Exception:
                # The loader stumbles in as many ways as a file can be wrong, some of which would show the file's text.
                raise BadKubeconfig(str(self._kubeconfig), "it does not have the form of one") from None
            self._host = host_of(settings.host)
        else:
            settings.host = self._url.rstrip("/")
            if self._token:
                settings.api_key = {"BearerToken": f"Bearer {self._token}"}
        settings.retries = False  # trying again is the door's business
        made = client.ApiClient(settings)
        made.user_agent = AGENT
        return client.AppsV1Api(made), client.CoreV1Api(made)


def _message(error: Any) -> str:
    """What the API server says in a refusal: its Status object's message, else the reason phrase."""
    try:
        return str(json.loads(error.body)["message"])
    except (ValueError, TypeError, KeyError):
        return str(error.reason)
