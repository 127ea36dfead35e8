"""The sweep that tries refused charges again."""

from freehold.documents import WorkWeek
from freehold.edge import Call, Swept, sweep
from freehold.payments.week_charges import charge_again, saved_means
from freehold.store import Unit
from freehold.store.batches import each_on_its_own
from freehold.store.work_weeks import DUE_BATCH, due_filter, due_weeks


@sweep(every="30s")
async def charge_due_weeks(call: Call) -> Swept:
    """Charge the weeks again whose `retry_at` has passed, by the database's clock: whatever their clients have saved now."""
    due = await due_weeks(call.store, "charge_again")
    done = await each_on_its_own(due, lambda week_id: call.transact(lambda unit: _charge(call, unit, week_id)))
    return Swept(done=done, more=len(due) == DUE_BATCH)


async def _charge(call: Call, unit: Unit, week_id: str) -> bool:
    week = await unit.first(WorkWeek, {"_id": week_id, **due_filter("charge_again")})
    if week is None:
        return False
    means = await saved_means(unit, week.client_id)
    await charge_again(unit, week, by="clock", means=means, settings=call.settings)
    return True
