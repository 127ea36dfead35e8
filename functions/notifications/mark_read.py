"""`PUT /api/notifications/{id}`."""

import msgspec
from msgspec import Struct

from freehold.documents import Instant, Notification
from freehold.edge import Call, endpoint
from freehold.edge.problems import NotFound, StaleVersion
from freehold.ids import NotificationPath


class Reading(Struct, frozen=True, forbid_unknown_fields=True):
    """An entry is read, or unread again."""

    read: bool


class ReadNotification(Struct, frozen=True):
    """The entry now."""

    id: str
    read_at: Instant | None


@endpoint("PUT /api/notifications/{id}", auth="user", errors=[NotFound, StaleVersion])
async def mark_read(call: Call, path: NotificationPath, body: Reading) -> ReadNotification:
    """Mark an entry of your list as read, or as unread. Raises NotFound for an entry of somebody else's."""
    entry = await call.unit.get(Notification, path.id)
    if entry is None or entry.user_id != call.caller.user_id:
        raise NotFound
    if body.read is not (entry.read_at is not None):
        entry = await call.unit.update(entry, msgspec.structs.replace(entry, read_at=call.now if body.read else None))
    return ReadNotification(id=entry.id, read_at=entry.read_at)
