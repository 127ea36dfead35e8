"""How each provider lets the payer's bank take a payment back, and tells of it: for the benches."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Literal

import msgspec

from freehold.documents import SandboxNotice
from freehold.payments.gateway import WebhookEvent
from freehold.payments.sandbox import SandboxGateway
from freehold.payments.webhooks import sign
from freehold.store import Store
from tests.payments.deals import Deal
from tests.payments.paypal_fake.bench import Parts as PayPalParts
from tests.payments.razorpay_fake.bench import Parts as RazorpayParts
from tests.payments.razorpay_fake.bench import notice_of
from tests.payments.stripe_fake.bench import Provider
from tests.payments.stripe_fake.server import signed

State = Literal["opened", "won", "lost"]
Webhook = tuple[bytes, dict[str, str]]
ChargeBack = Callable[[Deal, State, datetime], Awaitable[Webhook]]
"""Take the whole payment of a deal back, or decide about that; give the webhook that tells of it, signed at this time."""


def by_sandbox(store: Store, gateway: SandboxGateway, key: bytes) -> ChargeBack:
    """The sandbox does it by itself, in its own time, as its table says of the method."""

    async def charge_back(deal: Deal, state: State, at: datetime) -> Webhook:
        name = f"chargeback:fund:{deal.milestone_id}"
        await store.database["sandbox_objects"].update_one({"_id": name}, [{"$set": {"settles_at": "$$NOW"}}])
        assert await gateway.let_change(name)
        (notice,) = await store.find(SandboxNotice, {"about": name, "type": f"chargeback.{state}"})
        body = msgspec.json.encode(WebhookEvent(id=notice.id, type=notice.type, news=notice.news))
        return body, sign(body, key=key, at=at)

    return charge_back


def by_paypal(parts: PayPalParts) -> ChargeBack:
    """PayPal calls it a dispute that has become a chargeback."""
    books, events = parts.fake.books, {"opened": "CUSTOMER.DISPUTE.CREATED"}

    async def charge_back(deal: Deal, state: State, at: datetime) -> Webhook:
        if state == "opened":
            books.open_dispute(deal.payment_id, f"{deal.money.amount // 100}.{deal.money.amount % 100:02d}")
        (dispute,) = (each for each in books.disputes.values() if each["disputed_transactions"][0]["custom"] == deal.payment_id)
        if state != "opened":
            books.decide_dispute(dispute, won=state == "won")
        about = {"dispute_id": dispute["dispute_id"]}
        return parts.fake.signer.notice(events.get(state, "CUSTOMER.DISPUTE.RESOLVED"), about, at)

    return charge_back


def by_razorpay(parts: RazorpayParts) -> ChargeBack:
    """Razorpay calls it a dispute in the phase `chargeback`."""
    books, opened = parts.fake.books, dict[str, str]()

    async def charge_back(deal: Deal, state: State, at: datetime) -> Webhook:
        if state == "opened":
            opened[deal.payment_id] = books.open_dispute(deal.payment_id, deal.money.amount)["id"]
        dispute = books.disputes[opened[deal.payment_id]]
        if state != "opened":
            books.decide_dispute(dispute, won=state == "won")
        event = "payment.dispute.created" if state == "opened" else f"payment.dispute.{state}"
        return notice_of(event, at, dispute={"id": dispute["id"]}, payment={"id": dispute["payment_id"]})

    return charge_back


def by_stripe(provider: Provider) -> ChargeBack:
    """Stripe takes the money and a fee at once, and gives both back when it is won."""
    books, opened = provider.books, dict[str, str]()

    async def charge_back(deal: Deal, state: State, at: datetime) -> Webhook:
        if state == "opened":
            opened[deal.payment_id] = books.dispute(deal.payment_id, deal.money.amount)["id"]
        dispute = books.objects[opened[deal.payment_id]]
        if state != "opened":
            books.decide(dispute, won=state == "won")
        event = "charge.dispute.funds_withdrawn" if state == "opened" else "charge.dispute.closed"
        body = provider.fake.event(event, dispute)
        return body, signed(body, at.timestamp())

    return charge_back
