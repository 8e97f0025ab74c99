"""What `devos sandbox` asks the running sandbox. Standard library only, so that the command starts at once."""

from __future__ import annotations

import json
import urllib.error
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from integrations.sandbox.endpoints import Endpoints
from integrations.sandbox.loopback import ask


class NoSandbox(Exception):
    """No sandbox serves the folder; the message says how to start one."""


class NotAccepted(Exception):
    """The sandbox does not take what was asked; the message says why."""


class Sandbox:
    """The admin side of one running sandbox."""

    def __init__(self, endpoints: Endpoints) -> None:
        self.endpoints = endpoints

    @classmethod
    def at(cls, home: Path) -> Sandbox:
        """The sandbox that serves `home`.

        Raises:
            NoSandbox: none does.
        """
        from integrations.sandbox.process import running  # starts nothing, but subprocess costs 15 ms to import

        endpoints = running(home)
        if endpoints is None:
            raise NoSandbox(f"No sandbox serves {home}. Start one with `devos run --sandbox`.")
        return cls(endpoints)

    def state(self) -> dict[str, Any]:
        """Every system's present state, the settings, and the faults that wait."""
        return self._object("GET", "/state")

    def journal(self, system: str | None = None) -> list[dict[str, Any]]:
        """Every request the systems received, oldest first.

        Raises:
            NotAccepted: there is no such system.
        """
        query = "" if system is None else "?" + urlencode({"system": system})
        return self._list("GET", f"/journal{query}")

    def fault(self, **spec: Any) -> list[dict[str, Any]]:
        """Let requests go wrong; all the faults that wait now.

        Args:
            **spec: `system` and `kind` ("status", "latency", "drop", "lost-reply"); if needed `method`, `path` (a
                regular expression), `status`, `body`, `seconds`, `times` (None for always).

        Raises:
            NotAccepted: it makes no sense, and why.
        """
        return self._list("POST", "/faults", spec)

    def clear_faults(self) -> None:
        """Forget all faults."""
        self._ask("DELETE", "/faults")

    def reset(self) -> None:
        """Back to the company as it was at first: state, settings, faults and journal."""
        self._ask("POST", "/reset")

    def approve(self, change: str, by: str | None = None, because: str | None = None) -> dict[str, Any]:
        """Approve a change request as one of the company's people: `{"change", "state", "approval"}`.

        Raises:
            NotAccepted: there is no such change, it waits for no approval, or there is no such person.
        """
        return self._object("POST", "/approve", {"change": change, "by": by, "because": because})

    def refuse(self, change: str, because: str | None = None, by: str | None = None) -> dict[str, Any]:
        """Refuse a change request as one of the company's people: `{"change", "state", "approval"}`.

        Raises:
            NotAccepted: there is no such change, it waits for no approval, or there is no such person.
        """
        return self._object("POST", "/refuse", {"change": change, "by": by, "because": because})

    def reply(self, text: str, by: str | None = None, to: str | None = None) -> dict[str, Any]:
        """Reply in the Teams channel as one of the company's people: `{"message", "reply", "by"}`.

        Raises:
            NotAccepted: nothing was posted that could be replied to, or there is no such person.
        """
        return self._object("POST", "/reply", {"text": text, "by": by, "to": to})

    def settings(self, **changes: Any) -> dict[str, Any]:
        """Change how the systems behave (see `settings.Settings`); all the settings.

        Raises:
            NotAccepted: there is no such setting, or the value is of the wrong type.
        """
        return self._object("POST", "/settings", changes)

    def _object(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = self._ask(method, path, body)
        assert isinstance(answer, dict)
        return answer

    def _list(self, method: str, path: str, body: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        answer = self._ask(method, path, body)
        assert isinstance(answer, list)
        return answer

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        try:
            return ask(self.endpoints.admin + path, method, body)
        except urllib.error.HTTPError as error:
            with error:
                said = json.load(error)
            raise NotAccepted(said["error"]) from None
        except urllib.error.URLError as error:
            raise NoSandbox(f"The sandbox at {self.endpoints.admin} does not answer: {error.reason}") from error
