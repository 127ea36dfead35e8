"""Every payment gateway on a bench: the gateway, and what its provider does by itself. A new adapter adds its bench here."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from freehold.documents import SandboxObject
from freehold.domain.news import CommandNews
from freehold.domain.settlement import Report
from freehold.payments.gateway import PaymentGateway, WebhookEvent
from freehold.payments.sandbox import SandboxFee, SandboxGateway
from freehold.payments.webhooks import TOLERANCE_S, sign
from freehold.store import Store
from tests.payments import charging_back
from tests.payments.charging_back import ChargeBack
from tests.payments.deals import SAVED, Deal
from tests.payments.fees import FEE_BASIS_POINTS, FEE_FIXED_MINOR
from tests.payments.paypal_fake import books as paypal_books
from tests.payments.paypal_fake.bench import Parts as PayPalParts
from tests.payments.paypal_fake.bench import paypal_parts
from tests.payments.razorpay_fake import books as razorpay_books
from tests.payments.razorpay_fake.bench import Parts as RazorpayParts
from tests.payments.razorpay_fake.bench import razorpay_parts
from tests.payments.stripe_fake.bench import stripe_provider
from tests.payments.stripe_fake.books import DISPUTE_FEE

WEBHOOK_KEY = b"a key for tests"
CHARGEBACK_FEE = 1_500


@dataclass(frozen=True)
class Told:
    """A webhook, what must be read from it, and what must not be believed: (body, headers, when it is read)."""

    body: bytes
    headers: dict[str, str]
    event: WebhookEvent
    forgeries: list[tuple[bytes, dict[str, str], datetime]]


@dataclass(frozen=True)
class Bench:
    """A gateway, the methods that end each way, and what its provider does by itself.

    One that `has_accounts` knows payees and saved methods by itself. `onboard` does what a payee's account waits for,
    `payer_saves` what a method waits for that is being saved, and `bounce` sends the money of a refund back; they are null
    where nothing is to be done, or nothing of the kind can happen. `charge_back` lets the payer's bank take a payment back
    that was made with `disputed`, and decide about it.
    """

    gateway: PaymentGateway
    paid: str
    refused: str
    pending: str
    payer_pays: Callable[[str], Awaitable[None]]
    block: Callable[[str, bool], Awaitable[None]]
    tell: Callable[[Deal, datetime], Awaitable[Told]]
    charge_back: ChargeBack
    disputed: Callable[[bool], str]
    chargeback_fee: int = 0
    account_of: Callable[[str], str] = lambda _: ""
    close: Callable[[], None] = lambda: None
    currency: str = "USD"
    other_currency: str = "CHF"
    can_reverse: bool = True
    has_accounts: bool = True
    onboard: Callable[[str], Awaitable[None]] | None = None
    payer_saves: Callable[[str], Awaitable[None]] | None = None
    bounce: Callable[[str], Awaitable[None]] | None = None

    def deal(self, amount: int = 10_000, currency: str = "") -> Deal:
        """Give fresh names, and a payee with an account here."""
        return Deal(amount, currency or self.currency, account_of=self.account_of)


def sandbox(store: Store) -> Bench:
    """The sandbox, with a fee of its own."""
    fee = SandboxFee(basis_points=FEE_BASIS_POINTS, fixed_minor=FEE_FIXED_MINOR, chargeback_minor=CHARGEBACK_FEE)
    gateway = SandboxGateway(store, fee=fee, webhook_key=WEBHOOK_KEY)

    async def payer_pays(payment_id: str) -> None:
        change = {"$set": {"state": "done"}, "$inc": {"version": 1}}
        await store.collection(SandboxObject).update_one({"payment_id": payment_id, "kind": "payment"}, change)

    return Bench(
        gateway=gateway,
        paid="card",
        refused="card_declined",
        pending="never_paid",
        payer_pays=payer_pays,
        block=lambda payee, blocked: gateway.block_payouts(payee, blocked=blocked),
        tell=_sandbox_tells,
        charge_back=charging_back.by_sandbox(store, gateway, WEBHOOK_KEY),
        disputed=lambda won: "card_chargeback" if won else "card_chargeback_lost",
        chargeback_fee=CHARGEBACK_FEE,
    )


async def _sandbox_tells(deal: Deal, at: datetime) -> Told:
    report = Report(outcome="done", reference="gw_1", money=deal.money)
    news = CommandNews(kind="payment", key=f"fund:{deal.milestone_id}", milestone_id=deal.milestone_id, report=report)
    event = WebhookEvent(id="evt_1", type="payment.done", news=news)
    body = msgspec.json.encode(event)
    headers = sign(body, key=WEBHOOK_KEY, at=at)
    ((name, value),) = headers.items()
    forgeries = [
        (body + b" ", headers, at),
        (body.replace(b"10000", b"99999"), headers, at),
        (body, {}, at),
        (body, {name: ""}, at),
        (body, {name: f"{value.partition(',')[0]},v1={'0' * 64}"}, at),
        (body, {name: value.replace("t=", "t=9")}, at),
        (body, headers, at + timedelta(seconds=TOLERANCE_S + 1)),
        (body, headers, at - timedelta(seconds=TOLERANCE_S + 1)),
        (b"", headers, at),
    ]
    return Told(body, headers, event, forgeries)


def paypal(store: Store) -> Bench:
    """PayPal's adapter, before a stand-in of PayPal."""
    parts = paypal_parts(store)

    async def tell(deal: Deal, at: datetime) -> Told:
        return await _told(parts, deal, at, method="paypal")

    return Bench(
        gateway=parts.gateway,
        paid=SAVED + paypal_books.PAYING,
        refused=SAVED + paypal_books.DECLINING,
        pending="paypal",
        payer_pays=parts.payer_pays,
        block=parts.block,
        tell=tell,
        charge_back=charging_back.by_paypal(parts),
        disputed=lambda _: SAVED + paypal_books.PAYING,
        account_of=parts.account_of,
        close=parts.close,
        can_reverse=False,
        has_accounts=False,
        bounce=parts.bounce,
    )


