"""The sweep that ends fundings which nobody has paid in time."""

from freehold.edge import Call, Swept, sweep
from freehold.store.batches import each_on_its_own
from freehold.store.milestones import DUE_BATCH, due_milestones, take_due_step


@sweep(every="30s")
async def expire_fundings(call: Call) -> Swept:
    """Cancel milestones whose payment has not come until `funding_expires_at`, by the database's clock.

    If it comes after all, it is given back.
    """
    due = await due_milestones(call.store, "funding_expires_at")

    async def take(milestone_id: str) -> bool:
        return await call.transact(lambda unit: take_due_step(unit, milestone_id, "funding_expires_at", now=call.now))

    return Swept(done=await each_on_its_own(due, take), more=len(due) == DUE_BATCH)
