"""What every payment gateway can do, in our words. Adapters translate; they decide nothing.

A definite answer, also a refusal, is a Report. Anything else is GatewayUnavailable: then nobody knows whether money moved, and
the only thing to do with the same key is to look up. A key acts once, however often it is sent with the same request.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, Protocol

from msgspec import Struct

from freehold.domain.errors import Refused
from freehold.domain.money import Money
from freehold.domain.settlement import Report


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


class FundRequest(Struct, frozen=True, kw_only=True):
    """Collect `money` from `payer_id`. `payment_id` and `milestone_id` are ours, kept on the gateway's side for look-ups."""

    key: str
    milestone_id: str
    payment_id: str
    money: Money
    payer_id: str
    method: str


class TransferRequest(Struct, frozen=True, kw_only=True):
    """Pay `money` out of a payment to `payee_id`."""

    key: str
    milestone_id: str
    payment_id: str
    money: Money
    payee_id: str


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


class WebhookEvent(Struct, frozen=True, kw_only=True):
    """What a gateway tells by itself: something happened to the object that was asked for under `key`."""

    id: str
    kind: Literal["payment", "transfer", "refund", "reversal"]
    key: str
    milestone_id: str
    report: Report


class PaymentGateway(Protocol):
    """A payment gateway. Every method may raise GatewayUnavailable; none may be called inside a transaction."""

    @property
    def name(self) -> str:
        """The name that accounts and commands carry (`clearing:sandbox`)."""

    @property
    def methods(self) -> tuple[str, ...]:
        """The ways to pay, the usual one first."""

    async def fund(self, request: FundRequest) -> Report:
        """Ask for a payment. Pending until the payer has paid; done when it is captured to the platform."""

    async def capture_state(self, *, payment_id: str) -> Report | None:
        """Say how a payment stands; null when there is none."""

    async def cancel(self, *, payment_id: str) -> Report | None:
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

    def verify_webhook(self, *, body: bytes, headers: Mapping[str, str], now: datetime) -> WebhookEvent:
        """Read a webhook. Raises InvalidWebhook unless it is the gateway's own, and fresh."""
