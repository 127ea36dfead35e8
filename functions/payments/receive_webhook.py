"""`POST /api/webhooks/{gateway}`."""

from typing import Annotated, Final

from msgspec import Meta, Struct

from freehold.edge import Call, RawRequest, endpoint
from freehold.edge.problems import BadRequest, NotFound, ServiceUnavailable
from freehold.payments import GatewayNotAvailable, GatewayUnavailable, gateway_named
from freehold.payments.gateway import InvalidWebhook
from freehold.payments.inbox import receive
from freehold.settings import GATEWAY_SECRETS

BODY_LIMIT_BYTES: Final = 65_536
"""Several times the largest event about a payment. Larger bodies are held only a few at a time; events come in bursts."""


class WebhookPath(Struct, frozen=True):
    """Whose webhook."""

    gateway: Annotated[str, Meta(min_length=1, max_length=64, description="A payment gateway: `stripe`, `paypal`, `razorpay`.")]


class WebhookTaken(Struct, frozen=True):
    """It is kept. `duplicate`: it was kept already, and has no further effect."""

    duplicate: bool


class WebhookNotTrusted(BadRequest):
    """The signature is missing, forged or too old, or what was signed is no event of this gateway."""

    code = "webhook_not_trusted"
    title = "This is no fresh webhook of this gateway"


@endpoint(
    "POST /api/webhooks/{gateway}",
    auth="anyone",
    rate="webhook",
    idempotent=False,
    transaction=False,
    secrets=GATEWAY_SECRETS,
    body_limit_bytes=BODY_LIMIT_BYTES,
    errors=[NotFound, WebhookNotTrusted],
)
async def receive_webhook(call: Call, path: WebhookPath, raw: RawRequest) -> WebhookTaken:
    """Take in what a payment gateway tells by itself, signed over the body as it is sent. Its effect comes afterwards.

    An event that comes again has no further effect. A gateway that is not answered 200 sends it again later.
    """
    try:
        gateway = gateway_named(path.gateway, store=call.store, environment=call.settings.environment, secret=call.secret)
        clock = await call.store.database_now()
        is_new = await receive(gateway, body=raw.body, headers=raw.headers, transact=call.transact, clock=clock)
    except GatewayNotAvailable as error:
        raise NotFound from error
    except InvalidWebhook as error:
        raise WebhookNotTrusted(f"{error}.") from error
    except GatewayUnavailable as error:
        raise ServiceUnavailable(retry_after_s=1) from error
    return WebhookTaken(duplicate=not is_new)
