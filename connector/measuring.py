"""Measuring: how much waits in the outbox and among the deliveries, and for how long. Only the leader does, for all.

Every question is answered by an index and counts to a limit, so it costs the same however much there is.
"""

from datetime import datetime
from typing import Final

from pymongo.database import Database

from connector.database import Row, Rows, database_now
from connector.lease import Leadership
from freehold.documents import Delivery, OutboxRow
from freehold.telemetry.readings import NewestReadings, Reading

COUNTED: Final = 100_000
"""So far it is counted; whatever is more is as bad."""
STATES: Final = ("waiting", "claimed", "parked")
SOURCE: Final = "connector"


class Measuring:
    """Keeps the newest readings for a scrape; a process that does not lead has none."""

    def __init__(self, database: Database[Row], leadership: Leadership, readings: NewestReadings) -> None:
        self._database = database
        self._outbox: Rows = database.get_collection(OutboxRow.collection)
        self._deliveries: Rows = database.get_collection(Delivery.collection)
        self._leadership = leadership
        self._readings = readings

    def turn(self) -> bool:
        """Measure once. Returns False: the next turn may wait. What cannot be measured now is not shown as it once was."""
        found: tuple[Reading, ...] = ()
        try:
            if self._leadership.leads:
                found = self._measure(database_now(self._database))
        finally:
            self._readings.keep(SOURCE, found)
        return False

    def _measure(self, now: datetime) -> tuple[Reading, ...]:
        unsent: Row = {"sent": None}
        first = self._outbox.find_one(unsent, {"created_at": 1}, sort=[("_id", 1)])
        overdue = self._deliveries.find_one({"state": "waiting"}, {"due_at": 1}, sort=[("due_at", 1)])
        return (
            Reading("freehold_outbox_unsent", self._outbox.count_documents(unsent, limit=COUNTED)),
            Reading("freehold_outbox_oldest_unsent_seconds", _age_s(first, "created_at", now)),
            Reading("freehold_deliveries_oldest_due_seconds", _age_s(overdue, "due_at", now)),
            *(Reading("freehold_deliveries_stored", self._count(state), {"state": state}) for state in STATES),
        )

    def _count(self, state: str) -> int:
        return self._deliveries.count_documents({"state": state}, limit=COUNTED)


def _age_s(row: Row | None, field: str, now: datetime) -> float:
    """Say how long ago this was; 0 for what lies ahead, is not there, or is no time."""
    then = None if row is None else row.get(field)
    return max(0.0, (now - then).total_seconds()) if isinstance(then, datetime) else 0.0
