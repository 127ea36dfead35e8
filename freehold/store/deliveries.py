"""Parked deliveries: putting one back, so that the connector tries it again. The connector does everything else with them."""

import msgspec

from freehold.documents import Delivery, OutboxRow
from freehold.documents.delivery import UNREADABLE
from freehold.store.errors import Missing
from freehold.store.unit import Unit


async def replay(unit: Unit, parked: Delivery) -> None:
    """Let a parked delivery begin anew, due by the database's clock at once; its last error stays until the next try.

    One that was parked because its outbox row is no event goes back through the outbox, for the case that the row was
    repaired. Raises Stale when it is no longer parked, Missing when that row is gone.
    """
    if parked.reaction == UNREADABLE:
        await _send_again(unit, parked)
        return
    again = msgspec.structs.replace(parked, state="waiting", attempts=0, parked_at=None)
    await unit.update(parked, again, deadlines={"due_at": 0}, guard={"state": "parked"})


async def _send_again(unit: Unit, parked: Delivery) -> None:
    row = {"_id": parked.event_id}
    outcome = await unit.collection(OutboxRow).update_one(row, {"$set": {"sent": None}}, session=unit.session)
    if outcome.matched_count == 0:
        raise Missing(f"the outbox has no row {parked.event_id} that could be sent again")
    await unit.delete(parked)
