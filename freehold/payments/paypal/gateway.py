"""PayPal as a payment gateway: orders captured to the platform's account, payouts to payees, refunds of captures.

What is asked is written into a book first (`freehold.payments.book`): PayPal finds nothing by our names. It cannot take a
payout back, and says nothing of a payee's account before money is sent to it.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from freehold.documents import GatewayObject
from freehold.domain.money import Money
from freehold.domain.offers import Offer, PayMethod
from freehold.domain.settlement import Outcome, Report
from freehold.payments.book import Book, report_of
from freehold.payments.exponents import PAYPAL, is_counted_alike, to_gateway
from freehold.payments.gateway import (
    ChargebackNews,
    CommandNews,
    FundRequest,
    GatewayUnavailable,
    Payee,
    PayeeRequest,
    PaymentQuery,
    RefundRequest,
    ReverseRequest,
    SavedMethod,
    SaveMethodRequest,
    TransferRequest,
    WebhookEvent,
)
from freehold.payments.paypal import news, orders, payouts, vault, webhooks
from freehold.payments.paypal.accounts import is_account
from freehold.payments.paypal.amounts import money_of
from freehold.payments.paypal.funding import Funding
from freehold.payments.paypal.line import Declined, PayPalKeys, line_to
from freehold.payments.paypal.wire import Balances, Event
from freehold.store import Store

METHODS: Final = (PayMethod(name="paypal", can_be_saved=True),)
MAX_HOLD_DAYS: Final = 170
"""A capture can be given back for 180 days; what is not released must go back before."""
REFUNDS: Final[dict[str, Outcome]] = {"COMPLETED": "done", "PENDING": "pending", "FAILED": "refused", "CANCELLED": "refused"}
_DISPUTE_ID: Final = re.compile(r"^[A-Za-z0-9-]{1,255}$(?!\n)")


class PayPalGateway:
    """A `PaymentGateway` over one PayPal business account, and a book of what it was asked."""

    name: Final = "paypal"

    def __init__(self, store: Store, keys: PayPalKeys) -> None:
        self._keys = keys
        self._book = Book(store, self.name)
        self._line = line_to(keys)
        self._funding = Funding(self._line, self._book, keys)

    async def close(self) -> None:
        """Close the connections to PayPal."""
        await self._line.close()

    async def check(self) -> Offer:
        """Say what is offered: the currencies that the account holds, as far as every part of an amount can be sent."""
        if not self._keys.webhook_id:
            return Offer(state="refused", reasons=("webhook_missing",))
        found = await self._line.ask(lambda client: client.transaction_search.search_balances({}), Balances)
        held = sorted({each.currency for each in found.balances if is_counted_alike(PAYPAL, each.currency)})
        return Offer(state="ready", methods=METHODS, currencies=tuple(held), max_hold_days=MAX_HOLD_DAYS)

    def require_sendable(self, money: Money) -> None:
        """Raise AmountNotSendable for a currency that PayPal does not take, or digits that it does not keep."""
        to_gateway(PAYPAL, money)

    async def fund(self, request: FundRequest) -> Report:
        """Ask for a payment: its payer approves it at PayPal, or has saved how they pay."""
        self.require_sendable(request.money)
        entry = await self._book.begin(request)
        return report_of(await self._funding.advance(entry))

    async def capture_state(self, payment: PaymentQuery) -> Report | None:
        """Say how a payment stands, and take its money if its payer has approved it by now."""
        entry = await self._book.payment(payment.payment_id)
        return None if entry is None else report_of(await self._funding.advance(entry))

    async def cancel(self, payment: PaymentQuery) -> Report | None:
        """Cancel a payment that nobody has paid: its order is never captured."""
        entry = await self._book.payment(payment.payment_id)
        return None if entry is None else report_of(await self._funding.cancel(entry))

    async def transfer(self, request: TransferRequest) -> Report:
        """Pay out to a payee's PayPal account."""
        self.require_sendable(request.money)
        entry = await self._book.begin(request, account=request.payee_account)
        if entry.state == "pending" and not is_account(entry.account):
            entry = await self._book.settle(entry, "refused", reason="payee_account_invalid")
        return report_of(await self._advance(entry) if entry.state == "pending" else entry)

    async def refund(self, request: RefundRequest) -> Report:
        """Give back to the payer."""
        self.require_sendable(request.money)
        entry = await self._book.begin(request)
        return report_of(await self._advance(entry) if entry.state == "pending" else entry)

    async def reverse(self, request: ReverseRequest) -> Report:
        """Refuse: PayPal takes no payout back that was received."""
        return Report(outcome="refused", reference="", money=request.money, reason="reversal_not_possible")

    async def look_up(self, *, key: str, milestone_id: str) -> Report | None:
        """Say what became of a transfer or refund, also if it came back since."""
        entry = await self._book.by_key(key)
        if entry is None or entry.group != milestone_id or entry.kind == "payment":
            return None
        return report_of(await self._advance(entry))

    async def cancel_transfer(self, *, key: str, milestone_id: str) -> Report | None:
        """Take back a payout that its receiver has not claimed, and say how it stands then; null when there is none."""
        entry = await self._book.by_key(key)
        if entry is None or entry.group != milestone_id or entry.kind != "transfer" or entry.reference is None:
            return None
        batch = await payouts.payout(self._line, entry.reference)
        if batch.items and batch.items[0].transaction_status == "UNCLAIMED":
            await payouts.cancel_item(self._line, batch.items[0].payout_item_id)
        return report_of(await self._advance(entry))

    async def balance(self, currency: str) -> Money:
        """Say what lies in the account. PayPal's reports lag by up to some hours."""
        found = await self._line.ask(
            lambda client: client.transaction_search.search_balances({"currency_code": currency}), Balances
        )
        lying = [each.total_balance for each in found.balances if each.currency == currency]
        return money_of(lying[0].value, currency) if lying else Money(0, currency)

    async def save_method(self, request: SaveMethodRequest) -> SavedMethod:
        """Begin to save somebody's PayPal account as their way to pay, or say how that stands."""
        return await vault.save_method(self._line, self._keys, request)

    async def open_payee(self, request: PayeeRequest) -> Payee:
        """Take the address that somebody has at PayPal; only its form can be checked."""
        if not is_account(request.address):
            return Payee(account=request.address, state="restricted", reasons=("payee_account_invalid",))
        return Payee(account=request.address, state="ready")

    async def payee(self, account: str) -> Payee | None:
        """Say whether an account has the form of one."""
        return Payee(account=account, state="ready") if is_account(account) else None

    async def read_webhook(self, *, body: bytes, headers: Mapping[str, str], now: datetime) -> WebhookEvent:
        """Read a webhook of PayPal's, and ask how what it is about stands. Raises InvalidWebhook."""
        event = await webhooks.verified(self._line, self._keys.webhook_id, body=body, headers=headers, now=now)
        if event.event_type.startswith("CUSTOMER.DISPUTE."):
            return await self._dispute_event(event)
        entry = await news.meant(self._book, event)
        if entry is None:
            return WebhookEvent(id=event.id, type=event.event_type)
        entry = await (self._funding.advance(entry) if entry.kind == "payment" else self._advance(entry))
        told = CommandNews(kind=entry.kind, key=entry.key, milestone_id=entry.group, report=report_of(entry))
        return WebhookEvent(id=event.id, type=event.event_type, news=told)

    async def _dispute_event(self, event: Event) -> WebhookEvent:
        dispute_id = event.resource.dispute_id or ""
        report = await news.chargeback(self._line, self._book, dispute_id) if _DISPUTE_ID.match(dispute_id) else None
        return WebhookEvent(id=event.id, type=event.event_type, news=ChargebackNews(report=report) if report else None)

    async def _advance(self, entry: GatewayObject) -> GatewayObject:
        """Find out how a transfer or refund stands, and send it if that was not done yet."""
        if entry.state in ("refused", "returned"):
            return entry
        try:
            return await (self._payout(entry) if entry.kind == "transfer" else self._refund(entry))
        except Declined as declined:
            if entry.reference is not None:
                raise GatewayUnavailable(f"PayPal does not show {entry.reference}: {declined.issue[:80]}") from declined
            return await self._book.settle(entry, "refused", reason=declined.issue.lower())

    async def _payout(self, entry: GatewayObject) -> GatewayObject:
        if entry.reference is None:
            if await self._book.age(entry) > payouts.REMEMBERED:
                raise GatewayUnavailable(f"{entry.key} is too old to be asked for again: a person must look")
            entry = await self._book.note(entry, reference=await payouts.create_payout(self._line, entry))
        batch = await payouts.payout(self._line, entry.reference or "")
        outcome, reason = payouts.outcome_of(batch)
        if outcome == "returned" and entry.state != "done":
            outcome, reason = "refused", f"payout_{reason}"
        fee = batch.items[0].payout_item_fee if batch.items else None
        charged = money_of(fee.value, fee.currency).amount if fee and fee.currency == entry.money.currency else 0
        return await self._book.settle(entry, outcome, reason=reason, fee=charged if outcome == "done" else 0)

    async def _refund(self, entry: GatewayObject) -> GatewayObject:
        if entry.reference is None:
            payment = await self._book.payment(entry.payment_id)
            if payment is None or payment.part is None:
                raise GatewayUnavailable(f"{entry.payment_id} has no capture that is known")
            found = await orders.refund(self._line, entry, payment.part)
            entry = await self._book.note(entry, reference=found.id)
        else:
            found = await orders.refund_state(self._line, entry.reference)
        outcome = REFUNDS.get(found.status)
        if outcome is None:
            raise GatewayUnavailable(f"PayPal says {found.status[:40]} of a refund")
        if outcome == "refused" and entry.state == "done":
            outcome = "returned"
        reason = found.status_details.reason if found.status_details else None
        because = None if outcome == "done" else (reason or f"refund_{found.status}").lower()
        return await self._book.settle(entry, outcome, reason=because)
