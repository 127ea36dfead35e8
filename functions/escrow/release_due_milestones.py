"""The sweep that releases submitted work whose inspection period is over."""

from freehold.edge import Call, Swept, sweep
from freehold.fx import desk_of
from freehold.store.due import take_due_steps


@sweep(every="2s")
async def release_due_milestones(call: Call) -> Swept:
    """Release what the client has said nothing about until `auto_release_at`, by the database's clock."""
    done, more = await take_due_steps(
        call.store, "auto_release_at", transact=call.transact, now=call.now, desk=desk_of(call.settings)
    )
    return Swept(done=done, more=more)
