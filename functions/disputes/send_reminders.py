"""The sweep that reminds of the deadlines of disputes."""

from functools import partial

from freehold.edge import Call, Swept, sweep
from freehold.store.batches import each_on_its_own
from freehold.store.dispute_clock import DUE_BATCH, disputes_to_remind, remind


@sweep(every="1m")
async def send_reminders(call: Call) -> Swept:
    """Remind whoever is awaited when half of a deadline's time is over, and at nine tenths, by the database's clock."""
    due = await disputes_to_remind(call.store)

    async def one(dispute_id: str) -> bool:
        return await call.transact(partial(remind, dispute_id=dispute_id))

    return Swept(done=await each_on_its_own(due, one), more=len(due) == DUE_BATCH)
