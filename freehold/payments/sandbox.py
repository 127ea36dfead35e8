"""The sandbox gateway: a payment provider that needs no account and moves no real money. Production refuses it.

It keeps its own books in collections of its own, acts once per key, remembers refusals, and never pays out more of a payment
than was paid in. How a payment goes is chosen by its method: `card` is paid at once, `card_declined` is refused,
`bank_transfer` is paid a few seconds later, `never_paid` stays open until it is cancelled.
"""

import hashlib
import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeVar

import msgspec
from msgspec import Struct

from freehold.documents import SandboxAccount, SandboxObject, SandboxSecret
from freehold.domain.fees import WHOLE_BASIS_POINTS
from freehold.domain.money import Money, exponent_of
from freehold.domain.offers import Offer, PayMethod
from freehold.domain.settlement import Outcome, Report
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
from freehold.payments.webhooks import verify_signed
from freehold.store import OUTAGES, Store, StoreError, Unit, Work, now

BANK_TRANSFER_S: Final = 5.0
DEADLINE_S: Final = 5.0
_FIRST_STATE: Final[dict[str, tuple[Outcome, str | None]]] = {
    "card": ("done", None),
    "card_declined": ("refused", "card_declined"),
    "bank_transfer": ("pending", None),
    "never_paid": ("pending", None),
}

SANDBOX_OFFER: Final = Offer(
    state="ready",
    methods=tuple(
        PayMethod(name=name, settles="later" if state == "pending" else "at_once", can_be_saved=True)
        for name, (state, _) in _FIRST_STATE.items()
    ),
)

Request = FundRequest | TransferRequest | RefundRequest | ReverseRequest
Kind = Literal["payment", "transfer", "refund", "reversal"]
Decide = Callable[[Unit, SandboxObject], Awaitable[Report]]
R = TypeVar("R")
_TROUBLE: Final[tuple[type[Exception], ...]] = (StoreError, *OUTAGES)


