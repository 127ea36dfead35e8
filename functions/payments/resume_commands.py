"""The sweep that takes up commands to payment gateways which wait, or which somebody left behind."""

from functools import partial

from freehold.edge import Call, Swept, sweep
from freehold.payments import GatewayUnavailable, carry_out, gateway_named
from freehold.settings import GATEWAY_SECRETS
from freehold.store.batches import each_on_its_own
from freehold.store.commands import RESUMED_AT_ONCE, due_commands


@sweep(every="5s", secrets=GATEWAY_SECRETS)
async def resume_commands(call: Call) -> Swept:
    """Look up, and carry out where needed, the commands whose claim or pause is over, by the database's clock.

    So a crash between the two transactions heals even when the event's delivery is parked.
    """
    due = await due_commands(call.store)

    async def resume(key: str) -> bool:
        try:
            outcome = await carry_out(
                key,
                gateways=partial(gateway_named, store=call.store, environment=call.settings.environment, secret=call.secret),
                transact=call.transact,
                finish=call.transact,
            )
        except GatewayUnavailable:
            return False
        return outcome in {"settled", "withdrawn"}

    return Swept(done=await each_on_its_own(due, resume), more=len(due) == RESUMED_AT_ONCE)
