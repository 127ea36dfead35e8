"""The sweep that asks the gateways again how payout accounts stand."""

from datetime import timedelta
from functools import partial
from typing import Final

from freehold.documents import PayeeProfile
from freehold.edge import Call, Swept, sweep
from freehold.store import Unit
from freehold.store.batches import each_on_its_own
from freehold.store.payment_methods import DUE
from freehold.store.payout_accounts import LOOK_AGAIN_AT_READY_S, ask_again

BATCH: Final = 100


@sweep(every="30s")
async def check_payout_accounts(call: Call) -> Swept:
    """Ask about the accounts of payees whose `check_at` has passed by the database's clock: soon while one is not ready."""
    due = await call.store.find_ids(PayeeProfile, DUE, sort=(("check_at", 1),), limit=BATCH)
    done = await each_on_its_own(due, lambda user_id: call.transact(partial(_ask, user_id)))
    return Swept(done=done, more=len(due) == BATCH)


async def _ask(user_id: str, unit: Unit) -> bool:
    profile = await unit.first(PayeeProfile, {"_id": user_id, **DUE})
    if profile is None:
        return False
    later = await unit.database_now() + timedelta(seconds=LOOK_AGAIN_AT_READY_S)
    await ask_again(unit, profile, *profile.accounts, check_at=later)
    return bool(profile.accounts)
