from __future__ import annotations

import json
import urllib.error
from typing import Any

import pytest

from integrations.sandbox.loopback import ask


def test_json_goes_and_comes(running: Any) -> None:
    assert ask(f"{running.endpoints.admin}/health")["status"] == "ok"
    assert ask(f"{running.endpoints.admin}/settings", "POST", {"cdk_seconds": 7})["cdk_seconds"] == 7


def test_a_proxy_in_the_environment_is_passed_by(running: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert ask(f"{running.endpoints.admin}/health")["status"] == "ok"


def test_a_refusal_can_be_read(running: Any) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        ask(f"{running.endpoints.admin}/settings", "POST", {"speed": 1})
    with caught.value as answer:
        assert "there is no setting 'speed'" in json.load(answer)["error"]


def test_nobody_there_is_an_os_error() -> None:
    with pytest.raises(OSError, match="refused"):
        ask("http://127.0.0.1:9/health", timeout=5)
