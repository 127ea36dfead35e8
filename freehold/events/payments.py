"""Commands to payment gateways, and what these tell by themselves, as events."""

from typing import ClassVar

from freehold.events.event import Event


class PaymentCommanded(Event, frozen=True, kw_only=True):
    """What the commands to a payment gateway share: which command, stored beside this, is to be carried out."""

    command_key: str
    milestone_id: str


class PaymentFundRequested(PaymentCommanded, frozen=True, kw_only=True):
    """Collect a deposit from the client."""

    type: ClassVar[str] = "payment.fund_requested"


class PaymentCancelRequested(PaymentCommanded, frozen=True, kw_only=True):
    """Cancel a payment that is still open, or find out that it was paid."""

    type: ClassVar[str] = "payment.cancel_requested"


class PaymentTransferRequested(PaymentCommanded, frozen=True, kw_only=True):
    """Pay the freelancer."""

    type: ClassVar[str] = "payment.transfer_requested"


class PaymentRefundRequested(PaymentCommanded, frozen=True, kw_only=True):
    """Pay the client back."""

    type: ClassVar[str] = "payment.refund_requested"


class PaymentReversalRequested(PaymentCommanded, frozen=True, kw_only=True):
    """Take back from the freelancer's account what a transfer has paid."""

    type: ClassVar[str] = "payment.reversal_requested"


class WebhookReceived(Event, frozen=True, kw_only=True):
    """A payment gateway has told something; it lies in the inbox of webhooks, and its effect is to be found."""

    type: ClassVar[str] = "webhook.received"
    webhook_id: str
    gateway: str
