"""What every payment gateway can do, in our words. Adapters translate; they decide nothing.

A definite answer, also a refusal, is a Report. Anything else is GatewayUnavailable: then nobody knows whether money moved, and
the only thing to do with the same key is to look up. A key acts once, however often it is sent with the same request.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, Protocol

from msgspec import UNSET, Struct, UnsetType

from freehold.domain.conversion import Conversion
from freehold.domain.errors import Refused
from freehold.domain.money import Money
from freehold.domain.news import ChargebackNews as ChargebackNews  # noqa: PLC0414 - a word of the protocol
from freehold.domain.news import CommandNews as CommandNews  # noqa: PLC0414 - a word of the protocol
from freehold.domain.news import News
from freehold.domain.news import Payee as Payee  # noqa: PLC0414 - a word of the protocol
from freehold.domain.news import PayeeNews as PayeeNews  # noqa: PLC0414 - a word of the protocol
from freehold.domain.offers import Offer
from freehold.domain.settlement import NextAction, Report


class GatewayError(Exception):
    """The root of what a gateway raises."""


class GatewayUnavailable(GatewayError):  # noqa: N818 - it names what happened
    """No answer, or none that says what happened. Look up before anything else is tried."""


class KeyReusedAtGateway(GatewayError):  # noqa: N818 - it names what happened
    """A key came with another request than before: a bug of ours. Nothing was done."""


class InvalidWebhook(GatewayError):  # noqa: N818 - it names what it is
    """The signature is missing, forged or too old, or the body is not the gateway's."""


class GatewayNotAvailable(Refused):
    """There is no such payment gateway here."""

    code = "gateway_not_available"


class AmountNotSendable(Refused):
    """The gateway cannot move this amount, or this currency, without losing a digit of it."""

    code = "amount_not_sendable"


class FundRequest(Struct, frozen=True, kw_only=True):
    """Collect `money` from `payer_id`. `payment_id` and `milestone_id` are ours, kept on the gateway's side for look-ups.

    `saved_method` is the gateway's name for a method that the payer has saved: it is charged without them (off-session).
    `payee_account` is for gateways that hold a payment for its payee from the start; empty when it is not known.
    """

    key: str
    milestone_id: str
    payment_id: str
    money: Money
    payer_id: str
    method: str
    saved_method: str | None = None
    payee_account: str = ""


class PaymentQuery(Struct, frozen=True, kw_only=True):
    """Which payment is meant: by our names for it, and by the gateway's (`reference`) if it has told us one."""

    payment_id: str
    milestone_id: str
    reference: str = ""


class TransferRequest(Struct, frozen=True, kw_only=True):
    """Pay `money` out of a payment to `payee_id`, whose account at the gateway is `payee_account`.

    With a `conversion`, which only gateways that offer it are given: exchange its source, pay its target out, which is `money`,
    keep what is left of what the exchange brings for the platform, and report that as `received`.
    """

    key: str
    milestone_id: str
    payment_id: str
    money: Money
    payee_id: str
    payee_account: str = ""
    conversion: Conversion | UnsetType = UNSET


class RefundRequest(Struct, frozen=True, kw_only=True):
    """Give `money` of a payment back to its payer."""

    key: str
    milestone_id: str
    payment_id: str
    money: Money


class ReverseRequest(Struct, frozen=True, kw_only=True):
    """Take `money` of a transfer back from its payee."""

    key: str
    milestone_id: str
    transfer_key: str
    money: Money


class SaveMethodRequest(Struct, frozen=True, kw_only=True):
    """Save one of `payer_id`'s ways to pay, so that it can be charged without them later."""

    key: str
    payer_id: str
    method: str


class SavedMethod(Struct, frozen=True, kw_only=True):
    """How saving a way to pay stands. `reference` is the gateway's name for it, `label` what its owner knows it by."""

    state: Literal["pending", "ready", "refused"]
    reference: str
    label: str = ""
    reason: str | None = None
    action: NextAction | None = None


class PayeeRequest(Struct, frozen=True, kw_only=True):
    """Open an account for `user_id` to be paid into. `country` is ISO 3166 alpha-2; `address` is where they can be written to.

    `return_url` is where they come back to from the gateway's own pages.
    """

    key: str
    user_id: str
    country: str
    currency: str
    address: str = ""
    return_url: str = ""


class WebhookEvent(Struct, frozen=True, kw_only=True):
    """What a gateway tells by itself. `type` is its own word; `news` is null when it says nothing that we act on."""

    id: str
    type: str
    news: News | None = None


class PaymentGateway(Protocol):
    """A payment gateway. Every method may raise GatewayUnavailable; none may be called inside a transaction."""

    @property
    def name(self) -> str:
        """The name that accounts and commands carry (`clearing:sandbox`)."""

    async def check(self) -> Offer:
        """Say what the gateway offers, and whether the platform's account there is fit to hold others' money."""

    def require_sendable(self, money: Money) -> None:
        """Raise AmountNotSendable unless the gateway can move exactly this amount in this currency."""

    async def fund(self, request: FundRequest) -> Report:
        """Ask for a payment. Pending until the payer has paid; done when it is captured to the platform."""

    async def capture_state(self, payment: PaymentQuery) -> Report | None:
        """Say how a payment stands; null when there is none."""

    async def cancel(self, payment: PaymentQuery) -> Report | None:
        """Cancel a payment that is still pending, and say how it stands then (done, if it was paid after all)."""

    async def transfer(self, request: TransferRequest) -> Report:
        """Pay out to a payee."""

    async def refund(self, request: RefundRequest) -> Report:
        """Give back to the payer."""

    async def reverse(self, request: ReverseRequest) -> Report:
        """Take back from a payee, where the gateway can."""

    async def look_up(self, *, key: str, milestone_id: str) -> Report | None:
        """Say what became of a transfer, refund or reversal; null when the gateway has none under this key."""

    async def balance(self, currency: str) -> Money:
        """Say what the platform has there: payments less what was paid out, given back and charged."""

    async def save_method(self, request: SaveMethodRequest) -> SavedMethod:
        """Begin to save a way to pay, or say how that stands (the same key asks again)."""

    async def open_payee(self, request: PayeeRequest) -> Payee:
        """Open an account for a payee, or say how it stands (the same key opens one)."""

    async def payee(self, account: str) -> Payee | None:
        """Say how a payee's account stands; null when there is none."""

    async def read_webhook(self, *, body: bytes, headers: Mapping[str, str], now: datetime) -> WebhookEvent:
        """Read a webhook. Raises InvalidWebhook unless it is the gateway's own, and fresh."""
