"""How events travel: outbox, inbox, deliveries, leases. Written by the store, carried by the connector (events.md in words)."""

from typing import Any, ClassVar, Final, Literal

from freehold.documents.document import Document, Index, Instant

UNREADABLE: Final = "unreadable"
"""Stands as the reaction of a parked delivery whose outbox row is no event; such a one is replayed through the outbox."""


class OutboxRow(Document, frozen=True, kw_only=True):
    """An event that happened, stored with the change that made it. (`aggregate_version`, `n`) orders one aggregate's events.

    `sent` is null until every subscriber's delivery is stored (or the broker has confirmed it). `traceparent` is where in its
    trace it happened (the trace's id alone is `trace_id`, for logs).
    """

    collection: ClassVar[str] = "outbox"
    indexes: ClassVar[tuple[Index, ...]] = (
        Index((("sent", 1), ("_id", 1))),
        Index((("aggregate", 1), ("aggregate_version", 1), ("n", 1)), unique=True),
        Index((("sent", 1),), expire_after_s=90 * 86_400, because="it was sent; one that was not stays, however old it is"),
    )

    type: str
    aggregate: str
    aggregate_version: int
    n: int
    body: dict[str, Any]
    trace_id: str | None = None
    traceparent: str | None = None
    created_at: Instant
    sent: Instant | None = None


class InboxRow(Document, frozen=True, kw_only=True):
    """A reaction's effect of one event, stored in the same transaction: `_id` is `event:reaction`."""

    collection: ClassVar[str] = "inbox"
    indexes: ClassVar[tuple[Index, ...]] = (
        Index((("created_at", 1),), expire_after_s=90 * 86_400, because="its event has left the outbox by then"),
    )

    created_at: Instant


class Position(Document, frozen=True, kw_only=True):
    """How far a reaction that wants only the newest has come with one aggregate: `_id` is `reaction:aggregate`."""

    collection: ClassVar[str] = "positions"

    aggregate_version: int
    n: int


class Delivery(Document, frozen=True, kw_only=True):
    """One event on its way to one reaction: `_id` is `event:reaction`. The claim is a lease with a fence.

    `due_at` is when it may be taken: waiting, for its next try; claimed, because its claim has run out by then. `event` is
    the EventEnvelope, if nobody has spoilt it; `error` says why the last try failed. Parked ones stay until an admin
    replays them.
    """

    collection: ClassVar[str] = "deliveries"
    indexes: ClassVar[tuple[Index, ...]] = (
        Index((("state", 1), ("due_at", 1), ("_id", 1))),
        Index((("state", 1), ("_id", -1)), partial={"state": "parked"}),
        Index((("done_at", 1),), expire_after_s=7 * 86_400, because="it is done, and a week is enough to look into it"),
    )

    event_id: str
    reaction: str
    event: Any
    state: Literal["waiting", "claimed", "done", "parked"] = "waiting"
    attempts: int = 0
    due_at: Instant
    fence: int = 0
    error: str | None = None
    created_at: Instant
    done_at: Instant | None = None
    parked_at: Instant | None = None


class Lease(Document, frozen=True, kw_only=True):
    """A role that one process holds at a time: `_id` names it. `fence` rises with each new holder."""

    collection: ClassVar[str] = "leases"

    holder: str
    fence: int
    expires_at: Instant
