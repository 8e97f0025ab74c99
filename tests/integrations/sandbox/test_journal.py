from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import httpx
import pytest

from integrations.sandbox.journal import Journal
from integrations.sandbox.server import served
from integrations.sandbox.world import World

TEXT = {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": [{"type": "text", "text": "hi"}]}]}


def test_a_request_is_kept_with_its_answer(running: Any) -> None:
    running.jira.post("/rest/api/3/issue/DEV-456/comment?expand=properties", json={"body": TEXT})
    running.clock.pass_by(5)
    running.jira.get("/rest/api/3/issue/NO-1")
    assert running.admin.journal() == [
        {
            "at": "2026-03-02T09:00:00+00:00",
            "system": "jira",
            "method": "POST",
            "path": "/rest/api/3/issue/DEV-456/comment?expand=properties",
            "body": {"body": TEXT},
            "status": 201,
            "idempotency_key": None,
        },
        {
            "at": "2026-03-02T09:00:05+00:00",
            "system": "jira",
            "method": "GET",
            "path": "/rest/api/3/issue/NO-1",
            "body": None,
            "status": 404,
            "idempotency_key": None,
        },
    ]


def test_credentials_are_not_kept(running: Any) -> None:
    httpx.get(f"{running.endpoints.jira}/rest/api/3/myself", auth=("dana", "s3cr3t-t0ken"))
    httpx.post(
        f"{running.endpoints.newrelic}/graphql",
        headers={"API-Key": "NRAK-S3CR3T"},
        json={"query": "{actor{__typename}}"},
    )
    assert len(running.admin.journal()) == 2
    stored = b"".join(each.read_bytes() for each in running.home.glob("world.db*"))
    assert b"s3cr3t" not in stored.lower()


@pytest.mark.parametrize(
    ("content", "kind", "body"),
    [
        (b'{"a": 1}', "application/json", {"a": 1}),
        (b"{not json", "application/json", "{not json"),
        (b"a=1&b=x+y", "application/x-www-form-urlencoded", {"a": "1", "b": "x y"}),
        (b"", "text/plain", None),
    ],
)
def test_a_body_is_kept_as_json_or_as_text(running: Any, content: bytes, kind: str, body: Any) -> None:
    running.jira.post("/rest/api/3/issue/DEV-456/comment", content=content, headers={"Content-Type": kind})
    assert running.admin.journal()[0]["body"] == body


@pytest.mark.parametrize(
    ("headers", "body", "key"),
    [
        ({"Idempotency-Key": "k-1"}, {}, "k-1"),
        ({"Idempotency-Key": "k-1"}, {"correlation_id": "k-2"}, "k-1"),
        ({}, {"correlation_id": "k-2", "short_description": "x"}, "k-2"),
        ({}, {"body": TEXT, "properties": [{"key": "devos", "value": "k-3"}]}, "k-3"),
        ({}, {"body": TEXT, "properties": [{"key": "devos", "value": {"key": "k-4"}}]}, "k-4"),
        ({}, {"variables": {"deployment": {"groupId": "k-5"}}}, "k-5"),
        ({}, {"metadata": {"annotations": {"example.com/idempotency-key": "k-6"}}}, "k-6"),
        ({}, [{"op": "replace", "path": "/spec/replicas", "value": 3}], None),
        ({}, {"body": TEXT, "properties": []}, None),
    ],
)
def test_the_key_a_client_sent_along_is_found(
    running: Any, headers: dict[str, str], body: Any, key: str | None
) -> None:
    running.jira.post("/rest/api/3/issue/DEV-456/comment", json=body, headers=headers)
    assert running.admin.journal()[0]["idempotency_key"] == key


def test_only_one_system_when_it_is_named(running: Any) -> None:
    running.jira.get("/rest/api/3/myself")
    running.servicenow.get("/api/now/table/incident")
    assert [entry["system"] for entry in running.admin.journal()] == ["jira", "servicenow"]
    assert [entry["system"] for entry in running.admin.journal("servicenow")] == ["servicenow"]
    assert running.admin.journal("rancher") == []


def test_the_journal_outlives_the_process(tmp_path: Path) -> None:
    with served(tmp_path) as (_, endpoints):
        httpx.get(f"{endpoints.jira}/rest/api/3/myself", auth=("a", "b"))
    with served(tmp_path) as (world, endpoints):
        httpx.get(f"{endpoints.jira}/rest/api/3/serverInfo", auth=("a", "b"))
        paths = [entry["path"] for entry in Journal(world).entries()]
    assert paths == ["/rest/api/3/myself", "/rest/api/3/serverInfo"]


def test_an_entry_is_on_disk_when_its_answer_comes(running: Any, tmp_path: Path) -> None:
    running.jira.get("/rest/api/3/myself")
    elsewhere = World(running.home)
    assert len(Journal(elsewhere).entries("jira")) == 1
    elsewhere.close()


def test_a_request_that_was_never_sent_whole_is_none(running: Any) -> None:
    with socket.create_connection(("127.0.0.1", running.endpoints.port("jira"))) as half:
        half.sendall(b"POST /rest/api/3/issue/DEV-456/comment HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{")
    running.jira.get("/rest/api/3/myself")
    assert [entry["method"] for entry in running.admin.journal()] == ["GET"]


def test_an_entry_may_be_finished_later(world: World) -> None:
    journal = Journal(world)
    number = journal.record("cdk", "EXEC", "deploy UserAuthStagingStack", {"arguments": []})
    assert journal.entries()[0]["status"] is None
    journal.finish(number, 1)
    assert journal.entries()[0]["status"] == 1
    assert json.dumps(journal.entries())
    journal.clear()
    assert journal.entries() == []
