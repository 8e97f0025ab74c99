"""The sending half of daemon/telemetry.py: the one file that knows OpenTelemetry, imported where it is there."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricExportResult, MetricsData, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult
from opentelemetry.trace import SpanKind, set_span_in_context

if TYPE_CHECKING:
    from daemon.telemetry import Span

logger = logging.getLogger("devos.telemetry")


class Sender:
    """The instruments, and the threads that send what they show; that a collector is away is said once."""

    def __init__(self, endpoint: str, *, questions: Callable[[], int], interval: float, timeout: float) -> None:
        # Its own words about a collector that is away would fill the log; ours come instead.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        resource = Resource.create({"service.name": "devos", "service.version": version("devos")})
        base, reach = endpoint.rstrip("/"), Reach(endpoint)
        spans = Spans(reach, f"{base}/v1/traces", timeout)
        self._tracing = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._tracing.add_span_processor(BatchSpanProcessor(spans, schedule_delay_millis=interval * 1000))
        self._tracer = self._tracing.get_tracer("devos")
        metrics = Metrics(reach, f"{base}/v1/metrics", timeout)
        reader = PeriodicExportingMetricReader(metrics, interval * 1000, timeout * 1000)
        self._metering = MeterProvider([reader], resource=resource, shutdown_on_exit=False)
        meter = self._metering.get_meter("devos")
        self.runs = meter.create_counter("devos.runs", "{run}", "Runs that ended, by status and request")
        self.actions = meter.create_counter("devos.actions", "{action}", "Actions that ended, by status and level")
        self.duration = meter.create_histogram("devos.action.duration", "ms", "From the intention to the result")
        self.understanding = meter.create_histogram("devos.understanding.duration", "ms", "Sentence to intent")
        self.transcription = meter.create_histogram("devos.transcription.duration", "ms", "Sound to text")

        def asked(_: CallbackOptions) -> Iterable[Observation]:
            return [Observation(questions())]

        meter.create_observable_gauge("devos.questions.open", [asked], "{question}", "Questions nobody answered yet")

    def trace(self, run: Span, actions: Iterable[Span]) -> None:
        """Send a run and its actions as one trace."""
        root = self._tracer.start_span(
            run.name, kind=SpanKind.SERVER, start_time=nanoseconds(run.began), attributes=run.attributes
        )
        inside = set_span_in_context(root)
        for each in actions:
            span = self._tracer.start_span(
                each.name,
                inside,
                kind=SpanKind.CLIENT,
                start_time=nanoseconds(each.began),
                attributes=each.attributes,
            )
            span.end(nanoseconds(each.ended))
        root.end(nanoseconds(run.ended))

    def close(self) -> None:
        """Send what is left, and end the threads."""
        self._tracing.shutdown()
        self._metering.shutdown()


class Reach:
    """Whether the collector can be reached: says it when that changes."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint, self._well = endpoint, True

    def told(self, well: bool) -> None:
        """Take how the last message went."""
        if well != self._well:
            self._well = well
            text = "telemetry reaches %s again" if well else "telemetry cannot be sent to %s; what is not sent is lost"
            logger.log(logging.INFO if well else logging.WARNING, text, self._endpoint)


class Spans(OTLPSpanExporter):
    """Sends spans, and tells how that went."""

    def __init__(self, reach: Reach, endpoint: str, timeout: float) -> None:
        super().__init__(endpoint=endpoint, timeout=timeout)
        self._reach = reach

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send some."""
        result = super().export(spans)
        self._reach.told(result is SpanExportResult.SUCCESS)
        return result


class Metrics(OTLPMetricExporter):
    """Sends metrics, and tells how that went."""

    def __init__(self, reach: Reach, endpoint: str, timeout: float) -> None:
        super().__init__(endpoint=endpoint, timeout=timeout)
        self._reach = reach

    def export(
        self, metrics_data: MetricsData, timeout_millis: float | None = 10_000, **more: Any
    ) -> MetricExportResult:
        """Send them."""
        result = super().export(metrics_data, timeout_millis, **more)
        self._reach.told(result is MetricExportResult.SUCCESS)
        return result


def nanoseconds(moment: datetime) -> int:
    """A moment as OpenTelemetry counts it."""
    return round(moment.timestamp() * 1_000_000) * 1000
