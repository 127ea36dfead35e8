"""The state of one loop: the bell that wakes it, whether the database answers it, whether it turns."""

import threading
import time
from collections.abc import Callable
from typing import Final

import pymongo
import structlog
from pymongo.errors import OperationFailure, PyMongoError

from connector.database import OPERATION_TIMEOUT_S, Row, Rows

AWAIT_S: Final = 20.0
"""How long the server may hold a change stream's answer while nothing happens."""

MISSED_TURNS: Final = 3

log = structlog.get_logger()


class Wakeup:
    """A bell. Ringing it twice is like ringing it once."""

    def __init__(self) -> None:
        self._rung = threading.Event()

    def ring(self) -> None:
        """Wake whoever waits, now or later."""
        self._rung.set()

    def wait(self, timeout_s: float) -> None:
        """Wait until the bell is rung, at most so long."""
        self._rung.wait(timeout_s)
        self._rung.clear()


class Loop:
    """One loop's state. An outage of the database is said once when it begins, once when it ends, and lived through."""

    def __init__(self, name: str, *, interval_s: float) -> None:
        self.name = name
        self.interval_s = interval_s
        self.wakeup = Wakeup()
        self.reached = False
        self._said: bool | None = None
        self._turned_at_s = float("-inf")

    @property
    def turns(self) -> bool:
        """Whether it has done a turn lately, without a fault of the database."""
        late_after_s = MISSED_TURNS * self.interval_s + 2 * OPERATION_TIMEOUT_S
        return self.reached and time.monotonic() - self._turned_at_s < late_after_s

    def take_turn(self, work: Callable[[], bool]) -> bool:
        """Do a turn's work, and say whether there is more to do at once. An outage ends the turn, never the loop."""
        try:
            more = work()
        except PyMongoError as error:
            self._note(error)
            return False
        self._note(None)
        self._turned_at_s = time.monotonic()
        return more

    def _note(self, error: PyMongoError | None) -> None:
        self.reached = error is None
        if self._said == self.reached:
            return
        self._said = self.reached
        if error is None:
            log.info("database_answers", loop=self.name)
        else:
            code = error.code if isinstance(error, OperationFailure) else None
            log.warning("database_fails", loop=self.name, error=type(error).__name__, code=code, advice="waiting for it")


def ring_on_inserts(rows: Rows, wakeup: Wakeup) -> bool:
    """Ring with every insert into a collection until the stream ends, which returns False, or breaks (PyMongoError).

    Rings once at the start. It is only a hint: whoever is woken looks for itself, and polls as well.
    """
    only_inserts: list[Row] = [{"$match": {"operationType": "insert"}}, {"$project": {"_id": 1}}]
    with rows.watch(only_inserts, max_await_time_ms=round(AWAIT_S * 1000)) as stream:
        wakeup.ring()
        while stream.alive:
            with pymongo.timeout(AWAIT_S + OPERATION_TIMEOUT_S):
                change = stream.try_next()
            if change is not None:
                wakeup.ring()
    return False
