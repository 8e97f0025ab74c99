"""The programs people really use, against the simulated cluster: the official Python client and kubectl."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from integrations.sandbox.server import served


def test_the_official_client_reads_scales_and_watches(running: Any) -> None:
    kubernetes = pytest.importorskip("kubernetes", reason="needs the extra: pip install 'devos[kubernetes]'")
    settings = kubernetes.client.Configuration(host=running.endpoints.kubernetes)
    settings.api_key = {"authorization": "Bearer somebody"}
    with kubernetes.client.ApiClient(settings) as client:
        apps, core = kubernetes.client.AppsV1Api(client), kubernetes.client.CoreV1Api(client)
        body = apps.read_namespaced_deployment("web-app", "production")
        assert (body.spec.replicas, body.status.available_replicas) == (4, 4)
        assert body.metadata.creation_timestamp == running.clock.at - timedelta(days=41, hours=3)
        scale = apps.patch_namespaced_deployment_scale("web-app", "production", {"spec": {"replicas": 6}})
        assert scale.spec.replicas == 6
        scale = apps.read_namespaced_deployment_scale("web-app", "production")
        scale.spec.replicas = 5
        assert apps.replace_namespaced_deployment_scale("web-app", "production", scale).spec.replicas == 5
        with pytest.raises(kubernetes.client.ApiException) as conflict:
            apps.replace_namespaced_deployment_scale("web-app", "production", scale)
        assert conflict.value.status == 409
        running.clock.pass_by(10)
        pods = core.list_namespaced_pod("production", label_selector="app=web-app").items
        assert [each.status.phase for each in pods] == ["Running"] * 5
        stream = kubernetes.watch.Watch().stream(apps.list_namespaced_deployment, "production", timeout_seconds=1)
        names = [event["object"].metadata.name for event in stream]
        assert "web-app" in names
        review = {"spec": {"resourceAttributes": {"verb": "patch", "resource": "deployments", "group": "apps"}}}
        answer = kubernetes.client.AuthorizationV1Api(client).create_self_subject_access_review(review)
        assert answer.status.allowed


KUBECTL = shutil.which("kubectl")


@pytest.mark.skipif(KUBECTL is None, reason="install with: apt-get install kubernetes-client")
class TestKubectl:
    @pytest.fixture
    def kubectl(self, tmp_path: Path) -> Iterator[Callable[..., str]]:
        with served(tmp_path) as (world, endpoints):
            world.change_settings(rollout_seconds=0.3)

            def run(*arguments: str, code: int = 0) -> str:
                command = [str(KUBECTL), f"--server={endpoints.kubernetes}", "--token=somebody", "-n", "production"]
                cache = f"--cache-dir={tmp_path / 'cache'}"
                done = subprocess.run([*command, cache, *arguments], capture_output=True, text=True, timeout=60)
                assert done.returncode == code, done.stderr
                return done.stdout + done.stderr

            yield run

    def test_get(self, kubectl: Callable[..., str]) -> None:
        lines = [line.split() for line in kubectl("get", "deployments").splitlines()]
        assert lines[0] == ["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"]
        assert ["web-app", "4/4", "4", "4", "41d"] in lines
        assert "deployment.apps/checkout" in kubectl("get", "all", "-o", "name")
        assert 'deployments.apps "nope" not found' in kubectl("get", "deployment", "nope", code=1)

    def test_api_resources(self, kubectl: Callable[..., str]) -> None:
        assert ["deployments", "deploy", "apps/v1", "true", "Deployment"] in [
            line.split() for line in kubectl("api-resources").splitlines()
        ]

    def test_scale_and_rollout_status(self, kubectl: Callable[..., str]) -> None:
        assert kubectl("scale", "deployment/web-app", "--replicas=10") == "deployment.apps/web-app scaled\n"
        told = kubectl("rollout", "status", "deployment/web-app", "--timeout=60s")
        assert told.endswith('deployment "web-app" successfully rolled out\n')
        assert kubectl("get", "deployment", "web-app", "-o", "jsonpath={.status.readyReplicas}") == "10"

    def test_dry_run(self, kubectl: Callable[..., str]) -> None:
        assert "scaled" in kubectl("scale", "deployment/web-app", "--replicas=7", "--dry-run=server")
        assert kubectl("get", "deployment", "web-app", "-o", "jsonpath={.spec.replicas}") == "4"

    def test_set_image_and_undo(self, kubectl: Callable[..., str]) -> None:
        kubectl("set", "image", "deployment/checkout", "checkout=registry.example.com/checkout:3.9.0")
        kubectl("rollout", "status", "deployment/checkout", "--timeout=60s")
        kubectl("rollout", "undo", "deployment/checkout")
        kubectl("rollout", "status", "deployment/checkout", "--timeout=60s")
        image = "jsonpath={.spec.template.spec.containers[0].image}"
        assert kubectl("get", "deployment", "checkout", "-o", image) == "registry.example.com/checkout:3.8.1"

    def test_describe(self, kubectl: Callable[..., str]) -> None:
        kubectl("scale", "deployment/checkout", "--replicas=2")
        told = kubectl("describe", "deployment", "checkout")
        assert "2 desired | 2 updated | 2 total | 2 available | 0 unavailable" in told
        assert "ScalingReplicaSet" in told
