"""Telling people: an entry in their list, and a row in the log that the relay tails. And marking entries as read."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec

from freehold.documents import Notification, RealtimeRow
from freehold.ids import new_id
from freehold.realtime_events import RelayEvent, channel_of
from freehold.store.reads import Reads
from freehold.store.unit import Unit

UNREAD_COUNTED: Final = 1_000
"""Unread entries are counted up to here."""
MARKED_AT_ONCE: Final = 1_000
"""So many entries are marked as read in one go, the newest first."""


def notify(unit: Unit, now: datetime, user_ids: Iterable[str], event: RelayEvent) -> None:
    """Tell each of these people, once, when the transaction commits."""
    for user_id in dict.fromkeys(user_ids):
        notification_id = new_id("ntf")
        payload = msgspec.to_builtins(msgspec.structs.replace(event, notification_id=notification_id))
        unit.insert(Notification(id=notification_id, user_id=user_id, kind=event.name, data=payload, created_at=now))
        unit.insert(
            RealtimeRow(
                id=notification_id,
                namespace=event.namespace,
                channel=channel_of(user_id),
                event=event.name,
                payload=payload,
                created_at=now,
                traceparent=unit.traceparent,
            )
        )


async def unread_count(reads: Reads, user_id: str) -> int:
    """Count what this person has not read, up to UNREAD_COUNTED."""
    return await reads.count(Notification, {"user_id": user_id, "read_at": None}, limit=UNREAD_COUNTED)


async def mark_read_up_to(unit: Unit, user_id: str, *, newest_id: str, now: datetime) -> int:
    """Mark this person's unread entries up to and with `newest_id` as read, at most MARKED_AT_ONCE. Returns how many."""
    filter_ = {"user_id": user_id, "read_at": None, "_id": {"$lte": newest_id}}
    unread = await unit.find(Notification, filter_, limit=MARKED_AT_ONCE)
    change = {"$set": {"read_at": now}, "$inc": {"version": 1}}
    these = {"_id": {"$in": [each.id for each in unread]}}
    outcome = await unit.collection(Notification).update_many(these, change, session=unit.session)
    return outcome.modified_count
