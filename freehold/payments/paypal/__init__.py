"""PayPal: Orders v2, Payouts, disputes, vault, webhooks. Public: the gateway and the keys it needs."""

from freehold.payments.paypal.gateway import PayPalGateway
from freehold.payments.paypal.line import PayPalKeys

__all__ = ["PayPalGateway", "PayPalKeys"]
