"""`traceparent`, as W3C writes it and as somebody might send it."""

import pytest

from freehold.telemetry import tracing
from freehold.telemetry.context import TraceContext

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.mark.parametrize(
    ("traceparent", "sampled"),
    [
        (f"00-{TRACE}-{SPAN}-01", True),
        (f"00-{TRACE}-{SPAN}-00", False),
        (f"00-{TRACE}-{SPAN}-03", True),
        (f"cc-{TRACE}-{SPAN}-01-what-comes-later", True),
    ],
)
def test_what_is_in_its_form_is_read(traceparent, sampled):
    assert TraceContext.read(traceparent) == TraceContext(TRACE, SPAN, sampled=sampled)


@pytest.mark.parametrize(
    "traceparent",
    [
        None,
        "",
        "nonsense",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE}-{SPAN}-1",
        f"00-{TRACE}-{SPAN}-01\n",
        f" 00-{TRACE}-{SPAN}-01",
        f"00-{TRACE[:-1]}\u0664-{SPAN}-01",
        f"cc-{TRACE}-{SPAN}-01-{'x' * 10_000}",
    ],
)
def test_what_is_not_in_its_form_is_no_parent(traceparent: str | None):
    assert TraceContext.read(traceparent) is None


def test_what_is_written_can_be_read_again():
    begun = TraceContext.begin()
    assert TraceContext.read(begun.traceparent) == begun
    assert not begun.sampled
    assert TraceContext.begin().trace_id != begun.trace_id


def test_a_process_that_records_nothing_hands_on_its_parents_place():
    parent = TraceContext(TRACE, SPAN, sampled=True)
    with tracing.start("anything", kind="internal", parent=parent) as span:
        span.note("freehold.count", 1)
        assert span.context == parent
    assert TraceContext.read(tracing.start("a beginning", kind="server").context.traceparent) is not None
