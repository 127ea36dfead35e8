"""What the gateway's requests come to: metrics by endpoint, and a span each, with the ids that nginx has given it."""

from collections.abc import Collection
from typing import Final

from freehold.telemetry import tracing
from freehold.telemetry.context import TraceContext
from freehold.telemetry.metrics import counter, histogram
from freehold.telemetry.spans import Told, Value
from gateway.telemetry.requests import NotARequest, Request, read_request

OTHER: Final = "other"
"""Stands for what is not in the catalogue: an unknown path, a socket, a probe."""
CACHES: Final = frozenset({"HIT", "MISS", "EXPIRED", "STALE", "UPDATING", "REVALIDATED", "BYPASS"})
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_FAULTS: Final = 500

_REQUESTS: Final = counter("freehold_gateway_requests", "Requests that the gateway has answered", ["endpoint", "status"])
_DURATIONS: Final = histogram("freehold_gateway_request_duration_seconds", "From first to last byte, at nginx", ["endpoint"])
_CACHED: Final = counter("freehold_gateway_cached", "Requests of lists that are cached, by what the cache said", ["cache"])
_LIMITED: Final = counter("freehold_gateway_limited", "Requests that were refused because their address asks too much")
_ANSWERED: Final = counter("freehold_gateway_answer_bytes", "Bytes of answers")
_UNREADABLE: Final = counter("freehold_gateway_datagrams_unreadable", "Datagrams that tell of no request")


class Counting:
    """Counts requests. `endpoints` are the names of all; no other value becomes a label, whatever a datagram says."""

    def __init__(self, endpoints: Collection[str]) -> None:
        self._endpoints = frozenset(endpoints)

    def take(self, datagram: bytes) -> None:
        """Count what a datagram tells; one that cannot be read is counted as such."""
        try:
            request = read_request(datagram)
        except NotARequest:
            _UNREADABLE.inc()
            return
        self._count(request)
        self._trace(request)

    def _count(self, request: Request) -> None:
        endpoint = request.endpoint if request.endpoint in self._endpoints else OTHER
        _REQUESTS.labels(endpoint, str(request.status)).inc()
        _DURATIONS.labels(endpoint).observe(request.duration_s)
        _ANSWERED.inc(request.answer_bytes)
        if request.cache in CACHES:
            _CACHED.labels(request.cache.lower()).inc()
        if request.limited == "REJECTED":
            _LIMITED.inc()

    def _trace(self, request: Request) -> None:
        """Send the span whose ids have travelled on already. The path that somebody wrote is no part of it, its route is."""
        method = request.method if request.method in METHODS else "_OTHER"
        attributes: dict[str, Value] = {
            "http.request.method": method, "http.response.status_code": request.status,
        }  # fmt: skip
        known = request.endpoint in self._endpoints
        if known:
            attributes |= {"http.route": request.route, "faas.invoked_name": request.endpoint}
        told = Told(
            name=f"{method} {request.route}" if known else method,
            kind="server",
            context=TraceContext(request.trace_id, request.span_id, sampled=request.is_sampled),
            parent_id=request.parent_span_id or None,
            attributes=attributes,
            ended_at_s=request.ended_at_s,
            duration_s=request.duration_s,
            failed=request.status >= _FAULTS,
        )
        tracing.tell(told)
