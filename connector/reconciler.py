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
    that is busy as soon as it is not.
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
        since = self._since(now)
        earliest = min([since, *(owed for name, owed in self._owed.items() if name not in busy)])
        for page in self._pages(earliest, until):
            self._restore(page, now, busy)
        self._owed = {name: min(since, self._owed.get(name, since)) for name in busy}
        self._seen_until = until
        return False

    def _since(self, now: datetime) -> datetime:
        epoch = self._route.transport.epoch
        if self._seen_until is not None and time.monotonic() < self._whole_window_at_s and epoch == self._epoch:
            return self._seen_until
        self._epoch = epoch
        self._whole_window_at_s = time.monotonic() + WHOLE_WINDOW_EVERY_S
        return now - WINDOW

    def _pages(self, since: datetime, until: datetime) -> Iterator[list[Row]]:
        last: Row | None = None
        while page := self._route.outbox.sent_between(since, until, after=last, limit=PAGE):
            yield page
            last = page[-1]

    def _restore(self, page: list[Row], now: datetime, busy: frozenset[str]) -> None:
        asked = [item for row in page if (item := self._addressed(row, busy)) is not None]
        lacking = self._route.transport.lacking(asked)
        if lacking:
            self._route.transport.send(lacking, now)
            log.warning("deliveries_restored", events=[item.event.id for item in lacking])

    def _addressed(self, row: Row, busy: frozenset[str]) -> Outgoing | None:
        try:
            found = address(row, self._route.catalogue)
        except Unreadable:
            return None  # it is parked
        reactions = tuple(name for name in found.reactions if name not in busy)
        return Outgoing(found.event, reactions) if reactions else None
