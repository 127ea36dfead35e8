"""`POST /api/payment-methods`."""

from typing import Annotated

from msgspec import Meta, Struct

from freehold.documents import PaymentMethod
from freehold.domain.errors import Fault, refuse_faults
from freehold.edge import Call, endpoint
from freehold.payments import GatewayNotAvailable
from freehold.payments.offers import offer_of
from freehold.store.payment_methods import TooManyMethods, save_method
from freehold.views.payouts import PaymentMethodView, view_method


class NewPaymentMethod(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where to save one of the gateway's ways to pay, and which; its usual one if left out. Card numbers never come here."""

    gateway: Annotated[str, Meta(pattern=r"^[a-z]{1,20}$(?!\n)")]
    method: Annotated[str, Meta(pattern=r"^[a-z_]{1,40}$(?!\n)")] | None = None


@endpoint("POST /api/payment-methods", auth="user", status=202, errors=[TooManyMethods, GatewayNotAvailable])
async def create_payment_method(call: Call, body: NewPaymentMethod) -> PaymentMethodView:
    """Save a way to pay, so that hours can be charged without you.

    The gateway is asked at once and answers soon: the method is then ready, refused, or pending until you have done what its
    `action` says. The first ready one becomes your default. Raises TooManyMethods, GatewayNotAvailable.
    """
    offer = await offer_of(call.unit, body.gateway, environment=call.settings.environment)
    savable = [each.name for each in offer.methods if each.can_be_saved]
    if not savable:
        raise GatewayNotAvailable(f"{body.gateway} keeps no payment methods here")
    if body.method and body.method not in savable:
        refuse_faults(Fault("method", f"one of {', '.join(savable)}"))
    made = PaymentMethod(
        id=call.new_id("pme"),
        user_id=call.caller.user_id,
        gateway=body.gateway,
        method=body.method or savable[0],
        created_at=call.now,
        updated_at=call.now,
    )
    return view_method(await save_method(call.unit, made, limit=call.settings.payment_methods_limit))
