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

CONNECT_TIMEOUT_S: Final = 3.0
MOST_ROUNDS: Final = 100
"""How often one tick may call a sweep that says that there is more to do; the next tick goes on from there."""

MISSED_PERIODS: Final = 3
_OK: Final = 200
_BODY: Final = b"{}"

log = structlog.get_logger()


class Swept(Struct, frozen=True):
    """A sweep's answer: how many it did, and whether its batch was full."""

    done: int
    more: bool = False


class SweepFailed(Exception):  # noqa: N818 - it says what happened
    """A call of a sweep came to nothing; the message says why."""


class Functions:
    """The functions, as seen from here: an address, a key, a pool of connections. Used by many threads at once."""

    def __init__(self, *, url: str, profile: Profile, signer: CallSigner) -> None:
        self._url = url.rstrip("/")
        self._profile: Profile = profile
        self._signer = signer
        self._client = httpx.Client(trust_env=False, follow_redirects=False)

    def sweep(self, entry: FunctionEntry) -> Swept:
        """Call a sweep once. Raises SweepFailed."""
        token = self._signer.sign(function=entry.name, method="POST", path=f"/{entry.name}", body=_BODY)
        try:
            answer = self._client.post(
                f"{self._url}/function/{entry.deployed_as(self._profile)}/{entry.name}",
                content=_BODY,
                headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
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

    @property
    def is_ticked(self) -> bool:
        """Whether its ticks come: the last one is at most some periods ago."""
        return time.monotonic() - self._ticked_at_s < self._patience_s

    @property
    def works(self) -> bool:
        """Whether it has succeeded within some periods (or may still, shortly after the start)."""
        return time.monotonic() - self._worked_at_s < self._patience_s

    def tick(self) -> None:
        """Call the sweep, again at once while it has more to do. A failure waits for the next tick."""
        for _ in range(MOST_ROUNDS):
            if self._stopping.is_set():
                return
            self._ticked_at_s = time.monotonic()
            try:
                swept = self._functions.sweep(self._entry)
            except SweepFailed as error:
                self._note(str(error))
                return
            self._note(None)
            if not swept.more:
                return

    @property
    def _patience_s(self) -> float:
        return MISSED_PERIODS * self.every_s + self._entry.timeout_s

    def _note(self, failure: str | None) -> None:
        """Remember how it went, and say so when that has changed."""
        changed, self._fails = self._fails != (failure is not None), failure is not None
        if failure is None:
            self.has_worked = True
            self._worked_at_s = time.monotonic()
        if changed and failure is not None:
            log.warning("sweep_fails", sweep=self.name, reason=failure, every_s=self.every_s)
        elif changed:
            log.info("sweep_works", sweep=self.name, every_s=self.every_s)
