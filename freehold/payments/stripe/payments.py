"""Payments: asked for, found again, cancelled.

A payment is found by Stripe's name for it if that is known, else among the charges of its milestone, else by a search. The
search may be minutes late: then there is no charge yet, so nobody has paid, and to ask again under the same key finds it.
"""

from contextlib import suppress
from typing import Any, Final

from freehold.domain.settlement import Report
from freehold.payments.exponents import STRIPE, to_gateway
from freehold.payments.gateway import AmountNotSendable, FundRequest, PaymentQuery
from freehold.payments.stripe.line import Line, StripeRefused
from freehold.payments.stripe.objects import Charge, ListPage, PaymentIntent
from freehold.payments.stripe.reports import OFF_SESSION, report_of_payment

_PATH: Final = "/v1/payment_intents"
_WITH_FEE: Final = ["latest_charge.balance_transaction"]


async def fund(line: Line, request: FundRequest) -> Report:
    """Ask for a payment: with a saved way to pay it is charged at once, else the payer must act.

    Raises KeyReusedAtGateway or GatewayUnavailable.
    """
    try:
        asked = {**_what(request), **_how(request)}
        made = await line.post(_PATH, PaymentIntent, key=request.key, expand=_WITH_FEE, **asked)
    except StripeRefused as refusal:
        reference = refusal.intent.id if refusal.intent is not None else ""
        return Report(outcome="refused", reference=reference, money=request.money, reason=refusal.reason)
    except AmountNotSendable as refusal:
        return Report(outcome="refused", reference="", money=request.money, reason=refusal.code)
    return report_of_payment(await _fetch(line, made.id))


async def capture_state(line: Line, payment: PaymentQuery) -> Report | None:
    """Say how a payment stands; null when Stripe has none of this name."""
    found = await find(line, payment)
    return None if found is None else report_of_payment(found)


async def cancel(line: Line, payment: PaymentQuery) -> Report | None:
    """Cancel a payment that is still open, and say how it stands then."""
    found = await find(line, payment)
    if found is None or report_of_payment(found).outcome != "pending":
        return None if found is None else report_of_payment(found)
    with suppress(StripeRefused):  # it was paid, or the bank is at work on it: how it stands is asked next
        await line.post(f"{_PATH}/{found.id}/cancel", PaymentIntent, key=None)
    return report_of_payment(await _fetch(line, found.id))


async def find(line: Line, payment: PaymentQuery) -> PaymentIntent | None:
    """Find a payment by whatever name of it there is."""
    if payment.reference:
        found = await line.find(f"{_PATH}/{payment.reference}", PaymentIntent, expand=_WITH_FEE)
        if found is not None:
            return found
    charge = await charge_of(line, payment, only_paid=False)
    if charge is not None and charge.payment_intent is not None:
        return await _fetch(line, charge.payment_intent)
    query = f"metadata['payment_id']:'{payment.payment_id}'"
    page = await line.get(f"{_PATH}/search", ListPage[PaymentIntent], query=query)
    return await _fetch(line, page.data[0].id) if page.data else None


async def charge_of(line: Line, payment: PaymentQuery, *, only_paid: bool) -> Charge | None:
    """Find the charge of a payment among those of its milestone; that list is never late."""
    async for charge in line.each("/v1/charges", Charge, transfer_group=payment.milestone_id):
        if charge.payment_id == payment.payment_id and (charge.status == "succeeded" or not only_paid):
            return charge
    return None


async def _fetch(line: Line, intent_id: str) -> PaymentIntent:
    return await line.get(f"{_PATH}/{intent_id}", PaymentIntent, expand=_WITH_FEE)


def _what(request: FundRequest) -> dict[str, Any]:
    """Say what is paid for. It is captured at once, to the platform's own balance."""
    return {
        "amount": to_gateway(STRIPE, request.money),
        "currency": request.money.currency.lower(),
        "capture_method": "automatic",
        "payment_method_types": [request.method],
        "transfer_group": request.milestone_id,
        "metadata": {
            "freehold_key": request.key,
            "payment_id": request.payment_id,
            "milestone_id": request.milestone_id,
            "payer_id": request.payer_id,
            **({OFF_SESSION: "yes"} if request.saved_method else {}),
        },
    }


def _how(request: FundRequest) -> dict[str, Any]:
    """Say how it is paid: by the payer in their browser, or without them by what they have saved (`cus_.../pm_...`)."""
    if not request.saved_method:
        return {}
    customer, _, method = request.saved_method.partition("/")
    return {"customer": customer, "payment_method": method, "confirm": True, "off_session": True}
