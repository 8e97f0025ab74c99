"""Each fault on a real socket: what a client sees, and what was done all the same."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from integrations.sandbox.faults import Fault, Faults
from integrations.sandbox.server import served
from integrations.sandbox.world import World

COMMENT = "/rest/api/3/issue/DEV-456/comment"
TEXT = {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": [{"type": "text", "text": "hi"}]}]}
SYSTEMS = ("jira", "servicenow")


def comments(running: Any) -> int:
    return len(running.admin.state()["jira"]["issues"]["DEV-456"]["comments"])


def test_a_status_is_answered_and_nothing_is_done(running: Any) -> None:
    running.admin.fault(system="jira", kind="status", status=503)
    before = comments(running)
    answer = running.jira.post(COMMENT, json={"body": TEXT})
    assert (answer.status_code, answer.text, answer.headers["Retry-After"]) == (503, "Service Unavailable", "1")
    assert comments(running) == before
    assert running.jira.post(COMMENT, json={"body": TEXT}).status_code == 201
    assert [entry["status"] for entry in running.admin.journal("jira")] == [503, 201]


def test_a_status_may_bring_a_body(running: Any) -> None:
    body = {"errorMessages": ["You do not have permission."], "errors": {}}
    running.admin.fault(system="jira", kind="status", status=403, body=body)
    answer = running.jira.get("/rest/api/3/myself")
    assert (answer.status_code, answer.json()) == (403, body)
    assert "Retry-After" not in answer.headers


def test_latency_delays_the_answer(running: Any) -> None:
    running.admin.fault(system="jira", kind="latency", seconds=0.2)
    began = time.monotonic()
    assert running.jira.get("/rest/api/3/myself").status_code == 200
    assert time.monotonic() - began >= 0.2


def test_a_dropped_connection_brings_no_answer_and_nothing_is_done(running: Any) -> None:
    running.admin.fault(system="jira", kind="drop")
    before = comments(running)
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        running.jira.post(COMMENT, json={"body": TEXT})
    assert comments(running) == before
    assert [entry["status"] for entry in running.admin.journal("jira")] == [None]
    assert running.jira.get("/rest/api/3/myself").status_code == 200


def test_a_lost_reply_brings_no_answer_though_the_work_is_done(running: Any) -> None:
    running.admin.fault(system="jira", kind="lost-reply")
    before = comments(running)
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        running.jira.post(COMMENT, json={"body": TEXT})
    assert comments(running) == before + 1
    assert [entry["status"] for entry in running.admin.journal("jira")] == [201]


@pytest.mark.parametrize("kind", ["drop", "lost-reply"])
def test_other_connections_are_left_alone(running: Any, kind: str) -> None:
    with httpx.Client(base_url=running.endpoints.jira, auth=("a", "b")) as other:
        assert other.get("/rest/api/3/myself").status_code == 200
        running.admin.fault(system="jira", kind=kind)
        with pytest.raises(httpx.RemoteProtocolError):
            running.jira.get("/rest/api/3/myself")
        assert other.get("/rest/api/3/myself").status_code == 200


def test_a_fault_befalls_only_the_requests_it_is_for(running: Any) -> None:
    running.admin.fault(system="jira", kind="status", method="post", path=r"/comment$")
    assert running.jira.get(COMMENT).status_code == 200
    assert running.jira.post(f"{COMMENT}?expand=properties", json={"body": TEXT}).status_code == 201
    assert running.servicenow.post("/api/now/table/incident", json={}).status_code == 201
    assert running.jira.post(COMMENT, json={"body": TEXT}).status_code == 503


def test_the_query_counts_as_path(running: Any) -> None:
    running.admin.fault(system="jira", kind="status", path="expand=transitions")
    assert running.jira.get("/rest/api/3/issue/DEV-456").status_code == 200
    assert running.jira.get("/rest/api/3/issue/DEV-456?expand=transitions").status_code == 503


def test_a_fault_happens_as_often_as_it_says(running: Any) -> None:
    running.admin.fault(system="jira", kind="status", status=500, times=2)
    assert [running.jira.get("/rest/api/3/myself").status_code for _ in range(3)] == [500, 500, 200]
    assert running.admin.state()["faults"] == []


def test_a_fault_without_end_goes_on_until_it_is_cleared(running: Any) -> None:
    running.admin.fault(system="jira", kind="status", status=500, times=None)
    assert {running.jira.get("/rest/api/3/myself").status_code for _ in range(4)} == {500}
    running.admin.clear_faults()
    assert running.jira.get("/rest/api/3/myself").status_code == 200


def test_faults_come_in_the_order_they_were_made(running: Any) -> None:
    running.admin.fault(system="jira", kind="status", status=500)
    waiting = running.admin.fault(system="jira", kind="status", status=502)
    assert [each["status"] for each in waiting] == [500, 502]
    assert [running.jira.get("/rest/api/3/myself").status_code for _ in range(3)] == [500, 502, 200]


def test_a_fault_outlives_the_process(tmp_path: Path) -> None:
    with served(tmp_path) as (world, _):
        Faults(world).add(Fault("servicenow", "status", status=429))
    with served(tmp_path) as (_, endpoints):
        answer = httpx.get(f"{endpoints.servicenow}/api/now/table/incident", auth=("a", "b"))
        assert answer.status_code == 429


@pytest.mark.parametrize(
    ("spec", "wrong"),
    [
        ({"kind": "drop"}, "system must be one of jira, servicenow, not None"),
        ({"system": "jira"}, "kind must be one of status, latency, drop, lost-reply, not None"),
        ({"system": "jira", "kind": "explode"}, "not 'explode'"),
        ({"system": "jira", "kind": "status", "status": 99}, "status must be an HTTP status, not 99"),
        ({"system": "jira", "kind": "latency", "seconds": "1"}, "seconds must be from 0 to 3600, not '1'"),
        ({"system": "jira", "kind": "drop", "times": 0}, "times must be 1 or more, or null for always, not 0"),
        ({"system": "jira", "kind": "drop", "path": "("}, r"path '\(' is no regular expression"),
        ({"system": "jira", "kind": "drop", "when": "now"}, "a fault has no 'when'; it has system, kind, method"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(spec: dict[str, Any], wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        Fault.read(spec, SYSTEMS)


def test_nothing_befalls_a_world_without_faults(world: World) -> None:
    assert Faults(world).take("jira", "GET", "/") is None
