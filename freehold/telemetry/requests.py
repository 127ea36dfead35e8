"""What a process that serves functions counts: rate, errors and duration of each function, refusals by code, retries."""

from typing import Final

from freehold.telemetry.metrics import Counter, counter, gauge, histogram

UNROUTED: Final = "none"
"""Stands as the function of requests that reached none: no such path, or the process was full."""

_FORESEEN: Final = (429, 500, 503)
"""Statuses that are counted from 0 on, so that a first failure is seen as a rise."""

IN_FLIGHT: Final = gauge("freehold_requests_in_flight", "Requests that this process is answering now")
IN_FLIGHT_LIMIT: Final = gauge("freehold_requests_in_flight_limit", "Requests that this process answers at most at once")
TRANSACTION_RETRIES: Final = counter("freehold_transaction_retries", "Transactions run again because they met another write")
_REQUESTS: Final = counter("freehold_requests", "Requests answered", ["function", "status"])
_DURATIONS: Final = histogram("freehold_request_duration_seconds", "From a request's headers to its answer", ["function"])
_REFUSALS: Final = counter("freehold_refusals", "Requests answered with a problem", ["function", "code"])


class RequestMeter:
    """Counts one function's requests. The labels are resolved here, once per function and status."""

    def __init__(self, function: str, *, status: int) -> None:
        self._function = function
        self._duration = _DURATIONS.labels(function)
        self._by_status: dict[int, Counter] = {}
        for foreseen in (status, *_FORESEEN):
            self._counter(foreseen)

    def answered(self, status: int, duration_s: float) -> None:
        """Count an answer."""
        (self._by_status.get(status) or self._counter(status)).inc()
        self._duration.observe(duration_s)

    def refused(self, code: str) -> None:
        """Count a problem by its code."""
        _REFUSALS.labels(self._function, code).inc()

    def _counter(self, status: int) -> Counter:
        found = self._by_status[status] = _REQUESTS.labels(self._function, str(status))
        return found
