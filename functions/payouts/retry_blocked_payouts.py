"""The reaction that tries blocked payouts again, once nothing stands in their way any more."""

from functools import partial
from typing import Any, Final

from freehold.documents import Milestone
from freehold.edge import Call, on_event
from freehold.events import PayoutAccountChanged, PayoutHoldLifted
from freehold.fx import desk_of
from freehold.store import Unit
from freehold.store.batches import each_on_its_own
from freehold.store.milestones import take_step

BATCH: Final = 100
MOST_BATCHES: Final = 20


@on_event("payout_account.changed", "payouts.hold_lifted", transaction=False)
async def retry_blocked_payouts(call: Call, event: PayoutAccountChanged | PayoutHoldLifted) -> None:
    """Ask again for every payout of this person that waits, each in a transaction of its own.

    It is asked for under a new key; whatever still stands in the way leaves it where it is.
    """
    if _frees(event):
        await _retry_all(call, event.user_id)
    await call.transact(_nothing, finish=True)


def _frees(event: PayoutAccountChanged | PayoutHoldLifted) -> bool:
    return event.free if isinstance(event, PayoutHoldLifted) else event.state == "ready"


async def _retry_all(call: Call, user_id: str) -> None:
    last = ""
    for _ in range(MOST_BATCHES):
        waiting: dict[str, Any] = {"freelancer_id": user_id, "state": "payout_blocked", "_id": {"$gt": last}}
        ids = await call.store.find_ids(Milestone, waiting, sort=(("_id", 1),), limit=BATCH)
        await each_on_its_own(ids, lambda milestone_id: call.transact(partial(_retry, call, milestone_id)))
        if len(ids) < BATCH:
            return
        last = ids[-1]


async def _retry(call: Call, milestone_id: str, unit: Unit) -> bool:
    milestone = await unit.require(Milestone, milestone_id)
    await take_step(unit, milestone, "retry_payout", by="scheduler", now=call.now, desk=desk_of(call.settings))
    return True


async def _nothing(_: Unit) -> None:
    """Finish."""
