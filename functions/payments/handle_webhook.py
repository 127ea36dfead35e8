"""The reaction that lets a webhook have its effect."""

from functools import partial

from freehold.edge import Call, on_event
from freehold.events import WebhookReceived
from freehold.payments import gateway_named
from freehold.payments.inbox import handle_webhook as handled
from freehold.settings import GATEWAY_SECRETS


@on_event("webhook.received", transaction=False, secrets=GATEWAY_SECRETS)
async def handle_webhook(call: Call, event: WebhookReceived) -> None:
    """Apply what a gateway has told, once; the effect and this event's inbox row are stored together.

    What cannot be applied yet waits in the inbox of webhooks, where the sweep finds it.
    """
    await handled(
        event.webhook_id,
        reads=call.store,
        gateways=partial(gateway_named, store=call.store, environment=call.settings.environment, secret=call.secret),
        transact=call.transact,
        finish=partial(call.transact, finish=True),
    )
