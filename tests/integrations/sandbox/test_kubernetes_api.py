from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from integrations.sandbox.kubernetes_api import VIEWER
from integrations.sandbox.server import served

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
WEB_APP = "/apis/apps/v1/namespaces/production/deployments/web-app"
PODS = "/api/v1/namespaces/production/pods"


@pytest.fixture
def http(tmp_path: Path) -> Iterator[httpx.Client]:
    with (
        served(tmp_path, lambda: AT) as (_, endpoints),
        httpx.Client(base_url=endpoints.kubernetes, headers={"Authorization": "Bearer somebody"}) as client,
    ):
        yield client


def get(http: httpx.Client, path: str, **options: Any) -> Any:
    response = http.get(path, **options)
    assert response.status_code == 200, response.text
    return response.json()


@pytest.mark.parametrize("header", ["", "Bearer", "Basic c29tZTpib2R5"])
def test_without_a_token_there_is_no_answer(http: httpx.Client, header: str) -> None:
    for path in ("/api", "/apis", WEB_APP):
        assert http.get(path, headers={"Authorization": header}).status_code == 401


def test_kubectl_is_let_in_without_one_and_anybody_may_ask_for_the_version(http: httpx.Client) -> None:
    nobody = {"Authorization": ""}
    assert http.get(WEB_APP, headers={**nobody, "User-Agent": "kubectl/v1.32.4 (linux/amd64)"}).status_code == 200
    assert http.get("/version", headers=nobody).json()["gitVersion"].startswith("v1.")
    assert http.get("/readyz", headers=nobody).text == "ok"


def test_the_viewer_may_look_but_not_touch(http: httpx.Client) -> None:
    viewer = {"Authorization": f"Bearer {VIEWER}"}
    assert http.get(WEB_APP, headers=viewer).status_code == 200
    pod = get(http, PODS)["items"][0]["metadata"]["name"]
    assert http.delete(f"{PODS}/{pod}", headers=viewer).status_code == 403
    answer = http.put(f"{WEB_APP}/scale", headers=viewer, json={})
    assert 'User "viewer" cannot update resource "deployments/scale"' in answer.json()["message"]


def test_replacing_a_deployment_keeps_others_from_being_overwritten(http: httpx.Client) -> None:
    body = get(http, WEB_APP)
    body["spec"]["replicas"] = 5
    assert http.put(WEB_APP, json=body).json()["metadata"]["generation"] == 2
    body["spec"]["replicas"] = 6
    assert http.put(WEB_APP, json=body).status_code == 409
    assert get(http, WEB_APP)["spec"]["replicas"] == 5


def test_a_status_can_be_read_and_written(http: httpx.Client) -> None:
    body = get(http, f"{WEB_APP}/status")
    assert body["status"]["readyReplicas"] == 4
    patch = {"status": {"collisionCount": 1}, "spec": {"replicas": 9}}
    headers = {"Content-Type": "application/merge-patch+json"}
    answer = http.patch(f"{WEB_APP}/status", headers=headers, json=patch).json()
    assert (answer["status"]["collisionCount"], answer["spec"]["replicas"]) == (1, 4)


def test_deleting_for_show_deletes_nothing(http: httpx.Client) -> None:
    pod = get(http, PODS)["items"][0]["metadata"]["name"]
    for options in ({"params": {"dryRun": "All"}}, {"json": {"dryRun": ["All"]}}):
        answer = http.request("DELETE", f"{PODS}/{pod}", **options)
        assert answer.json()["metadata"]["deletionTimestamp"] == "2026-03-02T09:00:00Z"
    assert get(http, f"{PODS}/{pod}")["metadata"]["name"] == pod


def test_what_cannot_be_read(http: httpx.Client) -> None:
    merge = {"Content-Type": "application/merge-patch+json"}
    answer = http.patch(f"{WEB_APP}?dryRun=Some", headers=merge, json={"spec": {"replicas": 1}})
    assert (answer.status_code, "supported values" in answer.json()["message"]) == (422, True)
    assert http.patch(WEB_APP, headers={"Content-Type": "text/plain"}, content="{}").status_code == 415
    assert http.put(WEB_APP, headers={"Content-Type": "application/yaml"}, content="{}").status_code == 415
    assert http.put(WEB_APP, headers={"Content-Type": "application/json"}, content="{").status_code == 400
    assert http.put(WEB_APP, json=[]).status_code == 400
    assert http.get(PODS, params={"watch": "1", "timeoutSeconds": "long"}).status_code == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", WEB_APP),
        ("DELETE", WEB_APP),
        ("PATCH", PODS),
        ("POST", "/api/v1/namespaces"),
        ("DELETE", f"{WEB_APP}/scale"),
    ],
)
def test_what_is_not_offered(http: httpx.Client, method: str, path: str) -> None:
    answer = http.request(method, path)
    assert (answer.status_code, answer.json()["reason"]) == (405, "MethodNotAllowed")


@pytest.mark.parametrize("path", [f"{WEB_APP}/nothing", "/api/v1/nothings", "/api/v1/namespaces/production/namespaces"])
def test_kinds_that_are_not_there(http: httpx.Client, path: str) -> None:
    assert http.get(path).json()["message"] == "the server could not find the requested resource"


def test_paths_that_are_not_there(http: httpx.Client) -> None:
    answer = http.get("/apis/nothing/v1")
    assert (answer.status_code, answer.text) == (404, "404 page not found\n")


def test_lists_across_namespaces(http: httpx.Client) -> None:
    names = [
        f"{each['metadata']['namespace']}/{each['metadata']['name']}"
        for each in get(http, "/apis/apps/v1/deployments", params={"labelSelector": "app=web-app"})["items"]
    ]
    assert names == ["production/web-app", "staging/web-app"]


def test_a_watch_from_the_future_has_expired(http: httpx.Client) -> None:
    answer = http.get(PODS, params={"watch": "true", "resourceVersion": "999999"})
    assert (answer.status_code, answer.json()["reason"]) == (410, "Expired")


def test_a_watch_may_be_a_table_and_tell_its_beginning(http: httpx.Client) -> None:
    headers = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}
    query = {"watch": "true", "sendInitialEvents": "true", "allowWatchBookmarks": "true", "timeoutSeconds": "1"}
    with http.stream("GET", "/api/v1/namespaces", headers=headers, params=query) as stream:
        lines = [httpx.Response(200, text=line).json() for line in stream.iter_lines()]
    assert [each["type"] for each in lines] == ["ADDED"] * (len(lines) - 1) + ["BOOKMARK"]
    assert lines[0]["object"]["columnDefinitions"][0]["name"] == "Name"
    assert lines[1]["object"]["columnDefinitions"] is None
