"""A trace is recorded whole or not at all: whoever draws the lot draws it by the trace's id."""

from collections.abc import Iterator

import pytest

from freehold.telemetry.context import TraceContext
from freehold.telemetry.otlp import OtlpRecorder
from freehold.telemetry.spans import NOTHING, Told
from tests.otlp import Backend, backend


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[Backend]:
    with backend() as kept:
        for name, value in {**kept.environ, "OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.3"}.items():
            monkeypatch.setenv(name, value)
        yield kept


def told(context: TraceContext) -> Told:
    return Told(
        name="GET", kind="server", context=context, parent_id=None, attributes=NOTHING, ended_at_s=1_790_000_000.0,
        duration_s=0.5, failed=False,
    )  # fmt: skip


def test_nginx_functions_and_doors_decide_alike_about_each_trace(spans: Backend):
    gateway, function, door = OtlpRecorder("gateway"), OtlpRecorder("function"), OtlpRecorder("door")
    recorded = 0
    for _ in range(300):
        begun = TraceContext.begin()
        at_nginx = TraceContext(begun.trace_id, begun.span_id, sampled=True)
        gateway.tell(told(at_nginx))
        request = function.start("request", kind="server", parent=at_nginx, attributes=NOTHING)
        tried = door.start("try", kind="consumer", parent=request.context, attributes=NOTHING)
        assert request.context.sampled == tried.context.sampled
        recorded += request.context.sampled
        tried.end()
        request.end()
    for recorder in (gateway, function, door):
        recorder.close(30)
    assert 30 < recorded < 180
    services = ("gateway", "function", "door")
    by_service = {service: {span.trace_id for span in spans.spans if span.service == service} for service in services}
    assert by_service["gateway"] == by_service["function"] == by_service["door"]
    assert len(by_service["door"]) == recorded
    nginx = next(span for span in spans.spans if span.service == "gateway")
    assert (nginx.end_ns - nginx.start_ns, nginx.parent_id) == (500_000_000, "")
