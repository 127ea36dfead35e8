"""Spans: what takes time in a trace. Whether they are recorded is decided once, when the process starts (`record`).

A process that is told of no backend records nothing and imports nothing for it: a span then only hands on its parent's
place in the trace, or begins a trace of its own, so that logs, events and answers carry a trace id anyway.
"""

from typing import Final

from freehold.telemetry.context import TraceContext
from freehold.telemetry.spans import NOTHING, Attributes, Kind, Recorder, Span, Told


class TracesNotRecorded(Exception):  # noqa: N818 - it names what is wrong
    """A backend is named, but spans cannot be sent to it; the message is for an operator."""


class _Recording:
    """Who records in this process."""

    recorder: Recorder | None = None


_recording: Final = _Recording()


def record(service: str) -> None:
    """Record from now on, by the standard variables (`OTEL_EXPORTER_OTLP_ENDPOINT` ...). Raises TracesNotRecorded.

    `service` names this process for a backend, unless `OTEL_SERVICE_NAME` does.
    """
    try:
        from freehold.telemetry.otlp import OtlpRecorder  # noqa: PLC0415 - 8 MiB and 80 ms that only this needs
    except ImportError as error:
        raise TracesNotRecorded(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, but OpenTelemetry is not installed: install freehold[traces], or unset it"
        ) from error
    _recording.recorder = OtlpRecorder(service)


def start(name: str, *, kind: Kind, parent: TraceContext | None = None, attributes: Attributes = NOTHING) -> Span:
    """Begin a span; end it by `end`, or use it in a `with` statement."""
    if _recording.recorder is None:
        return Span(parent or TraceContext.begin())
    return _recording.recorder.start(name, kind=kind, parent=parent, attributes=attributes)


def tell(told: Told) -> None:
    """Record a span that somebody else has made."""
    if _recording.recorder is not None:
        _recording.recorder.tell(told)


def close(timeout_s: float) -> None:
    """Send what is left; a backend that does not answer holds nobody longer than this."""
    if _recording.recorder is not None:
        _recording.recorder.close(timeout_s)
        _recording.recorder = None
