"""The sweep that stops timers which have run as long as one may."""

from typing import Final

from freehold.documents import TimeEntry
from freehold.edge import Call, Swept, sweep
from freehold.store import Unit
from freehold.store.batches import each_on_its_own
from freehold.store.timesheets import TIMER_OVER, stop_timer

BATCH: Final = 50


@sweep(every="15s")
async def stop_due_timers(call: Call) -> Swept:
    """Stop the timers whose `stops_at` has passed, by the database's clock; they count until then, however late this comes."""
    due = await call.store.find_ids(TimeEntry, TIMER_OVER, sort=(("stops_at", 1),), limit=BATCH)
    done = await each_on_its_own(due, lambda entry_id: call.transact(lambda unit: _stop(unit, entry_id)))
    return Swept(done=done, more=len(due) == BATCH)


async def _stop(unit: Unit, entry_id: str) -> bool:
    entry = await unit.first(TimeEntry, {"_id": entry_id, **TIMER_OVER})
    if entry is None:
        return False
    await stop_timer(unit, entry, by="clock", clock=await unit.database_now())
    return True