class SandboxFee(Struct, frozen=True):
    """What the sandbox charges for a payment: integer basis points, half up, and so many minor units."""

    basis_points: int = 0
    fixed_minor: int = 0

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
        """Ask for a payment; what becomes of it is the method's."""
        method = request.saved_method.removeprefix("sandbox:") if request.saved_method else request.method
        state, reason = _FIRST_STATE.get(method, ("refused", "unknown_method"))
        settles_at = await self._store.database_now() + timedelta(seconds=BANK_TRANSFER_S)
        payment = msgspec.structs.replace(
            _object(request, kind="payment", payment_id=request.payment_id, account=request.payer_id),
            method=method,
            state=state,
            reason=reason,
            fee=self._fee.of(request.money.amount) if state != "refused" else 0,
            settles_at=settles_at if method == "bank_transfer" else None,
        )
        return await self._once(payment, _store_it)

    async def capture_state(self, payment: PaymentQuery) -> Report | None:
        """Say how a payment stands; a bank transfer arrives when its time has come."""
        clock = await self._store.database_now()

        async def work(unit: Unit) -> Report | None:
            found = await _payment(unit, payment.payment_id)
            if found is not None and found.state == "pending" and found.settles_at and found.settles_at <= clock:
                found = await unit.update(found, msgspec.structs.replace(found, state="done"))
            return _report(found)

        return await self._transact(work)

    async def cancel(self, payment: PaymentQuery) -> Report | None:
        """Cancel a payment that is still pending."""

        async def work(unit: Unit) -> Report | None:
            found = await _payment(unit, payment.payment_id)
            if found is not None and found.state == "pending":
                found = await unit.update(found, msgspec.structs.replace(found, state="cancelled"))
            return _report(found)

        return await self._transact(work)

    async def transfer(self, request: TransferRequest) -> Report:
        """Pay out of a payment, unless the payee's account is blocked or the payment does not hold so much."""

        async def decide(unit: Unit, made: SandboxObject) -> Report:
            account = await unit.get(SandboxAccount, made.account)
            if account is not None and account.payouts_blocked:
                return _refuse(unit, made, "payouts_blocked")
            return await _spend(unit, made, await _payment(unit, made.payment_id))

        made = _object(request, kind="transfer", payment_id=request.payment_id, account=request.payee_id)
        return await self._once(made, decide)

    async def refund(self, request: RefundRequest) -> Report:
        """Give back to the payer, unless the payment does not hold so much."""

        async def decide(unit: Unit, made: SandboxObject) -> Report:
            return await _spend(unit, made, await _payment(unit, made.payment_id))

        return await self._once(_object(request, kind="refund", payment_id=request.payment_id, account=""), decide)

    async def reverse(self, request: ReverseRequest) -> Report:
        """Take back from a payee what a transfer paid, unless it did not pay so much."""

        async def decide(unit: Unit, made: SandboxObject) -> Report:
            return await _spend(unit, made, await unit.get(SandboxObject, request.transfer_key))

        return await self._once(_object(request, kind="reversal", payment_id="", account=""), decide)

    async def look_up(self, *, key: str, milestone_id: str) -> Report | None:
        """Say what became of a transfer, refund or reversal."""
        return _report(await self._store.first(SandboxObject, {"_id": key, "group": milestone_id}))

    async def balance(self, currency: str) -> Money:
        """Add up what was paid in and taken back, less what was paid out, given back and charged."""
        counts_up = {"$in": ["$kind", ["payment", "reversal"]]}
        pipeline: list[dict[str, Any]] = [
            {"$match": {"state": "done", "money.currency": currency}},
            {"$project": {"amount": {"$cond": [counts_up, "$money.amount", {"$multiply": ["$money.amount", -1]}]}, "fee": 1}},
            {"$group": {"_id": None, "amount": {"$sum": {"$subtract": ["$amount", "$fee"]}}}},
            {"$project": {"_id": 0, "amount": 1, "currency": {"$literal": currency}}},
        ]
        found = await self._store.aggregate(SandboxObject, pipeline, into=Money)
        return found[0] if found else Money(0, currency)

    async def save_method(self, request: SaveMethodRequest) -> SavedMethod:
        """Save a way to pay; the sandbox needs nothing more of its owner."""
        if request.method not in _FIRST_STATE:
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

    async def _once(self, made: SandboxObject, decide: Decide) -> Report:
        """Do what was asked under this key, or say again what became of it."""

        async def work(unit: Unit) -> Report:
            kept = await unit.get(SandboxObject, made.id)
            if kept is None:
                return await decide(unit, made)
            if kept.digest != made.digest:
                raise KeyReusedAtGateway(f"{kept.id} was used for another request")
            return _known(kept)

        return await self._transact(work)

    async def _transact(self, work: Work[R]) -> R:
        try:
            return await self._store.transact(work, deadline_s=DEADLINE_S)
        except _TROUBLE as error:
            raise GatewayUnavailable(f"the sandbox's books: {type(error).__name__}: {error}") from error


async def _kept_key(unit: Unit, made: SandboxSecret) -> bytes:
    kept = await unit.get(SandboxSecret, made.id)
    if kept is None:
        unit.insert(made)
    return (kept or made).key


async def _store_it(unit: Unit, made: SandboxObject) -> Report:
    unit.insert(made)
    return _known(made)


def _refuse(unit: Unit, made: SandboxObject, reason: str) -> Report:
    refused = msgspec.structs.replace(made, state="refused", reason=reason)
    unit.insert(refused)
    return _known(refused)


async def _spend(unit: Unit, made: SandboxObject, source: SandboxObject | None) -> Report:
    """Take `made` out of what its source has left; or keep why not."""
    if source is None or source.state != "done" or source.money.currency != made.money.currency:
        return _refuse(unit, made, "source_not_paid")
    if source.spent + made.money.amount > source.money.amount:
        return _refuse(unit, made, "source_spent")
    await unit.update(source, msgspec.structs.replace(source, spent=source.spent + made.money.amount))
    return await _store_it(unit, made)


def _object(request: Request, *, kind: Kind, payment_id: str, account: str) -> SandboxObject:
    return SandboxObject(
        id=request.key,
        kind=kind,
        group=request.milestone_id,
        payment_id=payment_id,
        account=account,
        digest=hashlib.sha256(msgspec.json.encode(request)).digest(),
        money=request.money,
        state="done",
        created_at=now(),
    )


async def _payment(unit: Unit, payment_id: str) -> SandboxObject | None:
    return await unit.first(SandboxObject, {"payment_id": payment_id, "kind": "payment"})


def _known(found: SandboxObject) -> Report:
    return Report(outcome=found.state, reference=f"sandbox:{found.id}", money=found.money, fee=found.fee, reason=found.reason)


def _report(found: SandboxObject | None) -> Report | None:
    return None if found is None else _known(found)
