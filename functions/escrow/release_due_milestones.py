"""The sweep that releases submitted work whose inspection period is over."""

from freehold.edge import Call, Swept, sweep
from freehold.store.batches import each_on_its_own
from freehold.store.milestones import DUE_BATCH, due_milestones, take_due_step


@sweep(every="2s")
async def release_due_milestones(call: Call) -> Swept:
    """Release what the client has said nothing about until `auto_release_at`, by the database's clock."""
    due = await due_milestones(call.store, "auto_release_at")

    async def take(milestone_id: str) -> bool:
        return await call.transact(lambda unit: take_due_step(unit, milestone_id, "auto_release_at", now=call.now))

    return Swept(done=await each_on_its_own(due, take), more=len(due) == DUE_BATCH)
