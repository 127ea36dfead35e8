"""The sweep that bills weeks whose review is over."""

from freehold.documents import WorkWeek
from freehold.edge import Call, Swept, sweep
from freehold.payments.week_charges import bill_week
from freehold.store import Unit
from freehold.store.batches import each_on_its_own
from freehold.store.work_weeks import DUE_BATCH, due_filter, due_weeks


@sweep(every="15s")
async def bill_due_weeks(call: Call) -> Swept:
    """Bill the weeks whose `review_ends_at` has passed, by the database's clock, and charge what their clients have saved."""
    due = await due_weeks(call.store, "bill")
    done = await each_on_its_own(due, lambda week_id: call.transact(lambda unit: _bill(call, unit, week_id)))
    return Swept(done=done, more=len(due) == DUE_BATCH)


async def _bill(call: Call, unit: Unit, week_id: str) -> bool:
    week = await unit.first(WorkWeek, {"_id": week_id, **due_filter("bill")})
    if week is None:
        return False
    await bill_week(unit, week, by="clock", settings=call.settings)
    return True
