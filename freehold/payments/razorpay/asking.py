"""What is asked of Razorpay, and how it is found again by the key in its notes. Amounts are whole paise."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from freehold.documents import GatewayObject
from freehold.payments.exponents import RAZORPAY, to_gateway
from freehold.payments.gateway import GatewayUnavailable
from freehold.payments.razorpay.line import Line
from freehold.payments.razorpay.wire import Charged, Noted, Order, Page, Payment, Refund, Reversal, Transfer

MOST_OF_ONE: Final = 100
"""How many payments, transfers, refunds or reversals are read of one thing; Razorpay lists no more at once."""

N = TypeVar("N", bound=Noted)


async def find_order(line: Line, entry: GatewayObject) -> Order | None:
    """Find the order of a payment by its receipt, which is our name for the payment."""
    asked = {"receipt": entry.payment_id, "count": MOST_OF_ONE}
    page = await line.ask(lambda client, timeout: client.order.all(asked, timeout=timeout), Page[Order])
    found = [order for order in page.items if order.receipt == entry.payment_id]
    if len(found) > 1:
        raise GatewayUnavailable(f"{entry.payment_id} has {len(found)} orders: a person must look")
    return found[0] if found else None


async def create_order(line: Line, entry: GatewayObject) -> Order:
    """Create the order of a payment; what is paid for it is captured at once."""
    body: dict[str, Any] = {
        "amount": _paise(entry),
        "currency": entry.money.currency,
        "receipt": entry.payment_id,
        "notes": _notes(entry),
        "payment_capture": True,
    }
    if entry.account:
        body["transfers"] = [_part(entry, hold_key(entry), on_hold=True)]
    return await line.ask(lambda client, timeout: client.order.create(body, timeout=timeout), Order)


async def payments(line: Line, order_id: str) -> tuple[Payment, ...]:
    """List the tries to pay an order."""
    page = await line.ask(lambda client, timeout: client.order.payments(order_id, timeout=timeout), Page[Payment])
    return page.items


async def charge(line: Line, entry: GatewayObject) -> None:
    """Charge a payer without them, by the payment in which they agreed to it (`saved_method`)."""
    agreed_id = entry.saved_method or ""
    agreed = await line.ask(lambda client, timeout: client.payment.fetch(agreed_id, timeout=timeout), Payment)
    body: dict[str, Any] = {
        "email": agreed.email or "",
        "contact": agreed.contact or "",
        "amount": _paise(entry),
        "currency": entry.money.currency,
        "order_id": entry.reference,
        "customer_id": agreed.customer_id or "",
        "token": agreed.token_id or "",
        "recurring": True,
        "notes": _notes(entry),
    }
    await line.ask(lambda client, timeout: client.payment.createRecurring(body, timeout=timeout), Charged)


async def transfer(line: Line, entry: GatewayObject, payment_id: str) -> Transfer:
    """Pay a part of a payment to a linked account, which is settled in the usual time."""
    body = {"transfers": [_part(entry, entry.key, on_hold=False)]}
    page = await line.ask(lambda client, timeout: client.payment.transfer(payment_id, body, timeout=timeout), Page[Transfer])
    return _only(page, entry)


async def find_transfer(line: Line, key: str, payment_id: str) -> Transfer | None:
    """Find a transfer among those of its payment."""
    return await _find(line, key, lambda client, timeout: client.payment.transfers(payment_id, timeout=timeout), Page[Transfer])


async def end_hold(line: Line, transfer_id: str) -> None:
    """Let a transfer that is on hold be settled."""
    body = {"on_hold": False}
    await line.ask(lambda client, timeout: client.transfer.edit(transfer_id, body, timeout=timeout), Transfer)


async def transfer_state(line: Line, transfer_id: str) -> Transfer:
    """Say how a transfer stands."""
    return await line.ask(lambda client, timeout: client.transfer.fetch(transfer_id, timeout=timeout), Transfer)


async def refund(line: Line, entry: GatewayObject, payment_id: str) -> Refund:
    """Give back of a payment."""
    body = {"amount": _paise(entry), "speed": "normal", "notes": _notes(entry)}
    return await line.ask(lambda client, timeout: client.payment.refund(payment_id, body, timeout=timeout), Refund)


async def find_refund(line: Line, entry: GatewayObject, payment_id: str) -> Refund | None:
    """Find a refund among those of its payment."""
    asked = {"count": MOST_OF_ONE}
    call = lambda client, timeout: client.payment.fetch_multiple_refund(payment_id, asked, timeout=timeout)  # noqa: E731
    return await _find(line, entry.key, call, Page[Refund])


async def refund_state(line: Line, refund_id: str) -> Refund:
    """Say how a refund stands."""
    return await line.ask(lambda client, timeout: client.refund.fetch(refund_id, timeout=timeout), Refund)


async def reverse(line: Line, key: str, transfer_id: str, amount: int) -> Reversal:
    """Take back of a transfer so many paise."""
    body = {"amount": amount, "notes": {"key": key}}
    return await line.ask(lambda client, timeout: client.transfer.reverse(transfer_id, body, timeout=timeout), Reversal)


async def find_reversal(line: Line, key: str, transfer_id: str) -> Reversal | None:
    """Find a reversal among those of its transfer."""
    return await _find(
        line, key, lambda client, timeout: client.transfer.reversals(transfer_id, timeout=timeout), Page[Reversal]
    )


def hold_key(payment: GatewayObject) -> str:
    """Name the transfer that is held for the payee of a payment."""
    return f"hold:{payment.payment_id}"


async def _find(line: Line, key: str, call: Callable[[Any, Any], Any], kind: type[Page[N]]) -> N | None:
    page = await line.ask(call, kind)
    found = [each for each in page.items if each.key == key]
    if found:
        return found[0]
    if len(page.items) >= MOST_OF_ONE:
        raise GatewayUnavailable(f"{key} may be behind the first {MOST_OF_ONE}: a person must look")
    return None


def _part(entry: GatewayObject, key: str, *, on_hold: bool) -> dict[str, Any]:
    return {
        "account": entry.account,
        "amount": _paise(entry),
        "currency": entry.money.currency,
        "notes": {**_notes(entry), "key": key},
        "on_hold": on_hold,
    }


def _only(page: Page[Transfer], entry: GatewayObject) -> Transfer:
    if len(page.items) != 1:
        raise GatewayUnavailable(f"{entry.key}: Razorpay answered {len(page.items)} transfers")
    return page.items[0]


def _paise(entry: GatewayObject) -> int:
    return to_gateway(RAZORPAY, entry.money)


def _notes(entry: GatewayObject) -> dict[str, str]:
    return {"key": entry.key, "milestone": entry.group, "payment": entry.payment_id}
