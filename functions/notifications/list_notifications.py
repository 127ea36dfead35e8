"""`GET /api/notifications`."""

from typing import Any

from msgspec import Struct

from freehold.documents import Instant, Notification
from freehold.edge import Call, endpoint
from freehold.edge.pagination import PageQuery, page_of
from freehold.edge.problems import InvalidCursor
from freehold.store.notices import unread_count


class NotificationView(Struct, frozen=True, kw_only=True):
    """Something that a person was told. `data` is the payload of the live event that `kind` names (docs/asyncapi.json)."""

    id: str
    kind: str
    data: dict[str, Any]
    created_at: Instant
    read_at: Instant | None


class NotificationPage(Struct, frozen=True):
    """One page, and how many the person has not read in all (counted up to 1,000). `next_cursor` is null on the last."""

    items: list[NotificationView]
    unread: int
    next_cursor: str | None = None


class NotificationQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which of them."""

    unread_only: bool = False


@endpoint("GET /api/notifications", auth="user", errors=[InvalidCursor])
async def list_notifications(call: Call, query: NotificationQuery) -> NotificationPage:
    """List what you were told, the newest first, with the number of unread entries."""
    where = {"user_id": call.caller.user_id, **({"read_at": None} if query.unread_only else {})}
    found, next_cursor = await page_of(call.store, Notification, where, query)
    unread = await unread_count(call.store, call.caller.user_id)
    return NotificationPage([_view(each) for each in found], unread, next_cursor)


def _view(notification: Notification) -> NotificationView:
    return NotificationView(
        id=notification.id,
        kind=notification.kind,
        data=notification.data,
        created_at=notification.created_at,
        read_at=notification.read_at,
    )
