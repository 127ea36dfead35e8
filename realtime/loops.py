"""Tasks that must not stop: they say whether they work, and begin again when they fail."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from freehold.store import OUTAGES, StoreError

FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 5.0
CANCEL_AGAIN_S: Final = 0.2
CANCELS: Final = 20

_log = structlog.get_logger(__name__)


class Loop:
    """A task for the life of the process. `work` calls `beat` whenever a turn went well, at least every `patience_s`."""

    def __init__(self, name: str, work: Callable[["Loop"], Awaitable[None]], *, patience_s: float) -> None:
        self.name = name
        self._work = work
        self._patience_s = patience_s
        self._failures = 0
        self._beat_at_s: float | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, in a task of its own."""
        self._task = asyncio.create_task(self._run(), name=self.name)

    async def end(self) -> None:
        """Stop. It asks more than once, because PyMongo may answer a cancellation by resuming its change stream."""
        for _ in range(CANCELS):
            if self._task is None or self._task.done():
                return
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=CANCEL_AGAIN_S)
        _log.error("loop_does_not_end", loop=self.name)

    @property
    def works(self) -> bool:
        """Whether its last turn went well, and not too long ago."""
        if self._beat_at_s is None or self._failures > 0:
            return False
        return time.monotonic() - self._beat_at_s < self._patience_s

    def beat(self) -> None:
        """Note that a turn went well."""
        if self._failures > 0:
            _log.info("loop_works_again", loop=self.name, failures=self._failures)
        self._failures = 0
        self._beat_at_s = time.monotonic()

    async def _run(self) -> None:
        """Do the work until cancelled. Whatever it raises is logged, and it begins again after a growing pause."""
        while True:
            try:
                await self._work(self)
            except Exception as error:  # noqa: BLE001 - the edge of a task: whatever it is, the work must go on
                self._failures += 1
                is_expected = isinstance(error, (StoreError, *OUTAGES))
                _log.warning(
                    "loop_failed", loop=self.name, failures=self._failures, fault=repr(error), exc_info=not is_expected
                )
            pause_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(self._failures, 10))
            await asyncio.sleep(pause_s * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, no secret
