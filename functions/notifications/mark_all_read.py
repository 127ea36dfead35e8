"""`PUT /api/notifications`."""

from msgspec import Struct

from freehold.edge import Call, endpoint
from freehold.ids import NotificationId
from freehold.store.notices import mark_read_up_to, unread_count


class ReadUpTo(Struct, frozen=True, forbid_unknown_fields=True):
    """The newest entry that was seen; what came after it stays unread."""

    read_up_to: NotificationId


class Marked(Struct, frozen=True):
    """How many entries were marked now, and how many are unread still (counted up to 1,000)."""

    marked: int
    unread: int


@endpoint("PUT /api/notifications", auth="user")
async def mark_all_read(call: Call, body: ReadUpTo) -> Marked:
    """Mark the entries of your list up to this one as read: the newest 1,000 of them at once; repeat for older ones."""
    user_id = call.caller.user_id
    marked = await mark_read_up_to(call.unit, user_id, newest_id=body.read_up_to, now=call.now)
    return Marked(marked=marked, unread=await unread_count(call.unit, user_id))
