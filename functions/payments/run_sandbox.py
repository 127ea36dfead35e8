"""The sweep that lets the sandbox gateway live: what happens there in its own time, and the webhooks that tell of it."""

from typing import Final

from freehold.edge import Call, Swept, sweep
from freehold.payments.sandbox import SandboxGateway
from freehold.payments.sandbox.notices import SENT_AT_ONCE, send_notices
from freehold.store.batches import each_on_its_own

CHANGED_AT_ONCE: Final = 50


@sweep(every="5s")
async def run_sandbox(call: Call) -> Swept:
    """Let payments arrive late, payouts come back and banks decide, by the database's clock. Production has no sandbox."""
    if call.settings.environment == "production":
        return Swept(done=0)
    gateway = SandboxGateway(call.store)
    due = await gateway.due_entries(limit=CHANGED_AT_ONCE)
    changed = await each_on_its_own(due, gateway.let_change)
    sent = await send_notices(gateway, reads=call.store, transact=call.transact)
    return Swept(done=changed + sent, more=len(due) == CHANGED_AT_ONCE or sent == SENT_AT_ONCE)
