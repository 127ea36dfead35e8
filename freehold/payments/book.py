"""The book of what we asked of a gateway that knows its objects only by its own names.

PayPal and Razorpay have no look-up by our keys, do not remember refusals, do not notice a key that comes with another request,
and pay out of one balance whatever a payment holds. So each request is written down before it is sent: what was asked, what it
takes out of a payment, and later what the gateway calls it and what became of it. Not here: any call to a gateway.
"""

import hashlib
from datetime import timedelta
from typing import Any, Final, TypeVar

import msgspec

from freehold.documents import GatewayObject
from freehold.documents.gateway_books import GatewayObjectKind
from freehold.domain.settlement import NextAction, Outcome, Report
from freehold.payments.gateway import (
    FundRequest,
    GatewayUnavailable,
    KeyReusedAtGateway,
    RefundRequest,
    ReverseRequest,
    TransferRequest,
)
from freehold.store import OUTAGES, Store, StoreError, Unit, Work, now

DEADLINE_S: Final = 5.0
CALL_S: Final = 20.0
"""For how long a call may still act at the gateway after it was sent. Longer than all timeouts of one call."""

Request = FundRequest | TransferRequest | RefundRequest | ReverseRequest
R = TypeVar("R")
_KINDS: Final[dict[type[Request], GatewayObjectKind]] = {
    FundRequest: "payment",
    TransferRequest: "transfer",
    RefundRequest: "refund",
    ReverseRequest: "reversal",
}
_TROUBLE: Final[tuple[type[Exception], ...]] = (StoreError, *OUTAGES)
_FINAL: Final[frozenset[Outcome]] = frozenset({"refused", "cancelled", "returned"})


