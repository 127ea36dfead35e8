"""The sweep that ends what a payment gateway will not hold any longer."""

from freehold.edge import Call, Swept, sweep
from freehold.fx import desk_of
from freehold.store.due import take_due_steps


@sweep(every="10m")
async def end_holdings(call: Call) -> Swept:
    """Before a gateway's limit for holding money: release what was submitted, give back what was not, or is disputed."""
    done, more = await take_due_steps(
        call.store, "hold_expires_at", transact=call.transact, now=call.now, desk=desk_of(call.settings)
    )
    return Swept(done=done, more=more)
