"""The outbox: what is unsent, how a row becomes an event, and marking rows as sent under the fence."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
import pymongo
from msgspec import Struct
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.read_concern import ReadConcern

from connector.database import OPERATION_TIMEOUT_S, Row, Rows
from connector.denials import Postponed
from connector.lease import Held, Leadership
from freehold.documents import OutboxRow
from freehold.events import EventEnvelope

EVENT_LIMIT_BYTES: Final = 1_048_576
NOTHING: Final = Postponed()


class Unreadable(Exception):  # noqa: N818 - it names what is wrong
    """A row is no event; the message says why."""


class Batch(Struct, frozen=True):
    """Rows as they were read, in the order of their events, and the database's clock at that moment."""

    rows: tuple[Row, ...]
    read_at: datetime | None


class Outbox:
    """Reads what is committed on a majority only: an event that could be rolled back has not happened."""

    def __init__(self, database: Database[Row]) -> None:
        self._client = database.client
        self._rows: Rows = database.get_collection(OutboxRow.collection, read_concern=ReadConcern("majority"))
        self._marked: Rows = database.get_collection(OutboxRow.collection)

    def unsent(self, limit: int, *, without: Postponed = NOTHING) -> Batch:
        """Read the oldest rows that are not sent, at most `limit`, leaving out what is postponed."""
        wanted: Row = {"sent": None, **_none_of("_id", without.events), **_none_of("type", without.types)}
        pipeline: list[Row] = [
            {"$match": wanted}, {"$sort": {"_id": 1}}, {"$limit": limit}, {"$set": {"read_at": "$$NOW"}},
        ]  # fmt: skip
        with self._rows.aggregate(pipeline) as cursor:
            rows = cursor.to_list()
        return Batch(rows=tuple(rows), read_at=rows[0]["read_at"] if rows else None)

    def sent_between(self, since: datetime, until: datetime, *, after: Row | None, limit: int) -> list[Row]:
        """Read a page of rows that were sent in this time, ordered by it; `after` is the last row of the page before."""
        window: Row = {"sent": {"$gte": since if after is None else after["sent"], "$lt": until}}
        if after is not None:
            window["$or"] = [{"sent": {"$gt": after["sent"]}}, {"_id": {"$gt": after["_id"]}}]
        return self._rows.find(window).sort([("sent", 1), ("_id", 1)]).limit(limit).to_list()

    def mark_sent(self, identifiers: Sequence[Any], held: Held, leadership: Leadership) -> None:
        """Mark these rows as sent, in one transaction with the lease. Raises LeaseLost, and then nothing is marked."""

        def mark(session: ClientSession) -> None:
            leadership.confirm(held, session)
            unsent = {"_id": {"$in": list(identifiers)}, "sent": None}
            self._marked.update_many(unsent, [{"$set": {"sent": "$$NOW"}}], session=session)

        with pymongo.timeout(OPERATION_TIMEOUT_S), self._client.start_session() as session:
            session.with_transaction(mark)


def _none_of(field: str, left_out: Sequence[str]) -> Row:
    return {field: {"$nin": list(left_out)}} if left_out else {}


def read_event(row: Row) -> EventEnvelope:
    """Turn a row of the outbox into the event that it holds. Raises Unreadable."""
    try:
        event = msgspec.convert({**row, "id": row["_id"]}, EventEnvelope)
        size_bytes = len(msgspec.json.encode(event))
    except (msgspec.ValidationError, TypeError, ValueError, RecursionError) as error:
        raise Unreadable(str(error)) from error
    if size_bytes > EVENT_LIMIT_BYTES:
        raise Unreadable(f"{size_bytes} bytes are more than an event may have ({EVENT_LIMIT_BYTES})")
    return event
