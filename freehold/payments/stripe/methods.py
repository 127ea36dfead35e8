"""Saved ways to pay: a customer at Stripe for each, and a SetupIntent that its owner completes in their browser.

What is saved is named `cus_.../pm_...`: both are needed to charge it.
"""

from typing import Final

from freehold.payments.gateway import SavedMethod, SaveMethodRequest
from freehold.payments.stripe.line import Line, StripeRefused
from freehold.payments.stripe.objects import Customer, ListPage, PaymentMethod, SetupIntent
from freehold.payments.stripe.reports import label_of, next_action

_SETUPS: Final = "/v1/setup_intents"


async def save_method(line: Line, request: SaveMethodRequest) -> SavedMethod:
    """Begin to save a way to pay, or say how that stands. Raises GatewayUnavailable."""
    try:
        customer = await _customer(line, request)
        setup = await _setup(line, request, customer)
    except StripeRefused as refusal:
        return SavedMethod(state="refused", reference="", reason=refusal.reason)
    return _saved(setup, customer)


async def _customer(line: Line, request: SaveMethodRequest) -> str:
    """Find the customer of this key, or make one. The search may be late; until it is not, the key finds it."""
    query = f"metadata['freehold_key']:'{request.key}'"
    page = await line.get("/v1/customers/search", ListPage[Customer], query=query)
    if page.data:
        return page.data[0].id
    noted = {"freehold_key": request.key, "payer_id": request.payer_id}
    made = await line.post("/v1/customers", Customer, key=f"customer:{request.key}", metadata=noted)
    return made.id


async def _setup(line: Line, request: SaveMethodRequest, customer: str) -> SetupIntent:
    async for begun in line.each(_SETUPS, SetupIntent, customer=customer):
        return await _fetch(line, begun.id)
    made = await line.post(
        _SETUPS,
        SetupIntent,
        key=f"setup:{request.key}",
        customer=customer,
        payment_method_types=[request.method],
        usage="off_session",
        metadata={"freehold_key": request.key, "payer_id": request.payer_id},
    )
    return await _fetch(line, made.id)


async def _fetch(line: Line, setup_id: str) -> SetupIntent:
    return await line.get(f"{_SETUPS}/{setup_id}", SetupIntent, expand=["payment_method"])


def _saved(setup: SetupIntent, customer: str) -> SavedMethod:
    method = setup.payment_method
    if setup.status == "succeeded" and isinstance(method, PaymentMethod):
        return SavedMethod(state="ready", reference=f"{customer}/{method.id}", label=label_of(method))
    if setup.status == "canceled":
        return SavedMethod(state="refused", reference="", reason=setup.cancellation_reason or "canceled")
    return SavedMethod(state="pending", reference="", action=next_action(setup.client_secret, setup.next_action))
