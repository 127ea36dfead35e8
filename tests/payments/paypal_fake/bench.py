"""What a bench needs of PayPal: the adapter before its stand-in, and what payers, receivers and PayPal do by themselves."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from freehold.payments.gateway import WebhookEvent
from freehold.payments.paypal import PayPalGateway, PayPalKeys
from freehold.payments.paypal.webhooks import FUTURE_S, RETRIES_S
from freehold.store import Store, now
from tests.ledgers import Ledger
from tests.payments.deals import SAVED, Deal
from tests.payments.fees import fee_of
from tests.payments.paypal_fake.books import PAYING
from tests.payments.paypal_fake.notices import WEBHOOK_ID, Signer
from tests.payments.paypal_fake.server import CLIENT, PayPalFake

PAID = SAVED + PAYING
Forgery = tuple[bytes, dict[str, str], datetime]


def keys_for(fake: PayPalFake) -> PayPalKeys:
    """The keys of the stand-in's account."""
    name, secret = CLIENT
    pages = "https://market.example.org/paid"
    return PayPalKeys(client_id=name, client_secret=secret, webhook_id=WEBHOOK_ID, return_url=pages, address=fake.http.address)


@dataclass(frozen=True)
class Parts:
    """The adapter and its stand-in."""

    gateway: PayPalGateway
    fake: PayPalFake

    async def payer_pays(self, payment_id: str) -> None:
        self.fake.books.approve(payment_id)

    async def block(self, payee_id: str, blocked: bool) -> None:  # noqa: FBT001 - the bench's form
        (self.fake.books.blocked.add if blocked else self.fake.books.blocked.discard)(self.account_of(payee_id))

    async def bounce(self, key: str) -> None:
        self.fake.books.bounce(key)

    @staticmethod
    def account_of(payee_id: str) -> str:
        return f"{payee_id}@example.org"

    def tell_payment(self, payment_id: str, at: datetime) -> tuple[bytes, dict[str, str], list[Forgery]]:
        order = self.fake.books.order_of(payment_id)
        resource = {"id": order["id"], "status": "APPROVED", "custom_id": payment_id}
        body, headers = self.fake.signer.notice("CHECKOUT.ORDER.APPROVED", resource, at)
        return body, headers, forgeries_of(body, headers, at)

    def close(self) -> None:
        self.fake.http.close()


def forgeries_of(body: bytes, headers: dict[str, str], at: datetime) -> list[Forgery]:
    """Notices that nobody may believe: altered, unsigned, signed by somebody else, pointing elsewhere, old, early, empty."""
    foreign = Signer().headers(body, at)
    elsewhere = [
        "https://api.paypal.com.example.org/c",
        "https://examplepaypal.com/c",
        "http://api.paypal.com/c",
        "https://api.paypal.com:8443/c",
        "https://api.paypal.com@example.org/c",
        "https://[",
        "",
    ]
    return [
        (body + b" ", headers, at),
        (body.replace(b"APPROVED", b"VOIDED", 1), headers, at),
        (body, {}, at),
        (body, foreign, at),
        *((body, {**headers, name: ""}, at) for name in headers),
        *((body, {**headers, "Paypal-Cert-Url": url}, at) for url in elsewhere),
        (body, {**headers, "Paypal-Auth-Algo": "none"}, at),
        (body, {**headers, "Paypal-Transmission-Time": "yesterday"}, at),
        (body, {**headers, "Paypal-Transmission-Time": "2026-01-01T00:00:00"}, at),
        (body, {**headers, "Paypal-Transmission-Sig": "0" * 64}, at),
        (body, headers, at + timedelta(seconds=RETRIES_S + 1)),
        (body, headers, at - timedelta(seconds=FUTURE_S + 1)),
        (b"", headers, at),
        (b"[]", headers, at),
        (b"\xff" * 40, headers, at),
    ]


def paypal_parts(store: Store) -> Parts:
    """Open the stand-in and the adapter before it."""
    fake = PayPalFake(fee_of=fee_of)
    return Parts(PayPalGateway(store, keys_for(fake)), fake)


def deal_of(amount: int = 10_000, currency: str = "USD") -> Deal:
    """Give fresh names, and a payee with an address."""
    return Deal(amount, currency, account_of=Parts.account_of)


def paid_deal(parts: Parts, run: Callable[..., Any]) -> Deal:
    """Give a deal whose payment is paid."""
    deal = deal_of()
    assert run(parts.gateway.fund(deal.fund(PAID))).outcome == "done"
    return deal


def let_hours_pass(ledger: Ledger, key: str, hours: int) -> None:
    """Let what was asked for under a key have been asked for so much earlier."""
    earlier = {"$dateSubtract": {"startDate": "$created_at", "unit": "hour", "amount": hours}}
    ledger.run(
        ledger.store.database["gateway_objects"].update_one({"_id": f"paypal:{key}"}, [{"$set": {"created_at": earlier}}])
    )


def notice(parts: Parts, run: Callable[..., Any], event_type: str, resource: Any, **how: str) -> WebhookEvent:
    """Let PayPal tell something, and read it."""
    body, headers = parts.fake.signer.notice(event_type, resource, now(), **how)
    return run(parts.gateway.read_webhook(body=body, headers=headers, now=now()))
