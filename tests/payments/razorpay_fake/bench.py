"""What a bench needs of Razorpay: the adapter before its stand-in, and what payers, payees and Razorpay do by themselves."""

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from freehold.payments.gateway import WebhookEvent
from freehold.payments.razorpay import RazorpayGateway, RazorpayKeys
from freehold.payments.razorpay.webhooks import FUTURE_S, RETRIES_S
from freehold.store import Store, now
from tests.ledgers import Ledger
from tests.payments.deals import SAVED, Deal
from tests.payments.fees import fee_of
from tests.payments.razorpay_fake.books import DECLINING, PAYING
from tests.payments.razorpay_fake.server import KEY, RazorpayFake

SECRET = "a webhook's secret"
PAID = SAVED + PAYING
REFUSED = SAVED + DECLINING
Forgery = tuple[bytes, dict[str, str], datetime]


def keys_for(fake: RazorpayFake) -> RazorpayKeys:
    """The keys of the stand-in's account."""
    name, secret = KEY
    return RazorpayKeys(key_id=name, key_secret=secret, webhook_secret=SECRET, address=fake.http.address)


@dataclass(frozen=True)
class Parts:
    """The adapter and its stand-in."""

    gateway: RazorpayGateway
    fake: RazorpayFake

    async def payer_pays(self, payment_id: str) -> None:
        self.fake.books.pay(payment_id)

    async def block(self, payee_id: str, blocked: bool) -> None:  # noqa: FBT001 - the bench's form
        (self.fake.books.suspended.add if blocked else self.fake.books.suspended.discard)(self.account_of(payee_id))

    async def bounce(self, key: str) -> None:
        self.fake.books.bounce(key)

    @staticmethod
    def account_of(payee_id: str) -> str:
        return f"acc_{payee_id[-14:]}"

    def tell_payment(self, payment_id: str, at: datetime) -> tuple[bytes, dict[str, str], list[Forgery]]:
        order = [each for each in self.fake.books.orders.values() if each["receipt"] == payment_id][-1]
        payment = [each for each in self.fake.books.payments.values() if each["order_id"] == order["id"]][-1]
        body, headers = notice_of("order.paid", at, payment=payment, order=order)
        return body, headers, forgeries_of(body, headers, at)

    def close(self) -> None:
        self.fake.http.close()


def notice_of(event: str, at: datetime, **entities: Any) -> tuple[bytes, dict[str, str]]:
    """Write an event and sign it, as Razorpay does."""
    payload = {name: {"entity": entity} for name, entity in entities.items()}
    account = str(entities.get("account", {}).get("id", "acc_Platform000001"))
    told = {"entity": "event", "account_id": account, "event": event, "contains": list(entities), "payload": payload}
    body = json.dumps(told | {"created_at": int(at.timestamp())}).encode()
    return body, signed(body, SECRET) | {"X-Razorpay-Event-Id": "evt_that_nobody_signed"}


def signed(body: bytes, secret: str) -> dict[str, str]:
    """Sign a body."""
    return {"X-Razorpay-Signature": hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


def forgeries_of(body: bytes, headers: dict[str, str], at: datetime) -> list[Forgery]:
    """Events that nobody may believe: altered, unsigned, signed by somebody else, old, early, empty."""
    cases = [
        (body + b" ", headers),
        (body.replace(b"order.paid", b"order.late"), headers),
        (body, {}),
        (body, {"X-Razorpay-Signature": ""}),
        (body, {"X-Razorpay-Signature": "0" * 64}),
        (body, {"X-Razorpay-Signature": "\u0661" * 64}),
        (body, {"X-Razorpay-Signature": headers["X-Razorpay-Signature"] + "\n"}),
        (body, signed(body, "another secret")),
        (body, signed(body, "")),
        (b"", headers),
        *((bad, signed(bad, SECRET)) for bad in (b"", b"[]", b"\xff" * 40, b'{"event":"order.paid","payload":{}}')),
    ]
    late, early = at + timedelta(seconds=RETRIES_S + 2), at - timedelta(seconds=FUTURE_S + 2)
    return [*((*case, at) for case in cases), (body, headers, late), (body, headers, early)]


def razorpay_parts(store: Store) -> Parts:
    """Open the stand-in and the adapter before it."""
    fake = RazorpayFake(fee_of=fee_of)
    return Parts(RazorpayGateway(store, keys_for(fake)), fake)


def deal_of(amount: int = 10_000, currency: str = "INR") -> Deal:
    """Give fresh names, and a payee with a linked account."""
    return Deal(amount, currency, account_of=Parts.account_of)


def paid_deal(parts: Parts, run: Callable[..., Any]) -> Deal:
    """Give a deal whose payment is paid."""
    deal = deal_of()
    assert run(parts.gateway.fund(deal.fund(PAID))).outcome == "done"
    return deal


def let_claim_end(ledger: Ledger, key: str) -> None:
    """Let the time be over in which a call whose answer is lost may still act."""
    earlier = {"$dateSubtract": {"startDate": "$$NOW", "unit": "second", "amount": 1}}
    change = [{"$set": {"asked_until": earlier}}]
    ledger.run(ledger.store.database["gateway_objects"].update_one({"_id": f"razorpay:{key}"}, change))


def notice(parts: Parts, run: Callable[..., Any], event: str, **entities: Any) -> WebhookEvent:
    """Let Razorpay tell something, and read it."""
    body, headers = notice_of(event, now(), **entities)
    return run(parts.gateway.read_webhook(body=body, headers=headers, now=now()))
