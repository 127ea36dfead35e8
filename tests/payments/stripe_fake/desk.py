"""What tests of Stripe alone start from: the adapter before its fake, and deals that are paid."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from freehold.payments.gateway import WebhookEvent
from freehold.store import now
from tests.payments.deals import Deal
from tests.payments.stripe_fake.bench import Provider, gateway_over
from tests.payments.stripe_fake.server import FakeStripe, Fault, signed


@dataclass
class StripeDesk:
    """The adapter, its fake, and a way to run coroutines."""

    provider: Provider
    run: Callable[..., Any]

    @property
    def fake(self) -> FakeStripe:
        return self.provider.fake

    @property
    def books(self):
        return self.provider.books

    @property
    def gateway(self):
        return self.provider.gateway

    def deal(self, amount: int = 10_000, currency: str = "USD") -> Deal:
        return Deal(amount, currency, account_of=self.provider.account_of)

    def paid(self, amount: int = 10_000, currency: str = "USD") -> Deal:
        """Give a deal whose payment is paid."""
        deal = self.deal(amount, currency)
        assert self.run(self.gateway.fund(deal.fund(self.provider.paid))).outcome == "done"
        return deal

    def fails(self, what: str | int, *, path: str = "/v1/", method: str = "post") -> None:
        """Let the next request of this kind fail."""
        self.fake.faults.append(Fault(what, method=method, path=path))

    def tells(self, kind: str, about: dict[str, Any], *, account: str | None = None, **settings: Any) -> WebhookEvent:
        """Let Stripe tell something, and read it."""
        body = self.fake.event(kind, about, account=account)
        gateway = gateway_over(self.fake, **settings)
        return self.run(gateway.read_webhook(body=body, headers=signed(body, now().timestamp()), now=now()))

    def count(self, kind: str) -> int:
        """Say how many objects of a kind there are at Stripe."""
        return len(self.books.of(kind))
