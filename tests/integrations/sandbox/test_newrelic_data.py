"""The numbers New Relic shows follow from the cluster's state."""

from __future__ import annotations

from typing import Any

import pytest

WEB = "deploymentName = 'web-app' AND namespaceName = 'production'"


def scale(running: Any, replicas: int, environment: str = "production") -> None:
    import httpx

    path = f"/apis/apps/v1/namespaces/{environment}/deployments/web-app/scale"
    headers = {"Authorization": "Bearer t", "Content-Type": "application/merge-patch+json"}
    httpx.patch(
        running.endpoints.kubernetes + path, json={"spec": {"replicas": replicas}}, headers=headers
    ).raise_for_status()


def usage(running: Any) -> dict[str, Any]:
    select = "average(cpuCoresUtilization), average(cpuUsedCores), average(memoryUsedBytes), uniqueCount(podName)"
    row: dict[str, Any] = running.nrql(f"SELECT {select} FROM K8sContainerSample WHERE {WEB} SINCE 5 minutes ago")[0]
    return row


def health(running: Any, where: str = "appName = 'web-app' AND environment = 'production'") -> dict[str, Any]:
    select = "count(*), percentage(count(*), WHERE error IS true), average(duration)"
    row: dict[str, Any] = running.nrql(f"SELECT {select} FROM Transaction WHERE {where} SINCE 15 minutes ago")[0]
    return row


def test_use_per_pod_falls_as_replicas_rise(running: Any) -> None:
    before = usage(running)
    assert before["average.cpuCoresUtilization"] == pytest.approx(84, abs=3)
    assert before["uniqueCount.podName"] == 4
    assert 256 * 2**20 * 0.3 < before["average.memoryUsedBytes"] < 256 * 2**20
    scale(running, 10)
    running.clock.pass_by(10)
    after = usage(running)
    assert after["uniqueCount.podName"] == 10
    assert after["average.cpuCoresUtilization"] == pytest.approx(33.6, abs=2)
    assert after["average.memoryUsedBytes"] < before["average.memoryUsedBytes"]


def test_too_few_pods_are_at_their_limit_and_slow(running: Any) -> None:
    quick = health(running)["average.duration"]
    scale(running, 1)
    running.clock.pass_by(10)
    assert usage(running)["average.cpuCoresUtilization"] <= 98
    assert usage(running)["average.cpuUsedCores"] <= 0.25
    assert health(running)["average.duration"] > quick


def test_the_same_moment_gives_the_same_numbers(running: Any) -> None:
    assert usage(running) == usage(running)
    first = usage(running)
    running.clock.pass_by(3600)
    assert usage(running) != first


def test_pods_report_their_state_and_no_processor(running: Any) -> None:
    query = f"SELECT uniqueCount(podName), latest(status), average(cpuUsedCores) FROM K8sPodSample WHERE {WEB}"
    assert running.nrql(query) == [{"uniqueCount.podName": 4, "latest.status": "Running", "average.cpuUsedCores": None}]
    running.admin.settings(pods_never_ready=["production/web-app"])
    scale(running, 6)
    running.clock.pass_by(60)
    faceted = running.nrql(f"SELECT uniqueCount(podName) FROM K8sPodSample WHERE {WEB} FACET status")
    assert {row["facet"]: row["uniqueCount.podName"] for row in faceted} == {"Running": 4, "Pending": 2}


def test_a_healthy_service_fails_rarely(running: Any) -> None:
    row = health(running)
    assert row["count"] == 1840 * 15
    assert row["percentage"] == pytest.approx(0.2, abs=0.01)
    staging = health(running, "appName = 'web-app' AND environment = 'staging'")
    assert staging["count"] == pytest.approx(1840 * 15 * 0.05, abs=1)


def test_an_unhealthy_one_fails_often_where_it_is_unhealthy(running: Any) -> None:
    running.admin.settings(unhealthy=["production/web-app"])
    assert health(running)["percentage"] == pytest.approx(14, abs=0.1)
    assert health(running, "appName = 'web-app' AND environment = 'staging'")["percentage"] < 1
    shown = running.admin.state()["newrelic"]["services"]
    assert shown["production/web-app"] == {"requests_per_minute": 1840, "error_percent": pytest.approx(14)}


def test_missing_pods_make_requests_fail(running: Any) -> None:
    running.admin.settings(pods_never_ready=["production/web-app"])
    scale(running, 20)
    running.clock.pass_by(60)
    assert health(running)["percentage"] == pytest.approx(8, abs=0.1)


def test_what_does_not_run_sends_nothing(running: Any) -> None:
    scale(running, 0)
    running.clock.pass_by(60)
    assert health(running)["count"] == 0
    assert usage(running)["uniqueCount.podName"] == 0
    assert running.nrql("SELECT count(*) FROM MadeUp") == [{"count": 0}]


def test_a_long_window_is_no_longer_answer(running: Any) -> None:
    rows = running.nrql(f"SELECT count(*) FROM K8sContainerSample WHERE {WEB} SINCE 1 day ago")
    assert rows == [{"count": 160}]