def razorpay(store: Store) -> Bench:
    """Razorpay's adapter, before a stand-in of Razorpay; rupees only."""
    parts = razorpay_parts(store)

    async def tell(deal: Deal, at: datetime) -> Told:
        return await _told(parts, deal, at, method="checkout")

    return Bench(
        gateway=parts.gateway,
        paid=SAVED + razorpay_books.PAYING,
        refused=SAVED + razorpay_books.DECLINING,
        pending="checkout",
        payer_pays=parts.payer_pays,
        block=parts.block,
        tell=tell,
        charge_back=charging_back.by_razorpay(parts),
        disputed=lambda _: SAVED + razorpay_books.PAYING,
        account_of=parts.account_of,
        close=parts.close,
        currency="INR",
        other_currency="INR",
        has_accounts=False,
        bounce=parts.bounce,
    )


def stripe(_: Store) -> Bench:
    """Stripe's adapter, before a fake that Stripe's own description judges."""
    provider = stripe_provider()

    async def tell(deal: Deal, at: datetime) -> Told:
        report = await provider.gateway.fund(deal.fund(provider.paid))
        body, headers, forgeries = provider.tell_payment(deal.payment_id, at)
        news = CommandNews(kind="payment", key=f"fund:{deal.milestone_id}", milestone_id=deal.milestone_id, report=report)
        told = msgspec.json.decode(body, type=dict[str, object])
        return Told(body, headers, WebhookEvent(id=str(told["id"]), type=str(told["type"]), news=news), forgeries)

    return Bench(
        gateway=provider.gateway,
        paid=provider.paid,
        refused=provider.refused,
        pending="card",
        payer_pays=provider.pays,
        block=provider.block,
        tell=tell,
        charge_back=charging_back.by_stripe(provider),
        disputed=lambda _: provider.paid,
        chargeback_fee=DISPUTE_FEE,
        account_of=provider.account_of,
        close=provider.fake.close,
        onboard=provider.onboard,
        payer_saves=provider.saves,
        bounce=provider.bounce,
    )


async def _told(parts: PayPalParts | RazorpayParts, deal: Deal, at: datetime, *, method: str) -> Told:
    """Let a payer pay, and the provider tell of it: what is read is how the payment stands then."""
    await parts.gateway.fund(deal.fund(method))
    await parts.payer_pays(deal.payment_id)
    body, headers, forgeries = parts.tell_payment(deal.payment_id, at)
    read = await parts.gateway.read_webhook(body=body, headers=headers, now=at)
    report = await parts.gateway.capture_state(deal.query)
    assert report is not None
    assert report.outcome == "done"
    news = CommandNews(kind="payment", key=f"fund:{deal.milestone_id}", milestone_id=deal.milestone_id, report=report)
    return Told(body, headers, WebhookEvent(id=read.id, type=read.type, news=news), forgeries)


BENCHES: dict[str, Callable[[Store], Bench]] = {
    "paypal": paypal,
    "razorpay": razorpay,
    "sandbox": sandbox,
    "stripe": stripe,
}
