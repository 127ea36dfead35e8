"""What a function's answer means for a delivery, and what comes next. Pure: no I/O, no clock, no randomness.

Only 200 with `done` or `duplicate` for this very event is a success. 404 (not deployed yet), 408, 429, 5xx, no answer
at all and everything that is no clear refusal are tried again, later and later; any other 4xx is parked at once.
"""

from datetime import datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Final, Literal

import msgspec
from msgspec import Struct

RETRY_AFTER_LIMIT_S: Final = 3_600.0
ERROR_LIMIT: Final = 300
_TRIED_AGAIN: Final = frozenset({404, 408, 429})
_OK: Final = 200


ExcInfo = tuple[type[BaseException], BaseException, TracebackType]
"""What Python says of an exception that ended a worker."""


class Answer(Struct, frozen=True, kw_only=True):
    """What came back over HTTP: `retry_after` is that header's text."""

    status: int
    body: bytes = b""
    retry_after: str | None = None


class Verdict(Struct, frozen=True, kw_only=True):
    """What one try came to. `wait_s` is the least time that the function asked for."""

    kind: Literal["done", "retry", "park"]
    error: str | None = None
    wait_s: float = 0.0


class Step(Struct, frozen=True, kw_only=True):
    """What happens to the delivery now: `delay_s` is the time until the next try of a `retry`."""

    kind: Literal["done", "retry", "park"]
    error: str | None = None
    delay_s: float = 0.0


class Patience(Struct, frozen=True, kw_only=True):
    """How often a delivery is tried, and how long the pauses are: doubled from base to max."""

    max_attempts: int
    backoff_base_s: float
    backoff_max_s: float

    def delay_s(self, attempts: int, jitter: float) -> float:
        """Say how long to wait after so many attempts; `jitter` in [0, 1) spreads it over the upper half."""
        doublings = min(attempts - 1, 60)
        return float(min(self.backoff_max_s, self.backoff_base_s * 2**doublings)) * (0.5 + jitter / 2)


class _Result(Struct, frozen=True):
    id: str
    result: str


class _Problem(Struct, frozen=True):
    code: str = ""
    title: str = ""
    detail: str = ""


def judge(answer: Answer, event_id: str, now: datetime) -> Verdict:
    """Say what this answer to a call with this event means. `now` (aware) is for a Retry-After that is a date."""
    if answer.status == _OK:
        return _judge_results(answer.body, event_id)
    error = _describe(answer)
    refused = 400 <= answer.status < 500 and answer.status not in _TRIED_AGAIN  # noqa: PLR2004 - HTTP's own figures
    if refused:
        return Verdict(kind="park", error=error)
    return Verdict(kind="retry", error=error, wait_s=_seconds_asked_for(answer.retry_after, now))


def failed(failure: ExcInfo | None) -> Verdict:
    """Say what it means that our own worker ended without a verdict; `failure` is what it died of."""
    reason = failure[0].__name__ if failure else "no verdict"
    return Verdict(kind="retry", error=f"the connector failed: {reason}")


def next_step(verdict: Verdict, *, attempts: int, patience: Patience, jitter: float) -> Step:
    """Turn the verdict on the latest of so many attempts into what happens to the delivery."""
    if verdict.kind != "retry":
        return Step(kind=verdict.kind, error=verdict.error)
    if attempts >= patience.max_attempts:
        return Step(kind="park", error=f"given up after {attempts} attempts: {verdict.error}")
    backoff_s = patience.delay_s(attempts, jitter)
    asked_s = verdict.wait_s + jitter * patience.backoff_base_s if verdict.wait_s else 0.0
    return Step(kind="retry", error=verdict.error, delay_s=max(backoff_s, asked_s))


def _judge_results(body: bytes, event_id: str) -> Verdict:
    try:
        results = msgspec.json.decode(body, type=list[_Result])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Verdict(kind="retry", error="answered 200 with something else than a list of results")
    mine = {item.result for item in results if item.id == event_id}
    if mine and mine <= {"done", "duplicate"}:
        return Verdict(kind="done")
    return Verdict(kind="retry", error="answered 200 without `done` or `duplicate` for this event")


def _describe(answer: Answer) -> str:
    """Name the status and, if the answer is a problem, what it says. Nothing else of a body is kept."""
    try:
        problem = msgspec.json.decode(answer.body, type=_Problem)
    except (msgspec.DecodeError, UnicodeDecodeError):
        problem = _Problem()
    said = ": ".join(part for part in (problem.code, problem.detail or problem.title) if part)
    return f"answered {answer.status} {said}".strip()[:ERROR_LIMIT]


def _seconds_asked_for(retry_after: str | None, now: datetime) -> float:
    """Read Retry-After (RFC 9110, section 10.2.3): seconds or a date. What cannot be read asks for nothing."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:10]), RETRY_AFTER_LIMIT_S)
    try:
        asked_s = (parsedate_to_datetime(text) - now).total_seconds()
    except (ValueError, TypeError):
        return 0.0
    return min(max(asked_s, 0.0), RETRY_AFTER_LIMIT_S)
