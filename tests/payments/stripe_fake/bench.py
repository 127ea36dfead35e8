"""Stripe on a bench: the adapter over the fake."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from freehold.payments.stripe import StripeGateway, StripeKeys
from freehold.payments.stripe.webhooks import TOLERANCE_S
from freehold.settings import Environment
from tests.payments.deals import SAVED
from tests.payments.stripe_fake import accounts, moving
from tests.payments.stripe_fake.books import Object
from tests.payments.stripe_fake.server import SECRET_KEY, WEBHOOK_KEY, FakeStripe, signed

Forgery = tuple[bytes, dict[str, str], datetime]


def gateway_over(fake: FakeStripe, *, webhook_keys: str = WEBHOOK_KEY, environment: Environment = "sandbox") -> StripeGateway:
    """Make the adapter, over this fake."""
    keys = StripeKeys(secret_key=SECRET_KEY, publishable_key="pk_test_fake", webhook_keys=webhook_keys)
    return StripeGateway(keys, environment=environment, address=fake.address)


@dataclass
class Provider:
    """What Stripe does by itself, in the words of a bench."""

    fake: FakeStripe

    def __post_init__(self) -> None:
        self.books = self.fake.books
        self.payer = self.books.new("cus", "customer", livemode=False, metadata={})["id"]
        self.accounts: dict[str, Object] = {}
        self.gateway = gateway_over(self.fake)
        self.paid, self.refused = self.saved("pm_card_visa"), self.saved("pm_card_chargeDeclined")

    def saved(self, way: str, kind: str = "card") -> str:
        """Name a way to pay that the payer has saved, and what becomes of it."""
        return f"{kind}:{SAVED}{self.payer}/{way}"

    def account_of(self, payee_id: str) -> str:
        if payee_id not in self.accounts:
            wanted = {"country": "DE", "capabilities": {"transfers": {"requested": True}}}
            self.accounts[payee_id] = accounts.create(self.books, wanted)
            accounts.onboard(self.accounts[payee_id])
        return self.accounts[payee_id]["id"]

    async def block(self, payee_id: str, blocked: bool) -> None:  # noqa: FBT001 - as the bench asks it
        (accounts.block if blocked else accounts.onboard)(self.accounts[payee_id])

    async def pays(self, payment_id: str) -> None:
        self.books.pays(payment_id)

    async def onboard(self, account: str) -> None:
        accounts.onboard(self.books.objects[account])

    async def saves(self, payer_id: str) -> None:
        (setup,) = (each for each in self.books.of("setup_intent") if each["metadata"]["payer_id"] == payer_id)
        setup.update(status="succeeded", payment_method="pm_card_visa")

    async def bounce(self, key: str) -> None:
        (made,) = (each for each in self.books.of("refund") if each["metadata"]["freehold_key"] == key)
        moving.bounce(self.books, made)

    def tell_payment(self, payment_id: str, at: datetime) -> tuple[bytes, dict[str, str], list[Forgery]]:
        body = self.fake.event("payment_intent.succeeded", self.books.named(payment_id))
        headers = signed(body, at.timestamp())
        return body, headers, forgeries_of(body, headers, at)


def forgeries_of(body: bytes, headers: dict[str, str], at: datetime) -> list[Forgery]:
    """Events that nobody may believe: altered, unsigned, signed by somebody else or otherwise, old, early, empty."""
    ((name, value),) = headers.items()
    stamp, _, rest = value.partition(",")
    return [
        (body + b" ", headers, at),
        (body.replace(b"10000", b"99999"), headers, at),
        (body, {}, at),
        (body, {name: ""}, at),
        (body, {name: f"{stamp},v1={'0' * 64}"}, at),
        (body, {name: value.replace("t=", "t=9")}, at),
        (body, {name: f"{value},t=1"}, at),
        (body, {name: value.replace("v1=", "v0=", 1)}, at),
        (body, {name: f"{stamp}," + ",".join(["v1=00"] * 20) + f",{rest}"}, at),
        (body, {name: "t=1 ,v1=\x00"}, at),
        (body, signed(body, at.timestamp(), key="whsec_of_somebody_else"), at),
        (body, headers, at + timedelta(seconds=TOLERANCE_S + 1)),
        (body, headers, at - timedelta(seconds=TOLERANCE_S + 1)),
        (b"", signed(b"", at.timestamp()), at),
        (b"[]", signed(b"[]", at.timestamp()), at),
        (b"\xff", signed(b"\xff", at.timestamp()), at),
    ]


def stripe_provider() -> Provider:
    """Open the fake and the adapter before it."""
    return Provider(FakeStripe())
