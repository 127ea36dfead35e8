"""Payments at PayPal: orders that are captured to the platform, and refunds of their captures."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from freehold.documents import GatewayObject
from freehold.domain.money import Money
from freehold.payments.gateway import GatewayUnavailable
from freehold.payments.paypal.amounts import money_of, text_of
from freehold.payments.paypal.line import Line, PayPalKeys
from freehold.payments.paypal.wire import Capture, Order, Refund, TransactionPage
from freehold.store import now

WHOLE: Final = "return=representation"
SEARCH_PAGES: Final = 20
SEARCH_DAYS: Final = 31
"""The longest span that PayPal searches at once."""


async def create_order(line: Line, keys: PayPalKeys, entry: GatewayObject) -> Order:
    """Create the order of a payment; one with a saved method is paid at once. The same entry makes the same request.

    `custom_id` names the payment for look-ups; `invoice_id` makes PayPal refuse a second capture of it for ever.
    """

    def call(client: Any) -> Any:  # noqa: ANN401 - the SDK has no types
        from paypalserversdk.models.amount_with_breakdown import AmountWithBreakdown  # noqa: PLC0415
        from paypalserversdk.models.order_request import OrderRequest  # noqa: PLC0415
        from paypalserversdk.models.payment_source import PaymentSource  # noqa: PLC0415
        from paypalserversdk.models.purchase_unit_request import PurchaseUnitRequest  # noqa: PLC0415

        amount = AmountWithBreakdown(currency_code=entry.money.currency, value=text_of(entry.money))
        unit = PurchaseUnitRequest(amount=amount, custom_id=entry.payment_id, invoice_id=entry.payment_id)
        source = PaymentSource(paypal=_wallet(keys, entry.saved_method))
        body = OrderRequest(intent="CAPTURE", purchase_units=[unit], payment_source=source)
        return client.orders.create_order({"body": body, "paypal_request_id": entry.key, "prefer": WHOLE})

    return await line.ask(call, Order)


async def order(line: Line, order_id: str) -> Order:
    """Say how an order stands."""
    return await line.ask(lambda client: client.orders.get_order({"id": order_id}), Order)


async def capture(line: Line, entry: GatewayObject) -> Order:
    """Take the money of an order that its payer has approved; an order is taken once.

    PayPal answers a key that it refused with the same refusal for hours, so each refusal that is not the end makes a new key.
    """
    key = f"capture:{entry.payment_id}:{entry.refusals}"
    asked = {"id": entry.reference, "paypal_request_id": key, "prefer": WHOLE}
    return await line.ask(lambda client: client.orders.capture_order(asked), Order)


async def refund(line: Line, entry: GatewayObject, capture_id: str) -> Refund:
    """Give back of a capture; the same key gives back once."""

    def call(client: Any) -> Any:  # noqa: ANN401 - the SDK has no types
        from paypalserversdk.models.money import Money as Amount  # noqa: PLC0415
        from paypalserversdk.models.refund_request import RefundRequest  # noqa: PLC0415

        amount = Amount(currency_code=entry.money.currency, value=text_of(entry.money))
        body = RefundRequest(amount=amount, custom_id=entry.key)
        asked = {"capture_id": capture_id, "body": body, "paypal_request_id": entry.key, "prefer": WHOLE}
        return client.payments.refund_captured_payment(asked)

    return await line.ask(call, Refund)


async def refund_state(line: Line, refund_id: str) -> Refund:
    """Say how a refund stands."""
    return await line.ask(lambda client: client.payments.get_refund({"refund_id": refund_id}), Refund)


async def captured(line: Line, capture_id: str) -> Capture:
    """Say how a capture stands."""
    return await line.ask(lambda client: client.payments.get_captured_payment({"capture_id": capture_id}), Capture)


async def find_capture(line: Line, entry: GatewayObject) -> str | None:
    """Search the account's history of the last month for the capture of a payment. It lags by up to three hours.

    Raises GatewayUnavailable when there is more than can be searched.
    """
    end = now()
    start = end - timedelta(days=SEARCH_DAYS)
    span = {"start_date": _stamp(start), "end_date": _stamp(end), "fields": "transaction_info", "page_size": 500}
    page, pages = 1, 1
    while page <= pages:
        found = await line.ask(_searching({**span, "page": page}), TransactionPage)
        for each in found.transaction_details:
            if each.transaction_info.invoice_id == entry.payment_id:
                return each.transaction_info.transaction_id
        page, pages = page + 1, found.total_pages
        if page > SEARCH_PAGES:
            raise GatewayUnavailable(f"{entry.payment_id}: more than {SEARCH_PAGES} pages of history; a person must look")
    return None


def _searching(asked: dict[str, Any]) -> Callable[[Any], Any]:
    return lambda client: client.transaction_search.search_transactions(asked)


def fee_of(found: Capture, paid: Money) -> int:
    """Say what PayPal charged for a capture, in minor units of its currency."""
    fee = found.seller_receivable_breakdown.paypal_fee if found.seller_receivable_breakdown else None
    return money_of(fee.value, fee.currency_code).amount if fee and fee.currency_code == paid.currency else 0


def _wallet(keys: PayPalKeys, saved_method: str | None) -> Any:  # noqa: ANN401 - the SDK has no types
    from paypalserversdk.models.paypal_wallet import PaypalWallet  # noqa: PLC0415
    from paypalserversdk.models.paypal_wallet_experience_context import PaypalWalletExperienceContext  # noqa: PLC0415

    if saved_method is not None:
        return PaypalWallet(vault_id=saved_method)
    pages = {"return_url": keys.return_url, "cancel_url": keys.return_url, **({"brand_name": keys.brand} if keys.brand else {})}
    return PaypalWallet(
        experience_context=PaypalWalletExperienceContext(
            shipping_preference="NO_SHIPPING",
            user_action="PAY_NOW",
            payment_method_preference="IMMEDIATE_PAYMENT_REQUIRED",
            **pages,
        )
    )


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
