"""A backend for spans, as small as can be: takes OTLP over HTTP and keeps what came."""

import gzip
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from msgspec import Struct
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span as ProtoSpan

GIVE_UP_S = 40.0


class Seen(Struct, frozen=True, kw_only=True):
    """A span as it came: ids in hex, times in ns."""

    service: str
    name: str
    kind: str
    trace_id: str
    span_id: str
    parent_id: str
    attributes: dict[str, Any]
    failed: bool
    start_ns: int
    end_ns: int


class Backend:
    """Keeps spans; `status` is what it answers from now on."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.status = 200
        self.spans: list[Seen] = []
        self.raw = b""

    @property
    def environ(self) -> dict[str, str]:
        """What tells a process of this backend: every span is recorded, and sent soon."""
        return {
            "OTEL_EXPORTER_OTLP_ENDPOINT": self.url, "OTEL_BSP_SCHEDULE_DELAY": "50",
            "OTEL_TRACES_SAMPLER": "parentbased_always_on",
        }  # fmt: skip

    def wait_for(self, found: Callable[[list[Seen]], Any]) -> Any:
        """Wait until `found` finds something among the spans."""
        give_up_at = time.monotonic() + GIVE_UP_S
        while not (result := found(list(self.spans))):
            if time.monotonic() > give_up_at:
                pytest.fail(f"not among the spans: {[(span.service, span.name, span.kind) for span in self.spans]}")
            time.sleep(0.05)
        return result

    def of_trace(self, trace_id: str, *names: str) -> dict[str, Seen]:
        """Wait for a trace's spans of these names; give them by name."""

        def all_there(spans: list[Seen]) -> dict[str, Seen]:
            found = {span.name: span for span in spans if span.trace_id == trace_id}
            return found if set(names) <= set(found) else {}

        result: dict[str, Seen] = self.wait_for(all_there)
        return result


@contextmanager
def backend(port: int = 0) -> Iterator[Backend]:
    """Listen for spans on a port of 127.0.0.1."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            if kept.status == 200 and self.path == "/v1/traces":
                kept.raw += body
                kept.spans += list(_spans(ExportTraceServiceRequest.FromString(body)))
            self.send_response(kept.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    kept = Backend(f"http://127.0.0.1:{server.server_address[1]}")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()


def _spans(request: ExportTraceServiceRequest) -> Iterator[Seen]:
    for of_resource in request.resource_spans:
        service = _plain(of_resource.resource.attributes)["service.name"]
        for of_scope in of_resource.scope_spans:
            for span in of_scope.spans:
                yield Seen(
                    service=service,
                    name=span.name,
                    kind=ProtoSpan.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_").lower(),
                    trace_id=span.trace_id.hex(),
                    span_id=span.span_id.hex(),
                    parent_id=span.parent_span_id.hex(),
                    attributes=_plain(span.attributes),
                    failed=span.status.code == 2,
                    start_ns=span.start_time_unix_nano,
                    end_ns=span.end_time_unix_nano,
                )


def _plain(attributes: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes}
