"""Razorpay as a payment gateway: orders captured to the platform, Route transfers to linked accounts, refunds; rupees only.

Razorpay acts again when it is asked again. So who asks holds a claim in the book, and looks for our receipt or our key in its
notes first: an earlier reply may be lost, and the book may be a restored one that knows nothing of it.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Final, Literal

from freehold.documents import GatewayObject
from freehold.domain.money import Money
from freehold.domain.news import News
from freehold.domain.offers import Offer, PayMethod
from freehold.domain.settlement import ChargebackReport, NextAction, Outcome, Report
from freehold.payments.book import Book, report_of
from freehold.payments.exponents import RAZORPAY, from_gateway, to_gateway
from freehold.payments.gateway import (
    ChargebackNews,
    CommandNews,
    FundRequest,
    GatewayUnavailable,
    Payee,
    PayeeNews,
    PayeeRequest,
    PaymentQuery,
    RefundRequest,
    ReverseRequest,
    SavedMethod,
    SaveMethodRequest,
    TransferRequest,
    WebhookEvent,
)
from freehold.payments.razorpay import asking, webhooks
from freehold.payments.razorpay.accounts import is_account, payee_of
from freehold.payments.razorpay.holding import Holding
from freehold.payments.razorpay.line import Declined, RazorpayKeys, line_to
from freehold.payments.razorpay.wire import Account, Balance, Dispute, Event, Order, Page, Payment, Refund, Transfer
from freehold.store import Store

METHODS: Final = (PayMethod(name="checkout"),)
MAX_HOLD_DAYS: Final = 170
"""A payment can be given back for six months; what is not released must go back before."""
PAYMENTS: Final[dict[str, Outcome]] = {"captured": "done", "refunded": "done", "authorized": "pending", "created": "pending"}
TRANSFERS: Final[dict[str | None, Outcome]] = {
    None: "pending",
    "created": "pending",
    "pending": "pending",
    "processed": "done",
    "partially_reversed": "done",
    "reversed": "done",
    "failed": "refused",
}
REFUNDS: Final[dict[str, Outcome]] = {"processed": "done", "pending": "pending", "created": "pending", "failed": "refused"}
DISPUTES: Final[dict[str, Literal["opened", "won", "lost"]]] = {
    "open": "opened",
    "under_review": "opened",
    "action_required": "opened",
    "won": "won",
    "closed": "won",
    "lost": "lost",
}


class RazorpayGateway:
    """A `PaymentGateway` over one Razorpay account with Route, and a book of what it was asked."""

    name: Final = "razorpay"

    def __init__(self, store: Store, keys: RazorpayKeys) -> None:
        self._keys = keys
        self._book = Book(store, self.name)
        self._line = line_to(keys)
        self._holding = Holding(self._line, self._book)

    async def check(self) -> Offer:
        """Say what is offered, if the keys are good and webhooks will tell of chargebacks."""
        if not self._keys.webhook_secret:
            return Offer(state="refused", reasons=("webhook_missing",))
        await self._line.ask(lambda client, timeout: client.order.all({"count": 1}, timeout=timeout), Page[Order])
        return Offer(
            state="ready",
            methods=METHODS,
            currencies=tuple(RAZORPAY),
            max_hold_days=MAX_HOLD_DAYS,
            country="IN",
            holds_for_payee=True,
        )

    def require_sendable(self, money: Money) -> None:
        """Raise AmountNotSendable for anything but rupees."""
        to_gateway(RAZORPAY, money)

    async def fund(self, request: FundRequest) -> Report:
        """Ask for a payment: its payer pays the order in Razorpay's checkout."""
        self.require_sendable(request.money)
        payee = request.payee_account if is_account(request.payee_account) else ""
        return report_of(await self._payment(await self._book.begin(request, account=payee)))

    async def capture_state(self, payment: PaymentQuery) -> Report | None:
        """Say how a payment stands; also one that was cancelled may be paid late."""
        entry = await self._book.payment(payment.payment_id)
        return None if entry is None else report_of(await self._payment(entry))

    async def cancel(self, payment: PaymentQuery) -> Report | None:
        """Cancel a payment that is not paid. Its order stays open at Razorpay: if it is paid late, that is told."""
        entry = await self._book.payment(payment.payment_id)
        if entry is None:
            return None
        entry = await self._payment(entry)
        return report_of(await self._book.cancel(entry) if entry.state == "pending" and entry.part is None else entry)

    async def transfer(self, request: TransferRequest) -> Report:
        """Pay out of a payment to a linked account."""
        self.require_sendable(request.money)
        entry = await self._book.begin(request, account=request.payee_account)
        if entry.state == "pending" and not is_account(entry.account):
            entry = await self._book.settle(entry, "refused", reason="payee_account_invalid")
        return report_of(await self._advance(entry))

    async def refund(self, request: RefundRequest) -> Report:
        """Give back to the payer, out of what the platform has."""
        self.require_sendable(request.money)
        return report_of(await self._advance(await self._book.begin(request)))

    async def reverse(self, request: ReverseRequest) -> Report:
        """Take back from a linked account, if it has so much."""
        self.require_sendable(request.money)
        return report_of(await self._advance(await self._book.begin(request)))

    async def look_up(self, *, key: str, milestone_id: str) -> Report | None:
        """Say what became of a transfer, refund or reversal."""
        entry = await self._book.by_key(key)
        if entry is None or entry.group != milestone_id or entry.kind == "payment":
            return None
        return report_of(await self._advance(entry))

    async def balance(self, currency: str) -> Money:
        """Say what lies in the account and is not settled to the operator's bank."""
        self.require_sendable(Money(0, currency))
        found = await self._line.ask(lambda client, timeout: client.get("/v1/balance", {}, timeout=timeout), Balance)
        return from_gateway(RAZORPAY, found.balance, currency)

    async def save_method(self, request: SaveMethodRequest) -> SavedMethod:
        """Refuse: a mandate needs its payer's name and number, which are not asked for here."""
        return SavedMethod(state="refused", reference="", reason=f"saving_{request.method[:40]}_not_offered")

    async def open_payee(self, request: PayeeRequest) -> Payee:
        """Take the linked account that somebody has: it is opened in Razorpay's dashboard, with their papers."""
        found = await self.payee(request.address)
        return found or Payee(account=request.address, state="restricted", reasons=("linked_account_needed",))

    async def payee(self, account: str) -> Payee | None:
        """Say how a linked account stands."""
        if not is_account(account):
            return None
        try:
            return payee_of(
                await self._line.ask(lambda client, timeout: client.account.fetch(account, timeout=timeout), Account)
            )
        except Declined:
            return None

    async def read_webhook(self, *, body: bytes, headers: Mapping[str, str], now: datetime) -> WebhookEvent:
        """Read a webhook of Razorpay's, and ask how what it is about stands. Raises InvalidWebhook."""
        event_id, event = webhooks.verified(self._keys.webhook_secret, body=body, headers=headers, now=now)
        return WebhookEvent(id=event_id, type=event.event, news=await self._news(event))

    async def _news(self, event: Event) -> News | None:
        about = {name: wrapped.entity for name, wrapped in event.payload.items()}
        if "dispute" in about:
            report = await self._chargeback(about["dispute"].id)
            return ChargebackNews(report=report) if report else None
        if event.event.startswith("account.") and is_account(event.account_id):
            payee = await self.payee(event.account_id)
            return PayeeNews(payee=payee) if payee else None
        meant = next((about[name] for name in ("refund", "transfer") if name in about), None)
        if meant is not None:
            notes = meant.notes if isinstance(meant.notes, dict) else {}
            entry = await self._book.by_key(str(notes.get("key", ""))) or await self._book.by_reference(meant.id)
        else:
            order_id = about["payment"].order_id if "payment" in about else None
            entry = await self._book.by_reference(order_id) if order_id else None
        if entry is None:
            return None
        entry = await (self._payment(entry) if entry.kind == "payment" else self._advance(entry))
        return CommandNews(kind=entry.kind, key=entry.key, milestone_id=entry.group, report=report_of(entry))

    async def _chargeback(self, dispute_id: str) -> ChargebackReport | None:
        found = await self._line.ask(lambda client, timeout: client.dispute.fetch(dispute_id, timeout=timeout), Dispute)
        payment = await self._book.by_reference(found.payment_id)
        state = DISPUTES.get(found.status)
        if payment is None or payment.kind != "payment" or state is None:
            return None
        return ChargebackReport(
            id=found.id,
            payment_id=payment.payment_id,
            milestone_id=payment.group,
            state="lost" if state == "won" and found.amount_deducted else state,
            money=from_gateway(RAZORPAY, found.amount, found.currency),
            reason=found.reason_code,
        )

    async def _payment(self, entry: GatewayObject) -> GatewayObject:
        """Find out how a payment stands, and ask for it if that was not done yet."""
        if entry.state not in ("pending", "cancelled"):
            return entry
        try:
            if entry.reference is None:
                entry = await self._ordered(entry)
            tries = await asking.payments(self._line, entry.reference or "")
            if entry.saved_method is not None and not tries and entry.state == "pending":
                entry = await self._book.claim(entry)
                tries = await asking.payments(self._line, entry.reference or "")
                if not tries:
                    await asking.charge(self._line, entry)
                    tries = await asking.payments(self._line, entry.reference or "")
        except Declined as declined:
            return await self._book.settle(entry, "refused", reason=declined.reason, action=None)
        return await self._settle_payment(entry, tries)

    async def _ordered(self, entry: GatewayObject) -> GatewayObject:
        """Create the order of a payment, alone; or find the one that was created before its reply was lost."""
        if entry.state != "pending":
            return entry
        entry = await self._book.claim(entry)
        order = await asking.find_order(self._line, entry) or await asking.create_order(self._line, entry)
        action = None if entry.saved_method else NextAction(kind="order", token=order.id)
        return await self._book.note(entry, reference=order.id, action=action, asked_until=None)

    async def _settle_payment(self, entry: GatewayObject, tries: tuple[Payment, ...]) -> GatewayObject:
        paid = next((each for each in tries if PAYMENTS.get(each.status) == "done"), None)
        if paid is not None:
            moved = from_gateway(RAZORPAY, paid.amount, paid.currency)
            facts = {"part": paid.id, "moved": moved, "fee": paid.fee or 0, "reason": None, "action": None}
            return await self._book.settle(entry, "done", **facts)
        failed = next((each for each in tries if each.status == "failed"), None)
        if entry.saved_method is not None and failed is not None and len(tries) == 1:
            reason = failed.error_reason or failed.error_code or "payment_failed"
            return await self._book.settle(entry, "refused", reason=reason.lower(), action=None)
        return entry

    async def _advance(self, entry: GatewayObject) -> GatewayObject:
        """Find out how a transfer, refund or reversal stands, and send it if that was not done yet."""
        if entry.state in ("refused", "returned") or (entry.kind == "reversal" and entry.state == "done"):
            return entry
        source = await self._source(entry)
        steps: dict[str, Callable[[GatewayObject, str], Awaitable[GatewayObject]]] = {
            "transfer": self._transfer,
            "refund": self._refund,
            "reversal": self._reversal,
        }
        try:
            return await steps[entry.kind](entry, source)
        except Declined as declined:
            if entry.reference is not None:
                raise GatewayUnavailable(f"Razorpay does not show {entry.reference}: {declined.reason}") from declined
            return await self._book.settle(entry, "refused", reason=await self._because(entry, declined))

    async def _because(self, entry: GatewayObject, declined: Declined) -> str:
        """Give a stable reason: whether a payee's account is suspended is asked, for Razorpay's refusals have only words."""
        payee = await self.payee(entry.account) if entry.kind == "transfer" else None
        return "payouts_blocked" if payee is not None and payee.state == "restricted" else declined.reason

    async def _source(self, entry: GatewayObject) -> str:
        """Give Razorpay's name for what an entry takes from."""
        if entry.kind == "reversal":
            source = await self._book.by_key(entry.source.partition(":")[2])
            name = source.reference if source else None
        else:
            source = await self._book.payment(entry.payment_id)
            name = source.part if source else None
        if name is None:
            raise GatewayUnavailable(f"{entry.key}: what it takes from is not known at Razorpay")
        return name

    async def _transfer(self, entry: GatewayObject, payment_id: str) -> GatewayObject:
        if entry.reference is None:
            entry = await self._book.claim(entry)
            found = await asking.find_transfer(self._line, entry.key, payment_id)
            found = found or await self._holding.release(entry) or await asking.transfer(self._line, entry, payment_id)
            entry = await self._book.note(entry, reference=found.id, asked_until=None)
        else:
            found = await asking.transfer_state(self._line, entry.reference)
        return await self._book.settle(entry, _outcome(TRANSFERS, found, entry), reason=_why(found), fee=found.fees or 0)

    async def _refund(self, entry: GatewayObject, payment_id: str) -> GatewayObject:
        if entry.reference is None:
            entry = await self._book.claim(entry)
            found = await asking.find_refund(self._line, entry, payment_id)
            if found is None:
                await self._holding.lessen(entry)
                found = await asking.refund(self._line, entry, payment_id)
            entry = await self._book.note(entry, reference=found.id, asked_until=None)
        else:
            found = await asking.refund_state(self._line, entry.reference)
        outcome = _outcome(REFUNDS, found, entry)
        reason = None if outcome in ("done", "pending") else f"refund_{found.status}"
        return await self._book.settle(entry, outcome, reason=reason)

    async def _reversal(self, entry: GatewayObject, transfer_id: str) -> GatewayObject:
        entry = await self._book.claim(entry)
        found = await asking.find_reversal(self._line, entry.key, transfer_id)
        found = found or await asking.reverse(self._line, entry.key, transfer_id, to_gateway(RAZORPAY, entry.money))
        return await self._book.settle(entry, "done", reference=found.id)


def _outcome(
    table: Mapping[str, Outcome] | Mapping[str | None, Outcome], found: Transfer | Refund, entry: GatewayObject
) -> Outcome:
    """Say what a state means; what is taken back without our asking, or fails after it was done, has come back."""
    outcome = table.get(found.status)  # type: ignore[arg-type] # a transfer's state may be missing
    if outcome is None:
        raise GatewayUnavailable(f"Razorpay says {str(found.status)[:40]} of {found.id}")
    was_taken_back = isinstance(found, Transfer) and found.amount_reversed >= found.amount and entry.spent < entry.money.amount
    return "returned" if entry.state == "done" and (outcome == "refused" or was_taken_back) else outcome


def _why(found: Transfer) -> str | None:
    """Give the reason of a failed transfer."""
    fault = found.error
    if found.status != "failed":
        return None
    return (fault.reason or fault.code or "transfer_failed").lower() if fault else "transfer_failed"
