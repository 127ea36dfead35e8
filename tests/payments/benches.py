"""Every payment gateway on a bench: the gateway, and what its provider does by itself. A new adapter adds its bench here."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

import msgspec

from freehold.documents import SandboxObject
from freehold.domain.money import Money
from freehold.ids import new_id
from freehold.payments.gateway import FundRequest, PaymentGateway, PaymentQuery, RefundRequest, TransferRequest, WebhookEvent
from freehold.payments.sandbox import SandboxFee, SandboxGateway
from freehold.payments.webhooks import sign
from freehold.store import Store

FEE_BASIS_POINTS = 290
FEE_FIXED_MINOR = 30


@dataclass(frozen=True)
class Bench:
    """A gateway, the methods that end each way, and what its provider does by itself."""

    gateway: PaymentGateway
    paid: str
    refused: str
    pending: str
    payer_pays: Callable[[str], Awaitable[None]]
    block: Callable[[str, bool], Awaitable[None]]
    webhook: Callable[[WebhookEvent, datetime], tuple[bytes, dict[str, str]]]
    can_reverse: bool = True


def sandbox(store: Store) -> Bench:
    """The sandbox, with a fee of its own."""
    fee = SandboxFee(basis_points=FEE_BASIS_POINTS, fixed_minor=FEE_FIXED_MINOR)
    gateway = SandboxGateway(store, fee=fee, webhook_key=b"a key for tests")

    async def payer_pays(payment_id: str) -> None:
        change = {"$set": {"state": "done"}, "$inc": {"version": 1}}
        await store.collection(SandboxObject).update_one({"payment_id": payment_id, "kind": "payment"}, change)

    def webhook(event: WebhookEvent, at: datetime) -> tuple[bytes, dict[str, str]]:
        body = msgspec.json.encode(event)
        return body, sign(body, key=b"a key for tests", at=at)

    return Bench(
        gateway=gateway,
        paid="card",
        refused="card_declined",
        pending="never_paid",
        payer_pays=payer_pays,
        block=lambda payee, blocked: gateway.block_payouts(payee, blocked=blocked),
        webhook=webhook,
    )


BENCHES: dict[str, Callable[[Store], Bench]] = {"sandbox": sandbox}


class Deal:
    """One milestone's requests, with fresh names."""

    def __init__(self, amount: int = 10_000, currency: str = "USD") -> None:
        self.milestone_id, self.payment_id = new_id("mst"), new_id("pay")
        self.payer_id, self.payee_id = new_id("usr"), new_id("usr")
        self.money = Money(amount, currency)
        self.query = PaymentQuery(payment_id=self.payment_id, milestone_id=self.milestone_id)

    def fund(self, method: str) -> FundRequest:
        return FundRequest(
            key=f"fund:{self.milestone_id}",
            milestone_id=self.milestone_id,
            payment_id=self.payment_id,
            money=self.money,
            payer_id=self.payer_id,
            method=method,
        )

    def transfer(self, amount: int, *, leg: int = 1) -> TransferRequest:
        return TransferRequest(
            key=f"transfer:{self.milestone_id}:{leg}",
            milestone_id=self.milestone_id,
            payment_id=self.payment_id,
            money=Money(amount, self.money.currency),
            payee_id=self.payee_id,
        )

    def refund(self, amount: int, *, leg: int = 1) -> RefundRequest:
        return RefundRequest(
            key=f"refund:{self.milestone_id}:{leg}",
            milestone_id=self.milestone_id,
            payment_id=self.payment_id,
            money=Money(amount, self.money.currency),
        )
