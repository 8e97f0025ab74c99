from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integrations.sandbox.kubernetes_resources import DEPLOYMENTS, EVENTS, NAMESPACES, PODS, REPLICA_SETS, Resource
from integrations.sandbox.kubernetes_table import age, table

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
META = {"name": "web", "creationTimestamp": "2026-03-02T08:57:00Z"}
TEMPLATE = {"spec": {"containers": [{"name": "a", "image": "a:1"}, {"name": "b", "image": "b:1"}]}}
SPEC = {"replicas": 3, "selector": {"matchLabels": {"tier": "x", "app": "web"}}, "template": TEMPLATE}


def pod(state: dict[str, Any], ready: str) -> dict[str, Any]:
    container = {"state": state, "restartCount": 2}
    status = {"phase": "Running", "containerStatuses": [container], "conditions": [{"type": "Ready", "status": ready}]}
    return {
        "kind": "Pod",
        "metadata": META,
        "spec": {"nodeName": "worker-1"},
        "status": {**status, "podIP": "10.1.1.1"},
    }


def cells(resource: Resource, body: dict[str, Any]) -> list[Any]:
    row = table(resource, [body], {}, NOW, "Metadata", True)["rows"][0]["cells"]
    assert isinstance(row, list)
    return row


@pytest.mark.parametrize(
    ("passed", "shown"),
    [
        (timedelta(seconds=-3), "0s"),
        (timedelta(seconds=119), "119s"),
        (timedelta(seconds=120), "2m"),
        (timedelta(minutes=5, seconds=10), "5m10s"),
        (timedelta(minutes=10, seconds=30), "10m"),
        (timedelta(hours=2, minutes=59), "179m"),
        (timedelta(hours=3, minutes=5), "3h5m"),
        (timedelta(hours=8, minutes=5), "8h"),
        (timedelta(hours=47), "47h"),
        (timedelta(days=2, hours=4), "2d4h"),
        (timedelta(days=41, hours=3), "41d"),
        (timedelta(days=800), "2y70d"),
    ],
)
def test_ages(passed: timedelta, shown: str) -> None:
    assert age((NOW - passed).strftime("%Y-%m-%dT%H:%M:%SZ"), NOW) == shown


def test_an_age_that_is_not_known() -> None:
    assert age(None, NOW) == "<unknown>"


def test_rows_of_deployments_and_replica_sets() -> None:
    status = {"replicas": 3, "updatedReplicas": 2, "readyReplicas": 1, "availableReplicas": 1}
    body = {"metadata": META, "spec": SPEC, "status": status}
    made_of = ["a,b", "a:1,b:1", "app=web,tier=x"]
    assert cells(DEPLOYMENTS, body) == ["web", "1/3", 2, 1, "3m", *made_of]
    assert cells(REPLICA_SETS, body) == ["web", 3, 3, 1, "3m", *made_of]
    assert cells(DEPLOYMENTS, {**body, "status": {}})[1:4] == ["0/3", 0, 0]


def test_rows_of_pods() -> None:
    where = ["10.1.1.1", "worker-1", "<none>", "<none>"]
    assert cells(PODS, pod({"running": {}}, "True")) == ["web", "1/1", "Running", "2", "3m", *where]
    crashing = pod({"waiting": {"reason": "CrashLoopBackOff"}}, "False")
    assert cells(PODS, crashing)[:3] == ["web", "0/1", "CrashLoopBackOff"]


def test_rows_of_namespaces_and_events() -> None:
    assert cells(NAMESPACES, {"metadata": META, "status": {"phase": "Active"}}) == ["web", "Active", "3m"]
    event = {"involvedObject": {"kind": "Pod", "name": "p"}, "reason": "BackOff", "message": "again", "type": "Warning"}
    event |= {"source": {"component": "kubelet"}, "count": 4, "metadata": META}
    event |= {"lastTimestamp": "2026-03-02T08:59:00Z", "firstTimestamp": "2026-03-02T08:50:00Z"}
    expected = ["60s", "Warning", "BackOff", "pod/p", "", "kubelet", "again", "10m", 4, "web"]
    assert cells(EVENTS, event) == expected


def test_what_comes_with_a_row() -> None:
    body = {**pod({"running": {}}, "True"), "sandbox": {"number": 1}}

    def row(include: str) -> dict[str, Any]:
        made = table(PODS, [body], {}, NOW, include, True)["rows"][0]
        assert isinstance(made, dict)
        return made

    assert "object" not in row("None")
    assert row("Metadata")["object"] == {
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": META,
    }
    assert row("Object")["object"] == pod({"running": {}}, "True")


def test_only_a_titled_table_describes_its_columns() -> None:
    assert table(PODS, [], {}, NOW, "None", False)["columnDefinitions"] is None
    titled = table(PODS, [], {"resourceVersion": "4"}, NOW, "None", True)
    assert titled["columnDefinitions"][0]["format"] == "name"
    assert titled["metadata"] == {"resourceVersion": "4"}
