"""The Stripe adapter as a `PaymentGateway`."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct

from freehold.domain.money import Money
from freehold.domain.offers import Offer
from freehold.domain.settlement import Report
from freehold.payments.exponents import require_sendable
from freehold.payments.gateway import (
    FundRequest,
    GatewayNotAvailable,
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
from freehold.payments.stripe import methods, moves, payees, payments, platform, webhooks
from freehold.payments.stripe.line import ADDRESS, Line
from freehold.settings import Environment

FIT_FOR_S: Final = 300
"""For how long a process believes that the platform's account is fit to hold money."""
_fit_until_s: dict[str, float] = {}
"""By account, until when of the event loop's clock it is believed to be fit."""


class StripeKeys(Struct, frozen=True, kw_only=True):
    """What Stripe gave the operator.

    `webhook_keys` are the signing secrets of our endpoints, with blanks between them; without any, no webhook is trusted.
    `publishable_key` is for Stripe's script in the payer's page.
    """

    secret_key: str
    publishable_key: str = ""
    webhook_keys: str = ""

    def __repr__(self) -> str:
        return "StripeKeys(...)"


class StripeGateway:
    """A `PaymentGateway` over the platform's account at Stripe."""

    name: Final = "stripe"

    def __init__(self, keys: StripeKeys, *, environment: Environment, address: str = ADDRESS) -> None:
        self._line = Line(keys.secret_key, address=address)
        self._keys = keys
        self._environment: Environment = environment
        self._account = f"{address} {environment} {keys.secret_key}"

    async def check(self) -> Offer:
        """Say what is offered, and whether the platform's account may hold others' money."""
        offer = await platform.check(self._line, self._environment)
        return msgspec.structs.replace(offer, public_key=self._keys.publishable_key or None)

    def require_sendable(self, money: Money) -> None:
        """Raise AmountNotSendable unless Stripe can move exactly this amount in this currency."""
        require_sendable(self.name, money)

    async def fund(self, request: FundRequest) -> Report:
        """Ask for a payment."""
        await self._require_fit()
        return await payments.fund(self._line, request)

    async def capture_state(self, payment: PaymentQuery) -> Report | None:
        """Say how a payment stands."""
        return await payments.capture_state(self._line, payment)

    async def cancel(self, payment: PaymentQuery) -> Report | None:
        """Cancel a payment that is still open."""
        return await payments.cancel(self._line, payment)

    async def transfer(self, request: TransferRequest) -> Report:
        """Pay out of a payment to a payee's account."""
        await self._require_fit()
        return await moves.transfer(self._line, request)

    async def refund(self, request: RefundRequest) -> Report:
        """Give a part of a payment back; also while the platform's account is not fit to hold it."""
        return await moves.refund(self._line, request)

    async def reverse(self, request: ReverseRequest) -> Report:
        """Take a part of a transfer back from its payee."""
        return await moves.reverse(self._line, request)

    async def look_up(self, *, key: str, milestone_id: str) -> Report | None:
        """Find what was done under a key."""
        return await moves.look_up(self._line, key=key, milestone_id=milestone_id)

    async def balance(self, currency: str) -> Money:
        """Say what the platform has there."""
        return await platform.balance_of(self._line, currency)

    async def save_method(self, request: SaveMethodRequest) -> SavedMethod:
        """Begin to save a way to pay, or say how that stands."""
        return await methods.save_method(self._line, request)

    async def open_payee(self, request: PayeeRequest) -> Payee:
        """Open an account for a payee, or say how it stands."""
        return await payees.open_payee(self._line, request)

    async def payee(self, account: str) -> Payee | None:
        """Say how a payee's account stands."""
        return await payees.payee(self._line, account)

    async def read_webhook(self, *, body: bytes, headers: Mapping[str, str], now: datetime) -> WebhookEvent:
        """Read a webhook, and fetch what it is about."""
        event = webhooks.verify(body, headers, keys=self._keys.webhook_keys, now=now)
        return await webhooks.news_of(self._line, event)

    async def _require_fit(self) -> None:
        """Refuse to move money through an account that Stripe empties by itself. Raises GatewayNotAvailable."""
        clock = asyncio.get_running_loop().time()
        if _fit_until_s.get(self._account, clock) > clock:
            return
        offer = await self.check()
        if offer.state != "ready":
            raise GatewayNotAvailable(f"the platform's account at Stripe is not fit: {', '.join(offer.reasons)}")
        _fit_until_s[self._account] = clock + FIT_FOR_S
