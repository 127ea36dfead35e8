"""The sandbox as a `PaymentGateway`: what is asked of it."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, TypeVar

import msgspec
from msgspec import UNSET, Struct

from freehold.documents import SandboxAccount, SandboxObject, SandboxSecret
from freehold.documents.sandbox import Turn
from freehold.domain.fees import WHOLE_BASIS_POINTS
from freehold.domain.money import Money, exponent_of
from freehold.domain.offers import Offer, PayMethod
from freehold.domain.settlement import Report
from freehold.payments.gateway import (
    FundRequest,
    GatewayUnavailable,
    KeyReusedAtGateway,
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
from freehold.payments.sandbox.books import (
    Decide,
    chargeback_of,
    entry,
    exchanged,
    mature,
    notice_of,
    payment_named,
    refuse,
    scenario_for,
    scheduled,
    spend,
    store_it,
    told,
)
from freehold.payments.sandbox.scenarios import (
    BY_METHOD,
    REASONS,
    RETURNED_AFTER_S,
    SCENARIOS,
    is_first_try,
    scenario_of,
)
from freehold.payments.webhooks import verify_signed
from freehold.store import OUTAGES, Store, StoreError, Unit, Work

DEADLINE_S: Final = 5.0
SANDBOX_OFFER: Final = Offer(
    state="ready",
    converts=True,
    methods=tuple(
        PayMethod(name=each.method, settles="later" if each.payment == "pending" else "at_once", can_be_saved=True)
        for each in SCENARIOS
    ),
)

R = TypeVar("R")
_TROUBLE: Final[tuple[type[Exception], ...]] = (StoreError, *OUTAGES)


class SandboxFee(Struct, frozen=True):
    """What the sandbox charges: for a payment integer basis points, half up, and so many minor units; for a chargeback, too.

    That of a chargeback comes back when it is won.
    """

    basis_points: int = 0
    fixed_minor: int = 0
    chargeback_minor: int = 0

    def of(self, amount_minor: int) -> int:
        """Compute the fee of a payment."""
        return (amount_minor * self.basis_points + WHOLE_BASIS_POINTS // 2) // WHOLE_BASIS_POINTS + self.fixed_minor


class SandboxGateway:
    """A `PaymentGateway` over a store. Without a `webhook_key` it signs with one that it makes for itself, once."""

    name: Final = "sandbox"

    def __init__(self, store: Store, *, fee: SandboxFee | None = None, webhook_key: bytes | None = None) -> None:
        self._store = store
        self._fee = fee or SandboxFee()
        self._webhook_key = webhook_key

    async def check(self) -> Offer:
        """Say what the sandbox offers: everything, for as long as one likes."""
        return SANDBOX_OFFER

    def require_sendable(self, money: Money) -> None:
        """Accept any amount of a currency that people are paid in. Raises UnknownCurrency."""
        exponent_of(money.currency)

    async def fund(self, request: FundRequest) -> Report:
        """Ask for a payment; what becomes of it is the method's (`scenarios`)."""
        clock = await self._store.database_now()
        method = request.saved_method.removeprefix("sandbox:") if request.saved_method else request.method
        scenario = scenario_of(method, request.money.amount)
        payment = msgspec.structs.replace(
            entry(request, kind="payment", payment_id=request.payment_id, account=request.payer_id),
            method=method,
            state=scenario.payment,
            reason=scenario.reason,
            fee=self._fee.of(request.money.amount) if scenario.payment != "refused" else 0,
        )
        if scenario.paid_after_s is not None:
            payment = scheduled(payment, (Turn(after_s=scenario.paid_after_s, state="done"),), clock)
        is_new = False

        async def decide(unit: Unit, made: SandboxObject) -> Report:
            nonlocal is_new
            is_new = True
            if scenario.tells_at_once:
                unit.insert(notice_of(made, None, copies=scenario.copies))
            if scenario.chargeback is not None:
                unit.insert(chargeback_of(made, scenario.chargeback, clock, fee=self._fee.chargeback_minor))
            return await store_it(unit, made)

        report = await self._once(payment, decide)
        if scenario.is_reply_lost and is_new:
            raise GatewayUnavailable(f"{request.key}: the answer is lost, as it was asked to be")
        return report

    async def capture_state(self, payment: PaymentQuery) -> Report | None:
        """Say how a payment stands; one that takes its time is paid when that has come."""
        clock = await self._store.database_now()

        async def work(unit: Unit) -> Report | None:
            found = await payment_named(unit, payment.payment_id)
            return None if found is None else told(await mature(unit, found, clock))

        return await self._transact(work)

    async def cancel(self, payment: PaymentQuery) -> Report | None:
        """Cancel a payment that is still pending."""

        async def work(unit: Unit) -> Report | None:
            found = await payment_named(unit, payment.payment_id)
            if found is not None and found.state == "pending":
                found = await unit.update(found, msgspec.structs.replace(found, state="cancelled", turns=(), settles_at=None))
            return None if found is None else told(found)

        return await self._transact(work)

    async def transfer(self, request: TransferRequest) -> Report:
        """Pay out of a payment, unless the payee's account is blocked or the payment does not hold so much.

        What is exchanged comes back whole, if the payout does.
        """

        async def decide(unit: Unit, made: SandboxObject) -> Report:
            account = await unit.get(SandboxAccount, made.account)
            if account is not None and account.payouts_blocked:
                return refuse(unit, made, "payouts_blocked")
            payment = await payment_named(unit, made.payment_id)
            if request.conversion is not UNSET:
                made = exchanged(made, request.conversion, payment)
            return await self._spoil_or_spend(unit, made, payment)

        made = entry(request, kind="transfer", payment_id=request.payment_id, account=request.payee_id)
        return await self._once(made, decide)

    async def refund(self, request: RefundRequest) -> Report:
        """Give back to the payer, unless the payment does not hold so much."""

        async def decide(unit: Unit, made: SandboxObject) -> Report:
            return await self._spoil_or_spend(unit, made, await payment_named(unit, made.payment_id))

        return await self._once(entry(request, kind="refund", payment_id=request.payment_id, account=""), decide)

    async def reverse(self, request: ReverseRequest) -> Report:
        """Take back from a payee what a transfer paid, unless it did not pay so much."""

        async def decide(unit: Unit, made: SandboxObject) -> Report:
            return await spend(unit, made, await unit.get(SandboxObject, request.transfer_key))

        return await self._once(entry(request, kind="reversal", payment_id="", account=""), decide)

    async def look_up(self, *, key: str, milestone_id: str) -> Report | None:
        """Say what became of a transfer, refund or reversal."""
        clock = await self._store.database_now()

        async def work(unit: Unit) -> Report | None:
            found = await unit.first(SandboxObject, {"_id": key, "group": milestone_id})
            return None if found is None else told(await mature(unit, found, clock))

        return await self._transact(work)

    async def balance(self, currency: str) -> Money:
        """Add up what was paid in and taken back, less what was paid out, given back and charged; and what was exchanged."""
        counts_up = {"$in": ["$kind", ["payment", "reversal"]]}
        moved = {"$cond": [counts_up, "$money.amount", {"$multiply": ["$money.amount", -1]}]}
        brought = {"$add": [moved, {"$ifNull": ["$received", 0]}]}
        pipeline: list[dict[str, Any]] = [
            {"$match": {"money.currency": currency, "$or": [{"state": "done"}, {"state": "returned", "received": {"$gt": 0}}]}},
            {"$group": {"_id": None, "amount": {"$sum": {"$subtract": [brought, "$fee"]}}}},
            {"$unionWith": {"coll": SandboxObject.collection, "pipeline": _given_for_others(currency)}},
            {"$group": {"_id": None, "amount": {"$sum": "$amount"}}},
            {"$project": {"_id": 0, "amount": 1, "currency": {"$literal": currency}}},
        ]
        found = await self._store.aggregate(SandboxObject, pipeline, into=Money)
        return found[0] if found else Money(0, currency)

    async def save_method(self, request: SaveMethodRequest) -> SavedMethod:
        """Save a way to pay; the sandbox needs nothing more of its owner."""
        if request.method not in BY_METHOD:
            return SavedMethod(state="refused", reference="", reason="unknown_method")
        return SavedMethod(state="ready", reference=f"sandbox:{request.method}", label=request.method)

    async def open_payee(self, request: PayeeRequest) -> Payee:
        """Open an account; it is named after its owner, and ready at once."""
        return await self._payee(request.user_id)

    async def payee(self, account: str) -> Payee | None:
        """Say how an account stands: everybody has one."""
        return await self._payee(account)

    async def read_webhook(self, *, body: bytes, headers: Mapping[str, str], now: datetime) -> WebhookEvent:
        """Read a webhook of this sandbox. Raises InvalidWebhook."""
        return verify_signed(body, headers, key=await self.webhook_key(), now=now)

    async def webhook_key(self) -> bytes:
        """Give what webhooks are signed with; the first who asks makes it."""
        if self._webhook_key is None:
            made = SandboxSecret(id="webhooks", key=secrets.token_bytes(32))
            self._webhook_key = await self._transact(lambda unit: _kept_key(unit, made))
        return self._webhook_key

    async def _payee(self, account: str) -> Payee:
        kept = await self._store.get(SandboxAccount, account)
        if kept is not None and kept.payouts_blocked:
            return Payee(account=account, state="restricted", reasons=("payouts_blocked",))
        return Payee(account=account, state="ready")

    async def block_payouts(self, account: str, *, blocked: bool) -> None:
        """Refuse payouts to this account from now on, or take them again: what a provider does by itself."""
        change = {"$set": {"payouts_blocked": blocked}, "$inc": {"version": 1}}
        await self._store.collection(SandboxAccount).update_one({"_id": account}, change, upsert=True)

    async def due_entries(self, *, limit: int) -> list[str]:
        """Find what is to change in its own time, now, by the database's clock."""
        due = {"settles_at": {"$type": "date"}, "$expr": {"$lte": ["$settles_at", "$$NOW"]}}
        return await self._store.find_ids(SandboxObject, due, sort=(("settles_at", 1),), limit=limit)

    async def let_change(self, key: str) -> bool:
        """Let an entry take the turn that is due, and tell of it; say whether it was still there to be taken."""
        clock = await self._store.database_now()

        async def work(unit: Unit) -> bool:
            found = await unit.require(SandboxObject, key)
            return (await mature(unit, found, clock)).version != found.version

        return await self._transact(work)

    async def _spoil_or_spend(self, unit: Unit, made: SandboxObject, payment: SandboxObject | None) -> Report:
        """Take a payout or a refund out of its payment, unless that was told to spoil it."""
        scenario = None if payment is None else scenario_for(payment)
        spoilt = None if scenario is None else scenario.payout if made.kind == "transfer" else scenario.refund
        if spoilt is None or not is_first_try(made.id):
            return await spend(unit, made, payment)
        if spoilt == "refused":
            return refuse(unit, made, REASONS[spoilt])
        turn = Turn(after_s=RETURNED_AFTER_S, state="returned", reason=REASONS[spoilt])
        return await spend(unit, scheduled(made, (turn,), await unit.database_now()), payment)

    async def _once(self, made: SandboxObject, decide: Decide) -> Report:
        """Do what was asked under this key, or say again what became of it."""

        async def work(unit: Unit) -> Report:
            kept = await unit.get(SandboxObject, made.id)
            if kept is None:
                return await decide(unit, made)
            if kept.digest != made.digest:
                raise KeyReusedAtGateway(f"{kept.id} was used for another request")
            return told(kept)

        return await self._transact(work)

    async def _transact(self, work: Work[R]) -> R:
        try:
            return await self._store.transact(work, deadline_s=DEADLINE_S)
        except _TROUBLE as error:
            raise GatewayUnavailable(f"the sandbox's books: {type(error).__name__}: {error}") from error


def _given_for_others(currency: str) -> list[dict[str, Any]]:
    """Add up what was given for other currencies, and has not come back."""
    return [
        {"$match": {"state": "done", "exchanged.currency": currency}},
        {"$group": {"_id": None, "amount": {"$sum": {"$multiply": ["$exchanged.amount", -1]}}}},
    ]


async def _kept_key(unit: Unit, made: SandboxSecret) -> bytes:
    kept = await unit.get(SandboxSecret, made.id)
    if kept is None:
        unit.insert(made)
    return (kept or made).key
