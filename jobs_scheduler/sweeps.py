"""One sweep as the scheduler knows it: how it is called, when it last worked. A failure is said once, and tried again."""

import threading
import time
from typing import Final

import httpx
import msgspec
import structlog
from msgspec import Struct

from freehold.catalogue import FunctionEntry, InvalidCatalogue
from freehold.internal_calls import CallSigner
from freehold.settings import Profile
from freehold.telemetry import tracing
from freehold.telemetry.context import HEADER, TraceContext
from freehold.telemetry.metrics import counter, gauge
from freehold.telemetry.readings import NewestReadings, Readings

CONNECT_TIMEOUT_S: Final = 3.0
MOST_ROUNDS: Final = 100
"""How often one tick may call a sweep that says that there is more to do; the next tick goes on from there."""

TRIED_AGAIN_AFTER_S: Final = 15.0
"""A sweep that failed is tried again after this, or at its next tick if that comes before."""

MISSED_PERIODS: Final = 3
_OK: Final = 200
_BODY: Final = b"{}"

_PERIOD: Final = gauge("freehold_sweep_period_seconds", "How often a sweep is due", ["sweep"])
_WORKED_AT: Final = gauge("freehold_sweep_last_success_timestamp_seconds", "When a sweep last succeeded here", ["sweep"])
_DONE: Final = counter("freehold_sweep_done", "Things that a sweep said it has done", ["sweep"])
_FAILURES: Final = counter("freehold_sweep_failures", "Calls of a sweep that came to nothing", ["sweep"])

log = structlog.get_logger()
_MEASURED: Final = NewestReadings()


class Swept(Struct, frozen=True):
    """A sweep's answer: how many it did, whether its batch was full, and what it measured."""

    done: int
    more: bool = False
    readings: Readings = ()


class SweepFailed(Exception):  # noqa: N818 - it says what happened
    """A call of a sweep came to nothing; the message says why."""


class Functions:
    """The functions, as seen from here: an address, a key, a pool of connections. Used by many threads at once."""

    def __init__(self, *, url: str, profile: Profile, signer: CallSigner) -> None:
        self._url = url.rstrip("/")
        self._profile: Profile = profile
        self._signer = signer
        self._client = httpx.Client(trust_env=False, follow_redirects=False)

    def sweep(self, entry: FunctionEntry, trace: TraceContext) -> Swept:
        """Call a sweep once, in this trace. Raises SweepFailed."""
        token = self._signer.sign(function=entry.name, method="POST", path=f"/{entry.name}", body=_BODY)
        try:
            answer = self._client.post(
                f"{self._url}/function/{entry.deployed_as(self._profile)}/{entry.name}",
                content=_BODY,
                headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json", HEADER: trace.traceparent},
                timeout=httpx.Timeout(entry.timeout_s, connect=min(CONNECT_TIMEOUT_S, entry.timeout_s)),
            )
        except httpx.HTTPError as error:
            raise SweepFailed(f"no answer: {type(error).__name__}") from error
        if answer.status_code != _OK:
            raise SweepFailed(f"answered {answer.status_code}")
        try:
            return msgspec.json.decode(answer.content, type=Swept)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise SweepFailed("answered 200 with something else than what it did") from error


class Sweep:
    """One sweep's ticks. `now_s` is monotonic, so a clock that is set wrong or right does not matter here."""

    def __init__(self, entry: FunctionEntry, functions: Functions, stopping: threading.Event) -> None:
        if entry.every_s is None:
            raise InvalidCatalogue(f"the catalogue does not say how often {entry.name} is due")
        self.name = entry.name
        self.every_s = entry.every_s
        self.has_worked = False
        self._entry = entry
        self._functions = functions
        self._stopping = stopping
        self._fails: bool | None = None
        self._ticked_at_s = self._worked_at_s = time.monotonic()
        self._counted = _DONE.labels(self.name), _FAILURES.labels(self.name), _WORKED_AT.labels(self.name)
        _PERIOD.labels(self.name).set(self.every_s)

    @property
    def is_ticked(self) -> bool:
        """Whether its ticks come: the last one is at most some periods ago."""
        return time.monotonic() - self._ticked_at_s < self._patience_s

    @property
    def works(self) -> bool:
        """Whether it has succeeded within some periods (or may still, shortly after the start)."""
        return time.monotonic() - self._worked_at_s < self._patience_s

    def tick(self) -> None:
        """Call the sweep, again at once while it has more to do. A failure waits for the next tick, if that is soon."""
        for _ in range(MOST_ROUNDS):
            if self._stopping.is_set():
                return
            self._ticked_at_s = time.monotonic()
            with tracing.start(f"tick {self.name}", kind="client", attributes={"faas.invoked_name": self.name}) as span:
                try:
                    swept = self._functions.sweep(self._entry, span.context)
                except SweepFailed as error:
                    span.fail("sweep_failed")
                    self._note_failure(str(error), span.context.trace_id)
                    if self.every_s <= TRIED_AGAIN_AFTER_S or self._stopping.wait(TRIED_AGAIN_AFTER_S):
                        return
                    continue
            self._note_success(swept)
            if not swept.more:
                return

    @property
    def _patience_s(self) -> float:
        return MISSED_PERIODS * self.every_s + self._entry.timeout_s

    def _note_failure(self, reason: str, trace_id: str) -> None:
        """Count a failure, and say it if the call before went well."""
        _, failures, _ = self._counted
        failures.inc()
        if self._fails is not True:
            log.warning("sweep_fails", sweep=self.name, reason=reason, every_s=self.every_s, trace_id=trace_id)
        self._fails = True

    def _note_success(self, swept: Swept) -> None:
        """Remember that it works, and say it if the call before did not go well."""
        counted, _, worked_at = self._counted
        counted.inc(swept.done)
        _MEASURED.keep(self.name, swept.readings)
        worked_at.set_to_current_time()
        self.has_worked = True
        self._worked_at_s = time.monotonic()
        if self._fails is not False:
            log.info("sweep_works", sweep=self.name, every_s=self.every_s)
        self._fails = False
