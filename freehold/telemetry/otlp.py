"""Spans by OpenTelemetry's SDK, sent over OTLP (HTTP, protobuf) to whatever backend the standard variables name.

Imported only by a process that is told of one. Sending happens in a thread of the SDK's: a batch each 5 s, at most 2,048
spans wait, and what is more is dropped; a backend that is slow or down never holds a request (`OTEL_BSP_*` change these).
"""

import threading
from typing import Final

import msgspec
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import Decision
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)
from opentelemetry.trace import Span as SdkSpan

from freehold.telemetry.context import TraceContext
from freehold.telemetry.spans import Attributes, Kind, Span, Told, Value

NAMESPACE: Final = "freehold"
_KINDS: Final[dict[Kind, SpanKind]] = {
    "server": SpanKind.SERVER,
    "client": SpanKind.CLIENT,
    "producer": SpanKind.PRODUCER,
    "consumer": SpanKind.CONSUMER,
    "internal": SpanKind.INTERNAL,
}


class RecordedSpan(Span):
    """A span that is sent to the backend when it has ended."""

    __slots__ = ("_span",)

    def __init__(self, span: SdkSpan) -> None:
        found = span.get_span_context()
        super().__init__(TraceContext(f"{found.trace_id:032x}", f"{found.span_id:016x}", sampled=found.trace_flags.sampled))
        self._span = span

    def note(self, name: str, value: Value) -> None:
        """Add an attribute."""
        self._span.set_attribute(name, value)

    def fail(self, reason: str) -> None:
        """Say that it failed by a fault of ours."""
        self._span.set_attribute("error.type", reason)
        self._span.set_status(Status(StatusCode.ERROR))

    def end(self) -> None:
        """Stop the time, and queue it."""
        self._span.end()


class OtlpRecorder:
    """Starts spans; the sampler, the queue and the exporter read the standard variables themselves."""

    def __init__(self, service: str) -> None:
        resource = Resource.create({"service.name": service, "service.namespace": NAMESPACE})
        self._provider = TracerProvider(resource=resource.merge(OTELResourceDetector().detect()), shutdown_on_exit=False)
        self._processor = BatchSpanProcessor(OTLPSpanExporter())
        self._provider.add_span_processor(self._processor)
        self._tracer = self._provider.get_tracer(NAMESPACE)

    def start(self, name: str, *, kind: Kind, parent: TraceContext | None, attributes: Attributes) -> Span:
        """Begin a span, or begin not to record one, as the sampler says."""
        context = None if parent is None else set_span_in_context(NonRecordingSpan(_context(parent, is_remote=True)))
        return RecordedSpan(self._tracer.start_span(name, context=context, kind=_KINDS[kind], attributes=attributes))

    def tell(self, told: Told) -> None:
        """Record a span that somebody else has made, if the sampler says so of its trace."""
        own = _context(told.context, is_remote=False)
        judged = self._provider.sampler.should_sample(None, own.trace_id, told.name)
        if judged.decision is not Decision.RECORD_AND_SAMPLE or not told.context.sampled:
            return
        parent = msgspec.structs.replace(told.context, span_id=told.parent_id) if told.parent_id else None
        end_ns = round(told.ended_at_s * 1e9)
        span = ReadableSpan(
            told.name,
            context=own,
            parent=None if parent is None else _context(parent, is_remote=True),
            resource=self._provider.resource,
            attributes=told.attributes,
            kind=_KINDS[told.kind],
            status=Status(StatusCode.ERROR if told.failed else StatusCode.UNSET),
            start_time=end_ns - round(told.duration_s * 1e9),
            end_time=end_ns,
            instrumentation_scope=InstrumentationScope(NAMESPACE),
        )
        self._processor.on_end(span)

    def close(self, timeout_s: float) -> None:
        """Send what is left, within this time."""
        flushing = threading.Thread(target=self._processor.force_flush, name="last spans", daemon=True)
        flushing.start()
        flushing.join(timeout_s)


def _context(place: TraceContext, *, is_remote: bool) -> SpanContext:
    flags = TraceFlags(TraceFlags.SAMPLED if place.sampled else TraceFlags.DEFAULT)
    return SpanContext(int(place.trace_id, 16), int(place.span_id, 16), is_remote=is_remote, trace_flags=flags)
