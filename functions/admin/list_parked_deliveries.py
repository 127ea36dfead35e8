"""`GET /api/admin/events/parked`."""

from typing import Annotated

from msgspec import Meta, Struct

from freehold.documents import Delivery, Instant
from freehold.edge import Call, endpoint
from freehold.edge.pagination import Page, PageQuery, page_of
from freehold.edge.problems import InvalidCursor


class ParkedDelivery(Struct, frozen=True, kw_only=True):
    """An event that a reaction did not take: which one, how often it was tried, and what the last try came to.

    What the event says is not shown; it may hold what people wrote.
    """

    id: str
    event_id: str
    event_type: str | None
    aggregate: str | None
    reaction: str
    attempts: int
    error: str | None
    created_at: Instant
    parked_at: Instant | None


class ParkedQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which of them."""

    reaction: Annotated[str, Meta(min_length=1, max_length=63, description="Only this reaction's.")] | None = None


@endpoint("GET /api/admin/events/parked", auth="admin", errors=[InvalidCursor])
async def list_parked_deliveries(call: Call, query: ParkedQuery) -> Page[ParkedDelivery]:
    """List the deliveries of events that were given up, the newest event first."""
    where = {"state": "parked", **({"reaction": query.reaction} if query.reaction else {})}
    found, next_cursor = await page_of(call.store, Delivery, where, query)
    return Page([_view(each) for each in found], next_cursor)


def _view(delivery: Delivery) -> ParkedDelivery:
    event = delivery.event if isinstance(delivery.event, dict) else {}
    return ParkedDelivery(
        id=delivery.id,
        event_id=delivery.event_id,
        event_type=_text(event.get("type")),
        aggregate=_text(event.get("aggregate")),
        reaction=delivery.reaction,
        attempts=delivery.attempts,
        error=delivery.error,
        created_at=delivery.created_at,
        parked_at=delivery.parked_at,
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
