"""What a webhook of PayPal's is about: one of our requests, or a dispute. The state is asked for, so order does not matter."""

from typing import Final, Literal

from freehold.documents import GatewayObject
from freehold.domain.settlement import ChargebackReport
from freehold.payments.book import Book
from freehold.payments.paypal.amounts import money_of
from freehold.payments.paypal.line import Line
from freehold.payments.paypal.wire import Dispute, Event

LOST: Final = frozenset({"RESOLVED_BUYER_FAVOUR", "ACCEPTED"})
WON: Final = frozenset({"RESOLVED_SELLER_FAVOUR", "CANCELED_BY_BUYER", "RESOLVED_WITH_PAYOUT", "DENIED", "NONE"})
"""How a resolved dispute ended for the seller; a payout is PayPal's own money."""


async def meant(book: Book, event: Event) -> GatewayObject | None:
    """Find which of our requests an event is about; null when it is none of ours, or says nothing that we act on."""
    about, family = event.resource, event.event_type.rpartition(".")[0]
    if family == "CHECKOUT.ORDER" and about.id:
        return await book.by_reference(about.id)
    if event.event_type in ("PAYMENT.CAPTURE.REFUNDED", "PAYMENT.REFUND.PENDING", "PAYMENT.REFUND.FAILED") and about.custom_id:
        return await book.by_key(about.custom_id)
    if family == "PAYMENT.CAPTURE" and about.custom_id:
        return await book.payment(about.custom_id)
    if family == "PAYMENT.PAYOUTS-ITEM" and about.sender_batch_id:
        return await book.by_key(about.sender_batch_id)
    if family == "PAYMENT.PAYOUTSBATCH" and about.batch_header:
        return await book.by_key(about.batch_header.sender_batch_header.sender_batch_id)
    return None


async def chargeback(line: Line, book: Book, dispute_id: str) -> ChargebackReport | None:
    """Say how a dispute about one of our payments stands; null when it is about something else."""
    found = await line.send("GET", f"/v1/customer/disputes/{dispute_id}", Dispute)
    about = found.disputed_transactions[0] if found.disputed_transactions else None
    payment = await book.by_reference(about.seller_transaction_id) if about else None
    if payment is None or payment.kind != "payment":
        return None
    return ChargebackReport(
        id=found.dispute_id,
        payment_id=payment.payment_id,
        milestone_id=payment.group,
        state=_state(found),
        money=money_of(found.dispute_amount.value, found.dispute_amount.currency_code),
        reason=found.reason.lower() if found.reason else None,
    )


def _state(found: Dispute) -> Literal["opened", "won", "lost"]:
    ended = found.dispute_outcome.outcome_code if found.dispute_outcome else ""
    if found.status != "RESOLVED":
        return "opened"
    return "lost" if ended in LOST else "won" if ended in WON else "opened"
