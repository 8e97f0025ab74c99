from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integrations.sandbox.kubernetes_conditions import allowance, progress_due, report

Body = dict[str, Any]

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NEWEST = {"metadata": {"name": "web-2"}}


def deployment(replicas: int = 4, **spec: Any) -> Body:
    spec = {"strategy": {"type": "RollingUpdate"}, "progressDeadlineSeconds": 60, **spec, "replicas": replicas}
    return {"metadata": {"generation": 1}, "spec": spec, "status": {}}


def pods(ready: int, waiting: int = 0) -> list[Body]:
    states = ["True"] * ready + ["False"] * waiting
    return [{"status": {"conditions": [{"type": "Ready", "status": state}]}} for state in states]


def told(body: Body, type_: str) -> tuple[str, str]:
    found = next(each for each in body["status"]["conditions"] if each["type"] == type_)
    return found["status"], found["reason"]


def write(body: Body, all_: list[Body], updated: list[Body], seconds: int = 0) -> None:
    report(body, NEWEST, all_, updated, AT + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("replicas", "rolling", "surge", "missing"),
    [
        (4, {}, 1, 1),
        (10, {}, 3, 2),
        (3, {"maxSurge": "25%", "maxUnavailable": "25%"}, 1, 0),
        (3, {"maxSurge": 0, "maxUnavailable": 0}, 0, 1),
        (10, {"maxSurge": 2, "maxUnavailable": "50%"}, 2, 5),
        (0, {}, 0, 0),
    ],
)
def test_allowance(replicas: int, rolling: Body, surge: int, missing: int) -> None:
    body = deployment(replicas, strategy={"type": "RollingUpdate", "rollingUpdate": rolling})
    assert allowance(body) == (surge, missing)


def test_recreating_may_do_without_any_pod() -> None:
    assert allowance(deployment(4, strategy={"type": "Recreate"})) == (0, 4)


def test_a_rollout_progresses_and_completes() -> None:
    body = deployment()
    write(body, [], [])
    assert told(body, "Progressing") == ("True", "NewReplicaSetCreated")
    assert told(body, "Available") == ("False", "MinimumReplicasUnavailable")
    write(body, pods(1, 3), pods(1, 3), 1)
    assert told(body, "Progressing") == ("True", "ReplicaSetUpdated")
    assert body["status"]["unavailableReplicas"] == 3
    write(body, pods(4), pods(4), 2)
    assert told(body, "Progressing") == ("True", "NewReplicaSetAvailable")
    assert told(body, "Available") == ("True", "MinimumReplicasAvailable")
    assert "unavailableReplicas" not in body["status"]
    assert progress_due(body) is None


def test_a_rollout_without_progress_is_late_once() -> None:
    body = deployment()
    write(body, pods(0, 4), pods(0, 4))
    assert progress_due(body) == AT + timedelta(seconds=60)
    write(body, pods(0, 4), pods(0, 4), 59)
    assert told(body, "Progressing")[0] == "True"
    write(body, pods(0, 4), pods(0, 4), 60)
    assert told(body, "Progressing") == ("False", "ProgressDeadlineExceeded")
    assert progress_due(body) is None
    write(body, pods(1, 3), pods(1, 3), 90)
    assert told(body, "Progressing") == ("True", "ReplicaSetUpdated")


def test_progress_moves_the_deadline() -> None:
    body = deployment()
    write(body, pods(0, 4), pods(0, 4))
    write(body, pods(1, 3), pods(1, 3), 50)
    assert progress_due(body) == AT + timedelta(seconds=110)


def test_without_a_deadline_nothing_is_late() -> None:
    body = deployment(progressDeadlineSeconds=None)
    write(body, pods(0, 4), pods(0, 4))
    assert progress_due(body) is None


def test_scaling_a_complete_deployment_is_no_rollout() -> None:
    body = deployment()
    write(body, pods(4), pods(4))
    body["spec"]["replicas"] = 6
    write(body, pods(4, 2), pods(4, 2), 5)
    assert told(body, "Progressing") == ("True", "NewReplicaSetAvailable")
    assert progress_due(body) is None


def test_a_new_replica_set_begins_again() -> None:
    body = deployment()
    write(body, pods(4), pods(4))
    report(body, {"metadata": {"name": "web-3"}}, pods(4), [], AT + timedelta(seconds=5))
    assert told(body, "Progressing") == ("True", "NewReplicaSetCreated")
    assert progress_due(body) == AT + timedelta(seconds=65)


def test_a_condition_keeps_the_time_since_it_holds() -> None:
    body = deployment()
    write(body, pods(0, 4), pods(0, 4))
    write(body, pods(1, 3), pods(1, 3), 30)
    found = next(each for each in body["status"]["conditions"] if each["type"] == "Progressing")
    assert (found["lastTransitionTime"], found["lastUpdateTime"]) == ("2026-03-02T09:00:00Z", "2026-03-02T09:00:30Z")
