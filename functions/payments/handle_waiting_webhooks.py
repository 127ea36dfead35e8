"""The sweep that takes up webhooks which wait, or whose event got lost."""

from functools import partial

from freehold.edge import Call, Swept, sweep
from freehold.payments import gateway_named
from freehold.payments.inbox import handle_webhook
from freehold.settings import GATEWAY_SECRETS
from freehold.store.batches import each_on_its_own
from freehold.store.webhooks import HANDLED_AT_ONCE, due_webhooks


@sweep(every="10s", secrets=GATEWAY_SECRETS)
async def handle_waiting_webhooks(call: Call) -> Swept:
    """Apply what gateways have told and what could not be applied before, by the database's clock."""
    due = await due_webhooks(call.store)

    async def handle(webhook_id: str) -> bool:
        return await handle_webhook(
            webhook_id,
            reads=call.store,
            gateways=partial(gateway_named, store=call.store, environment=call.settings.environment, secret=call.secret),
            transact=call.transact,
            finish=call.transact,
        )

    return Swept(done=await each_on_its_own(due, handle), more=len(due) == HANDLED_AT_ONCE)
