from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import httpx
import pytest

from integrations.sandbox.claim import AlreadyServed
from integrations.sandbox.endpoints import Endpoints
from integrations.sandbox.server import served
from integrations.sandbox.systems import SERVED


def test_every_system_listens_on_its_own_port_on_this_machine_only(running: Any) -> None:
    ports = {running.endpoints.port(name) for name in ("admin", *SERVED)}
    assert len(ports) == 1 + len(SERVED)
    assert Endpoints.read(running.home) == running.endpoints
    assert running.jira.get("/rest/api/3/serverInfo").json()["baseUrl"] == running.endpoints.jira
    assert running.servicenow.get("/rest/api/3/serverInfo").status_code == 400
    assert running.newrelic.get("/rest/api/3/serverInfo").status_code == 404
    with socket.socket() as other:
        other.bind(("127.0.0.2", running.endpoints.port("jira")))


def test_a_folder_is_served_once(running: Any) -> None:
    with pytest.raises(AlreadyServed, match=r"a sandbox already serves .* \(process \d+\)"), served(running.home):
        pass
    assert running.jira.get("/rest/api/3/myself").status_code == 200


def test_the_same_ports_are_used_again(tmp_path: Path) -> None:
    with served(tmp_path) as (_, first):
        pass
    with served(tmp_path) as (_, second):
        assert second == first


def test_a_port_that_is_taken_is_replaced(tmp_path: Path) -> None:
    with served(tmp_path) as (_, first):
        pass
    with socket.create_server(("127.0.0.1", first.port("jira"))), served(tmp_path) as (_, second):
        assert second.jira != first.jira
        assert second.servicenow == first.servicenow
        assert httpx.get(f"{second.jira}/rest/api/3/serverInfo", auth=("a", "b")).status_code == 200


def test_what_was_changed_is_there_after_a_restart(tmp_path: Path) -> None:
    with served(tmp_path) as (_, endpoints), httpx.Client(base_url=endpoints.jira, auth=("a", "b")) as jira:
        jira.post("/rest/api/3/issue/DEV-789/transitions", json={"transition": {"id": "21"}}).raise_for_status()
    with served(tmp_path) as (_, endpoints):
        issue = httpx.get(f"{endpoints.jira}/rest/api/3/issue/DEV-789", auth=("a", "b")).json()
    assert issue["fields"]["status"]["name"] == "In Progress"


def test_a_stream_that_somebody_reads_does_not_keep_it_from_ending(tmp_path: Path) -> None:
    with (
        served(tmp_path) as (_, endpoints),
        socket.create_connection(("127.0.0.1", endpoints.port("kubernetes"))) as end,
    ):
        request = b"GET /api/v1/pods?watch=true HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\n\r\n"
        end.sendall(request)
        assert end.recv(12) == b"HTTP/1.1 200"