class Book:
    """What was asked of one gateway. Every method raises GatewayUnavailable when the database does not answer."""

    def __init__(self, store: Store, gateway: str) -> None:
        self._store = store
        self._gateway = gateway

    async def begin(self, request: Request, *, account: str = "") -> GatewayObject:
        """Write down what is asked, and reserve its money in what it takes from; or give what is known under its key.

        Raises KeyReusedAtGateway when the key was used for another request.
        """
        made = self._made(request, account)

        async def work(unit: Unit) -> GatewayObject:
            kept = await unit.get(GatewayObject, made.id)
            if kept is None:
                return await self._enter(unit, made)
            if kept.digest != made.digest:
                raise KeyReusedAtGateway(f"{made.key} was used for another request")
            return kept

        return await self._transact(work)

    async def payment(self, payment_id: str) -> GatewayObject | None:
        """Find a payment by our name for it."""
        return await self._first({"payment_id": payment_id, "kind": "payment"})

    async def by_key(self, key: str) -> GatewayObject | None:
        """Find what was asked under a key."""
        return await self._first({"_id": self._id(key)})

    async def by_reference(self, reference: str) -> GatewayObject | None:
        """Find what the gateway calls so, itself or the part that money is taken from."""
        return await self._first({"reference": reference}) or await self._first({"part": reference})

    async def age(self, entry: GatewayObject) -> timedelta:
        """Say how long ago an entry was made."""
        try:
            return await self._store.database_now() - entry.created_at
        except _TROUBLE as error:
            raise GatewayUnavailable(f"the book of {self._gateway}: {type(error).__name__}: {error}") from error

    async def note(self, entry: GatewayObject, **facts: Any) -> GatewayObject:  # noqa: ANN401 - fields of the document
        """Write down more about an entry that is not over yet, such as what the gateway calls it."""

        async def work(unit: Unit) -> GatewayObject:
            kept = await unit.require(GatewayObject, entry.id)
            after = msgspec.structs.replace(kept, **facts)
            return kept if kept.state in _FINAL or after == kept else await unit.update(kept, after)

        return await self._transact(work)

    async def cancel(self, entry: GatewayObject) -> GatewayObject:
        """Cancel a pending payment, unless its money is being taken just now: then it stays as it is."""

        async def work(unit: Unit) -> GatewayObject:
            kept = await unit.require(GatewayObject, entry.id)
            if kept.state != "pending" or kept.intent == "capture":
                return kept
            return await unit.update(kept, msgspec.structs.replace(kept, state="cancelled", action=None))

        return await self._transact(work)

    async def claim(self, entry: GatewayObject) -> GatewayObject:
        """Take the right to call, alone, for CALL_S. Raises GatewayUnavailable while somebody else's call may be under way."""
        free = {"$or": [{"asked_until": None}, {"$expr": {"$lte": ["$asked_until", "$$NOW"]}}]}
        return await self._transact(lambda unit: unit.update(entry, entry, deadlines={"asked_until": CALL_S}, guard=free))

    async def settle(self, entry: GatewayObject, outcome: Outcome, **facts: Any) -> GatewayObject:  # noqa: ANN401 - fields
        """Write down what became of an entry; money that did not move after all, or came back, is there again.

        What is final stays as it is, and what was done can only be returned any more. But a cancelled payment may be paid late.
        """

        async def work(unit: Unit) -> GatewayObject:
            kept = await unit.require(GatewayObject, entry.id)
            is_late = kept.state == "cancelled" and outcome == "done"
            if (kept.state in _FINAL and not is_late) or (kept.state == "done" and outcome != "returned"):
                return kept
            after = msgspec.structs.replace(kept, state=outcome, asked_until=None, **facts)
            if after == kept:
                return kept
            await self._move_back(unit, kept, outcome)
            return await unit.update(kept, after)

        return await self._transact(work)

    async def _enter(self, unit: Unit, made: GatewayObject) -> GatewayObject:
        """Insert a new entry: refused at once when what it takes from does not hold so much."""
        if made.kind != "payment":
            source = await self._source(unit, made)
            reason = _lacks(source, made)
            if source is None or reason is not None:
                made = msgspec.structs.replace(made, state="refused", reason=reason, source="")
            else:
                await unit.increment(GatewayObject, source.id, {_counter(made): made.money.amount})
                made = msgspec.structs.replace(made, source=source.id, payment_id=source.payment_id)
        unit.insert(made)
        return made

    async def _move_back(self, unit: Unit, kept: GatewayObject, outcome: Outcome) -> None:
        """Give back what was reserved for nothing, or has come back; a reversal gives back to the payment itself."""
        if kept.source and outcome in _FINAL:
            await unit.increment(GatewayObject, kept.source, {_counter(kept): -kept.money.amount})
        if kept.kind == "reversal" and outcome == "done":
            payment = await self._source(unit, msgspec.structs.replace(kept, kind="transfer"))
            if payment is not None:
                await unit.increment(GatewayObject, payment.id, {"spent": -kept.money.amount})

    async def _source(self, unit: Unit, made: GatewayObject) -> GatewayObject | None:
        if made.kind == "reversal":
            return await unit.get(GatewayObject, made.source)
        return await unit.first(GatewayObject, {"gateway": self._gateway, "payment_id": made.payment_id, "kind": "payment"})

    def _made(self, request: Request, account: str) -> GatewayObject:
        return GatewayObject(
            id=self._id(request.key),
            gateway=self._gateway,
            kind=_KINDS[type(request)],
            key=request.key,
            group=request.milestone_id,
            payment_id="" if isinstance(request, ReverseRequest) else request.payment_id,
            source=self._id(request.transfer_key) if isinstance(request, ReverseRequest) else "",
            account=account,
            method=request.method if isinstance(request, FundRequest) else "",
            saved_method=request.saved_method if isinstance(request, FundRequest) else None,
            digest=hashlib.sha256(msgspec.json.encode(request)).digest(),
            money=request.money,
            created_at=now(),
        )

    def _id(self, key: str) -> str:
        return f"{self._gateway}:{key}"

    async def _first(self, filter_: dict[str, Any]) -> GatewayObject | None:
        try:
            return await self._store.first(GatewayObject, {"gateway": self._gateway, **filter_})
        except _TROUBLE as error:
            raise GatewayUnavailable(f"the book of {self._gateway}: {type(error).__name__}: {error}") from error

    async def _transact(self, work: Work[R]) -> R:
        try:
            return await self._store.transact(work, deadline_s=DEADLINE_S)
        except _TROUBLE as error:
            raise GatewayUnavailable(f"the book of {self._gateway}: {type(error).__name__}: {error}") from error


def report_of(entry: GatewayObject) -> Report:
    """Say what is known of an entry."""
    return Report(
        outcome=entry.state,
        reference=entry.reference or "",
        money=entry.moved or entry.money,
        fee=entry.fee,
        reason=entry.reason,
        action=entry.action if entry.state == "pending" else None,
    )


def redirect(url: str | None) -> NextAction | None:
    """Say that a person must open this address."""
    return NextAction(kind="redirect", url=url) if url else None


def _counter(made: GatewayObject) -> str:
    """Name what a request is counted in, at what it takes from."""
    return "refunded" if made.kind == "refund" else "spent"


def _lacks(source: GatewayObject | None, made: GatewayObject) -> str | None:
    """Say why this cannot be taken out of its source; null when it can.

    What a payee was paid does not lessen what the payer can be given back: the platform lays it out, and takes it back later.
    """
    if source is None or source.state != "done" or source.money.currency != made.money.currency:
        return "source_not_paid"
    taken = source.refunded if made.kind == "refund" else source.spent + source.refunded
    return "source_spent" if taken + made.money.amount > source.money.amount else None
