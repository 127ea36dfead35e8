"""The sweep that ends fundings which nobody has paid in time."""

from freehold.edge import Call, Swept, sweep
from freehold.store.due import take_due_steps


@sweep(every="30s")
async def expire_fundings(call: Call) -> Swept:
    """Cancel milestones whose payment has not come until `funding_expires_at`, by the database's clock.

    If it comes after all, it is given back.
    """
    done, more = await take_due_steps(call.store, "funding_expires_at", transact=call.transact, now=call.now)
    return Swept(done=done, more=more)
