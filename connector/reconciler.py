"""The reconciler: events that are marked as sent, but of which a reaction's delivery is missing, are sent again.

A delivery can only go missing from outside: a wiped collection or broker, a restored backup, or a catalogue that did not
know the reaction yet. So a reaction that is deployed anew gets the events of the last day, and none is lost in between.
"""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

import structlog
from pymongo.database import Database

from connector.database import Row, database_now
from connector.dispatcher import Route, address
from connector.outbox import Unreadable
from connector.transport import Outgoing

WINDOW: Final = timedelta(days=1)
"""How far back it looks: less than the time for which done deliveries are kept (documents.Delivery)."""

WHOLE_WINDOW_EVERY_S: Final = 3_600.0
PAGE: Final = 200

log = structlog.get_logger()


class Reconciler:
    """Works only while this process leads. Looks at each event once, `after_s` after it was sent.

    It looks at the whole window hourly, and whenever the transport may have lost what it held; at the events of a reaction
    that is busy as soon as it is not, and again at what the transport did not take.
    """

    def __init__(self, route: Route, database: Database[Row], *, after_s: float) -> None:
        self._route = route
        self._database = database
        self._after = timedelta(seconds=after_s)
        self._seen_until: datetime | None = None
        self._whole_window_at_s = 0.0
        self._epoch = 0
        self._owed: dict[str, datetime] = {}

    def turn(self) -> bool:
        """Look through what is old enough by now. Returns False: the next turn may wait."""
        if self._route.leadership.held is None:
            self._seen_until, self._owed = None, {}
            return False
        now = database_now(self._database)
        until = now - self._after
        busy = self._route.transport.busy()
        epoch = self._route.transport.epoch  # read before the pages: what is lost meanwhile is for the next turn
        seen_until = self._seen_until if self._holds(epoch) else None
        since = now - WINDOW if seen_until is None else seen_until
        earliest = min([since, *(owed for name, owed in self._owed.items() if name not in busy)])
        refused: dict[str, datetime] = {}
        for page in self._pages(earliest, until):
            for name in self._restore(page, now, busy):
                refused.setdefault(name, page[0]["sent"])
        self._owed = refused | {name: min(since, self._owed.get(name, since)) for name in busy}
        if seen_until is None:
            self._epoch, self._whole_window_at_s = epoch, time.monotonic() + WHOLE_WINDOW_EVERY_S
        self._seen_until = until
        return False

    def _holds(self, epoch: int) -> bool:
        """Whether what was seen before need not be looked at again."""
        return epoch == self._epoch and time.monotonic() < self._whole_window_at_s

    def _pages(self, since: datetime, until: datetime) -> Iterator[list[Row]]:
        last: Row | None = None
        while page := self._route.outbox.sent_between(since, until, after=last, limit=PAGE):
            yield page
            last = page[-1]

    def _restore(self, page: list[Row], now: datetime, busy: frozenset[str]) -> set[str]:
        """Send again what is missing; return the reactions of what the transport did not take."""
        asked = [item for row in page if (item := self._addressed(row, busy)) is not None]
        lacking = self._route.transport.lacking(asked)
        if not lacking:
            return set()
        taken = self._route.transport.send(lacking, now)
        if taken:
            log.warning("deliveries_restored", events=[item.event.id for item in lacking if item.event.id in taken])
        return {name for item in lacking if item.event.id not in taken for name in item.reactions}

    def _addressed(self, row: Row, busy: frozenset[str]) -> Outgoing | None:
        try:
            found = address(row, self._route.catalogue)
        except Unreadable:
            return None  # it is parked
        reactions = tuple(name for name in found.reactions if name not in busy)
        return Outgoing(found.event, reactions) if reactions else None
