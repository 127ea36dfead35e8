"""The sweep that closes the hours of weeks, on Mondays at noon."""

from freehold.documents import WorkWeek
from freehold.edge import Call, Swept, sweep
from freehold.store import Unit
from freehold.store.batches import each_on_its_own
from freehold.store.work_weeks import DUE_BATCH, close_week, due_filter, due_weeks


@sweep(every="15s")
async def close_due_weeks(call: Call) -> Swept:
    """Close the weeks whose `edits_end_at` has passed, by the database's clock: from then on the client looks at them."""
    due = await due_weeks(call.store, "close")
    done = await each_on_its_own(due, lambda week_id: call.transact(lambda unit: _close(unit, week_id)))
    return Swept(done=done, more=len(due) == DUE_BATCH)


async def _close(unit: Unit, week_id: str) -> bool:
    week = await unit.first(WorkWeek, {"_id": week_id, **due_filter("close")})
    if week is None:
        return False
    await close_week(unit, week, by="clock")
    return True
