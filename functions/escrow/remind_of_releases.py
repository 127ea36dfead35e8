"""The sweep that reminds clients of what is about to be released by itself."""

from freehold.edge import Call, Swept, sweep
from freehold.store.due import take_due_steps


@sweep(every="1m")
async def remind_of_releases(call: Call) -> Swept:
    """Remind the client when half of the inspection period is over, and when nine tenths are, by the database's clock."""
    done, more = await take_due_steps(call.store, "remind_at", transact=call.transact, now=call.now)
    return Swept(done=done, more=more)
