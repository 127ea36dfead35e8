"""Which payment gateways this installation has: those whose secrets the operator has filled in, and the sandbox elsewhere.

Here: gateways for whoever holds their secrets. Not here: what they offer, which anybody may know (`freehold.payments.offers`).
"""

from collections.abc import Callable
from typing import Final

from freehold.payments.gateway import GatewayNotAvailable, PaymentGateway
from freehold.payments.sandbox import SandboxGateway
from freehold.payments.stripe import StripeGateway
from freehold.settings import Environment
from freehold.store import Store

CONFIGURED: Final = ("stripe",)
"""The gateways that are here once the operator has filled in their secrets."""

ReadSecret = Callable[[str], str]
"""Gives a secret by its name (`Call.secret`); empty when the operator has filled nothing in."""


def gateway_named(name: str, *, store: Store, environment: Environment, secret: ReadSecret) -> PaymentGateway:
    """Give the gateway of this name. Raises GatewayNotAvailable; production has no sandbox, and takes no test keys."""
    if name == SandboxGateway.name and environment != "production":
        return SandboxGateway(store)
    if name == StripeGateway.name and (key := secret("stripe_secret_key")):
        return StripeGateway(key, webhook_keys=secret("stripe_webhook_key"), environment=environment)
    raise GatewayNotAvailable(f"there is no payment gateway {name!r} here")
