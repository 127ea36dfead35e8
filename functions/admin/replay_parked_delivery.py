"""`POST /api/admin/events/parked/{id}/replay`."""

from typing import Annotated

import structlog
from msgspec import Meta, Struct

from freehold.documents import Delivery
from freehold.edge import Call, endpoint
from freehold.edge.problems import Conflict, NotFound
from freehold.store import deliveries

log = structlog.get_logger()


class ParkedPath(Struct, frozen=True):
    """Which delivery."""

    id: Annotated[str, Meta(min_length=1, max_length=600, description="A parked delivery, as the list names it.")]


class Replayed(Struct, frozen=True):
    """The delivery is on its way again."""

    id: str


class NotParked(Conflict):
    """The delivery is not parked: it waits, is under way, or is done."""

    code = "not_parked"
    title = "This delivery is not parked"


@endpoint("POST /api/admin/events/parked/{id}/replay", auth="admin", errors=[NotFound, NotParked])
async def replay_parked_delivery(call: Call, path: ParkedPath) -> Replayed:
    """Try a parked delivery again, with all its attempts. A reaction that had its effect already does not have it twice."""
    delivery = await call.unit.require(Delivery, path.id)
    if delivery.state != "parked":
        raise NotParked(f"It is {delivery.state}.")
    await deliveries.replay(call.unit, delivery)
    log.info("delivery_replayed", delivery_id=delivery.id, admin_id=call.caller.user_id)
    return Replayed(delivery.id)
