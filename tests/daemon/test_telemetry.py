"""Telemetry: what a collector receives, decoded by OpenTelemetry's own messages from what crossed the wire."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from daemon.telemetry import NoTelemetry, Telemetry
from policies.audit.checkpoint import Signer
from policies.audit.log import Entry, Log

pytest.importorskip("opentelemetry.sdk", reason="the extra telemetry is not installed")

SECRETS = ("anna", "web-app", "scale web-app to 10", "Northbridge")


class Collector:
    """Takes OTLP over HTTP."""

    def __init__(self) -> None:
        from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

        self.bodies: list[bytes] = []
        self.spans: list[Any] = []
        self.metrics: dict[str, Any] = {}
        self.resource: dict[str, str] = {}
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                collector.bodies.append(body)
                if self.path == "/v1/traces":
                    for each in ExportTraceServiceRequest.FromString(body).resource_spans:
                        collector.resource = attributes(each.resource)
                        for scope in each.scope_spans:
                            collector.spans.extend(scope.spans)
                elif self.path == "/v1/metrics":
                    for each in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                        for scope in each.scope_metrics:
                            collector.metrics.update({metric.name: metric for metric in scope.metrics})
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def attributes(of: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in of.attributes}


@pytest.fixture
def collector() -> Iterator[Collector]:
    with closing(Collector()) as found:
        yield found


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    with closing(Log(tmp_path / "audit.db", Signer.load_or_create(tmp_path / "keys"))) as found:
        yield found


def carry_out(log: Log, run: str = "261120-00000001", status: str = "done") -> None:
    """What a run leaves in the log."""
    told = {"person": "anna", "channel": "voice", "intent": "scale_deployment", "tier": "medium"}
    log.append_now(Entry("devos.run.started", run, None, None, told, {"text": "scale web-app to 10"}))
    for plan in (True, False):
        intended = {"level": "auto", "plan": plan, "target": "web-app", "facts": {"customer": "Northbridge"}}
        log.append_now(Entry("devos.action.intended", run, 1, "kubernetes.deployment", intended, {"args": ["web-app"]}))
        log.append_now(
            Entry("devos.action.done", run, 1, "kubernetes.deployment", {"plan": plan}, {"value": "web-app"})
        )
    log.append_now(Entry("devos.action.intended", run, 2, "kubernetes.scale", {"level": "confirm", "plan": False}))
    log.append_now(Entry("devos.action.failed", run, 2, "kubernetes.scale", {"plan": False}))
    log.append_now(Entry("devos.run.finished", run, None, None, {"status": status}, {"said": "web-app is at 10"}))


async def test_a_run_arrives_as_a_trace_of_its_actions(collector: Collector, log: Log) -> None:
    telemetry = Telemetry(collector.url)
    carry_out(log)
    assert telemetry.take(log, 0) == log.checkpoint().size
    await telemetry.close()
    spans = {each.name: each for each in collector.spans}
    assert (
        spans.keys() == {"scale_deployment", "kubernetes.deployment", "kubernetes.scale"} and len(collector.spans) == 3
    )
    root = spans["scale_deployment"]
    assert attributes(root) == {
        "devos.run": "261120-00000001",
        "devos.status": "done",
        "devos.intent": "scale_deployment",
        "devos.tier": "medium",
        "devos.channel": "voice",
    }
    inner = spans["kubernetes.scale"]
    assert inner.parent_span_id == root.span_id and inner.trace_id == root.trace_id and not root.parent_span_id
    assert attributes(inner) == {"devos.status": "failed", "devos.level": "confirm"}
    assert root.start_time_unix_nano <= inner.start_time_unix_nano <= inner.end_time_unix_nano
    entries = log.entries()
    assert root.start_time_unix_nano == round(entries[0].time.timestamp() * 1000) * 1_000_000
    assert root.end_time_unix_nano == round(entries[-1].time.timestamp() * 1000) * 1_000_000


async def test_what_is_counted_and_measured(collector: Collector, log: Log) -> None:
    telemetry = Telemetry(collector.url, questions=lambda: 3)
    carry_out(log)
    carry_out(log, "261120-00000002", "denied")
    telemetry.take(log, 0)
    telemetry.understood(12.5, "templates")
    telemetry.transcribed(410, "base.en")
    await telemetry.close()
    metrics = collector.metrics
    runs = {attributes(each)["devos.status"]: each.as_int for each in metrics["devos.runs"].sum.data_points}
    assert runs == {"done": 1, "denied": 1}
    actions = {
        (
            attributes(each)["devos.action"],
            attributes(each)["devos.status"],
            attributes(each)["devos.level"],
        ): each.as_int
        for each in metrics["devos.actions"].sum.data_points
    }
    assert actions == {("kubernetes.deployment", "done", "auto"): 2, ("kubernetes.scale", "failed", "confirm"): 2}
    (understood,) = metrics["devos.understanding.duration"].histogram.data_points
    assert understood.sum == 12.5 and attributes(understood) == {"devos.stage": "templates"}
    assert metrics["devos.transcription.duration"].histogram.data_points[0].sum == 410
    assert sum(each.count for each in metrics["devos.action.duration"].histogram.data_points) == 4
    assert metrics["devos.questions.open"].gauge.data_points[0].as_int == 3


async def test_nothing_of_a_person_or_a_request_is_sent(collector: Collector, log: Log) -> None:
    telemetry = Telemetry(collector.url)
    carry_out(log)
    telemetry.take(log, 0)
    await telemetry.close()
    sent = b"".join(collector.bodies)
    assert b"kubernetes.scale" in sent and not [each for each in SECRETS if each.encode() in sent]
    assert collector.resource["service.name"] == "devos" and "host.name" not in collector.resource


async def test_only_what_comes_after_the_start_is_followed(collector: Collector, log: Log) -> None:
    carry_out(log, "261120-0000000a")
    looks = 0

    async def sleep(_: float) -> None:
        nonlocal looks
        looks += 1
        if looks == 1:
            carry_out(log, "261120-0000000b")
        elif looks == 3:
            raise asyncio.CancelledError

    telemetry = Telemetry(collector.url, sleep=sleep)
    with pytest.raises(asyncio.CancelledError):
        await telemetry.follow(log)
    await telemetry.close()
    assert {attributes(each).get("devos.run") for each in collector.spans} == {None, "261120-0000000b"}


async def test_a_collector_that_is_away_is_said_once_and_stops_nothing(
    log: Log, caplog: pytest.LogCaptureFixture, unused_tcp_port_factory: Callable[[], int]
) -> None:
    telemetry = Telemetry(f"http://127.0.0.1:{unused_tcp_port_factory()}")
    with caplog.at_level(logging.INFO):
        for number in range(3):
            carry_out(log, f"261120-0000000{number}")
        telemetry.take(log, 0)
        await telemetry.close(within=0.2)
        await telemetry.close(within=30)
    said = [each.message for each in caplog.records if each.levelno >= logging.WARNING]
    assert len(said) == 1 and "telemetry cannot be sent to http://127.0.0.1" in said[0]


def test_without_the_extra_the_command_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    monkeypatch.delitem(sys.modules, "daemon.telemetry_sending", raising=False)
    with pytest.raises(NoTelemetry, match=r"pip install 'devos\[telemetry\]'"):
        Telemetry("http://127.0.0.1:4318")
