"""How a payment goes on at PayPal: an order is created, its payer approves it, and then its money is captured.

An order that nobody has approved moves no money, so a cancelled one needs no call: it is never captured. A capture is written
down before it is asked for; from then on the payment can no longer be cancelled, only found out about.
"""

from datetime import timedelta
from typing import Final

from freehold.documents import GatewayObject
from freehold.domain.settlement import Outcome
from freehold.payments.book import Book, redirect
from freehold.payments.gateway import GatewayUnavailable
from freehold.payments.paypal import orders
from freehold.payments.paypal.amounts import money_of
from freehold.payments.paypal.line import NOT_FOUND, Declined, Line, PayPalKeys
from freehold.payments.paypal.wire import Capture, Order

KEYS_LAST: Final = timedelta(hours=5)
"""PayPal remembers the keys of orders for six hours; an hour is left for clocks and calls. By then what was captured is in the
account's history, which lags by up to three hours."""
ORDER_TAKEN: Final = "ORDER_ALREADY_CAPTURED"
INVOICE_TAKEN: Final = "DUPLICATE_INVOICE_ID"
"""The payment was captured before, for another order: one that a restored book knows nothing of, or whose key was forgotten."""
ANOTHER_WAY: Final = frozenset({"INSTRUMENT_DECLINED", "PAYER_ACTION_REQUIRED", "ORDER_NOT_APPROVED"})
"""The payer may go back and choose another way to pay: the order is not over."""
CAPTURES: Final[dict[str, Outcome]] = {
    "COMPLETED": "done",
    "PARTIALLY_REFUNDED": "done",
    "REFUNDED": "done",
    "PENDING": "pending",
    "DECLINED": "refused",
    "FAILED": "refused",
}


class Funding:
    """Takes payments further, one question at a time; every step may be repeated."""

    def __init__(self, line: Line, book: Book, keys: PayPalKeys) -> None:
        self._line = line
        self._book = book
        self._keys = keys

    async def advance(self, entry: GatewayObject) -> GatewayObject:
        """Find out how a payment stands, and take its money if its payer has approved. Raises GatewayUnavailable."""
        if entry.state != "pending":
            return entry
        if entry.part is not None:
            return await self._settle_capture(entry, await orders.captured(self._line, entry.part))
        try:
            found = await self._order(entry)
        except Declined as declined:
            return await self._without_order(entry, declined)
        if found is None:
            return await self._book.payment(entry.payment_id) or entry
        entry = await self._book.note(entry, reference=found.id, action=redirect(found.approve_url))
        if found.status == "APPROVED" and entry.state == "pending":
            return await self._capture(entry)
        return await self._settle(entry, found)

    async def cancel(self, entry: GatewayObject) -> GatewayObject:
        """Cancel a payment that nobody has paid. Raises GatewayUnavailable while its money is being taken."""
        if entry.state == "pending" and entry.saved_method is not None:
            entry = await self.advance(entry)
        if entry.state == "pending" and entry.intent == "none" and entry.part is None:
            entry = await self._book.cancel(entry)
        if entry.state == "pending":
            entry = await self.advance(entry)
        return entry

    async def _order(self, entry: GatewayObject) -> Order | None:
        """Ask for the payment's order, and create it if that was not done yet; null when it turned out to be captured."""
        if entry.reference is not None:
            return await orders.order(self._line, entry.reference)
        if await self._book.age(entry) > KEYS_LAST and await self._found_in_history(entry):
            return None
        return await orders.create_order(self._line, self._keys, entry)

    async def _found_in_history(self, entry: GatewayObject) -> bool:
        """Look for a payment whose key PayPal has forgotten; take in what is found."""
        capture_id = await orders.find_capture(self._line, entry)
        if capture_id is not None:
            entry = await self._book.note(entry, part=capture_id, reference=capture_id)
            await self._settle_capture(entry, await orders.captured(self._line, capture_id))
        return capture_id is not None

    async def _taken_before(self, entry: GatewayObject) -> GatewayObject:
        """Take in the capture that PayPal made of a payment for an earlier order."""
        if not await self._found_in_history(entry):
            raise GatewayUnavailable(f"{entry.payment_id} was captured before, and is not in the history yet")
        return await self._book.payment(entry.payment_id) or entry

    async def _capture(self, entry: GatewayObject) -> GatewayObject:
        entry = await self._book.note(entry, intent="capture")
        if entry.state != "pending":
            return entry
        try:
            found = await orders.capture(self._line, entry)
        except Declined as declined:
            if declined.issue == ORDER_TAKEN and entry.reference is not None:
                return await self._settle(entry, await orders.order(self._line, entry.reference))
            if declined.issue == INVOICE_TAKEN:
                return await self._taken_before(entry)
            if declined.issue in ANOTHER_WAY:
                return await self._book.note(entry, intent="none", refusals=entry.refusals + 1, reason=declined.issue.lower())
            return await self._book.settle(entry, "refused", reason=declined.issue.lower(), action=None)
        return await self._settle(entry, found)

    async def _without_order(self, entry: GatewayObject, declined: Declined) -> GatewayObject:
        """Decide what a refusal to create or show an order means."""
        if declined.status == NOT_FOUND and entry.reference is not None:
            return await self._book.settle(entry, "cancelled", reason="order_expired", action=None)
        if declined.issue == INVOICE_TAKEN:
            return await self._taken_before(entry)
        return await self._book.settle(entry, "refused", reason=declined.issue.lower(), action=None)

    async def _settle(self, entry: GatewayObject, found: Order) -> GatewayObject:
        """Write down what an order says."""
        if found.capture is not None:
            return await self._settle_capture(entry, found.capture)
        if found.status == "VOIDED":
            return await self._book.settle(entry, "cancelled", reason="order_voided", action=None)
        if found.status == "COMPLETED":
            raise GatewayUnavailable(f"order {found.id} is completed without a capture")
        return entry

    async def _settle_capture(self, entry: GatewayObject, found: Capture) -> GatewayObject:
        outcome = CAPTURES.get(found.status)
        if outcome is None:
            raise GatewayUnavailable(f"PayPal says {found.status[:40]} of a capture")
        reason = found.status_details.reason if found.status_details else None
        if outcome == "pending":
            return await self._book.note(entry, part=found.id, action=None, reason=(reason or "capture_pending").lower())
        if outcome == "refused":
            return await self._book.settle(entry, "refused", reason=(reason or "capture_declined").lower(), action=None)
        moved = money_of(found.amount.value, found.amount.currency_code)
        fee = orders.fee_of(found, moved)
        return await self._book.settle(entry, "done", part=found.id, moved=moved, fee=fee, reason=None, action=None)
