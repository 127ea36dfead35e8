"""What people are told: notifications, the log that the relay tails, and the tickets that open a socket."""

from typing import Any, ClassVar

from freehold.documents.document import Document, Index, Instant


class Notification(Document, frozen=True, kw_only=True):
    """An entry in somebody's list. `kind` is the relay event's name, `data` that event's payload."""

    collection: ClassVar[str] = "notifications"
    indexes: ClassVar[tuple[Index, ...]] = (
        Index((("user_id", 1), ("_id", -1))),
        Index((("user_id", 1), ("read_at", 1))),
        Index((("created_at", 1),), expire_after_s=180 * 86_400, because="half a year later it is no news any more"),
    )

    user_id: str
    kind: str
    data: dict[str, Any]
    created_at: Instant
    read_at: Instant | None = None


class RealtimeRow(Document, frozen=True, kw_only=True):
    """One emit for the relay: `event` with `payload` to everybody on `channel` (`user:usr_...`) of `namespace`."""

    collection: ClassVar[str] = "realtime_log"
    indexes: ClassVar[tuple[Index, ...]] = (
        Index((("created_at", 1),), expire_after_s=3_600, because="the relay has sent it; what lasts is the notification"),
    )

    namespace: str
    channel: str
    event: str
    payload: dict[str, Any]
    created_at: Instant
    traceparent: str | None = None


class Ticket(Document, frozen=True, kw_only=True):
    """A right to open one socket, once, within 30 s. `_id` is the SHA-256 of the ticket in hex; taking it deletes it."""

    collection: ClassVar[str] = "tickets"
    indexes: ClassVar[tuple[Index, ...]] = (
        Index((("expires_at", 1),), expire_after_s=60, because="nobody has taken it in time, and nobody can any more"),
    )

    user_id: str
    session_id: str
    sign_in_version: int
    roles: tuple[str, ...]
    expires_at: Instant
