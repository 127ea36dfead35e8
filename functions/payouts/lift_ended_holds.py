"""The sweep that lifts holds on payouts whose time is over."""

from functools import partial
from typing import Final

from freehold.documents import PayeeProfile
from freehold.edge import Call, Swept, sweep
from freehold.store import Unit
from freehold.store.batches import each_on_its_own
from freehold.store.payees import ENDED_HOLDS
from freehold.store.payout_accounts import Lifting, lift_holds

BATCH: Final = 100


@sweep(every="30s")
async def lift_ended_holds(call: Call) -> Swept:
    """Lift each hold whose `until` has passed, by the database's clock; what it held up is then paid."""
    due = await call.store.find_ids(PayeeProfile, ENDED_HOLDS, sort=(("hold_ends_at", 1),), limit=BATCH)
    done = await each_on_its_own(due, lambda user_id: call.transact(partial(_lift, call, user_id)))
    return Swept(done=done, more=len(due) == BATCH)


async def _lift(call: Call, user_id: str, unit: Unit) -> bool:
    profile = await unit.first(PayeeProfile, {"_id": user_id, **ENDED_HOLDS})
    if profile is None:
        return False
    clock = await unit.database_now()
    over = [hold for hold in profile.holds if hold.until is not None and hold.until <= clock]
    await lift_holds(unit, profile, over, Lifting(), now=call.now)
    return True
