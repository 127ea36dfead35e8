"""Which payment gateways this installation has: those whose secrets the operator has filled in, and the sandbox elsewhere.

Here: gateways for whoever holds their secrets. Not here: what they offer, which anybody may know (`freehold.payments.offers`).
"""

from collections.abc import Callable
from typing import Final, TypeVar

import msgspec

from freehold.payments.gateway import GatewayNotAvailable, PaymentGateway
from freehold.payments.paypal import PayPalGateway, PayPalKeys
from freehold.payments.razorpay import RazorpayGateway, RazorpayKeys
from freehold.payments.sandbox import SandboxGateway
from freehold.payments.stripe import StripeGateway, StripeKeys
from freehold.settings import Environment
from freehold.store import Store

CONFIGURED: Final = ("stripe", "paypal", "razorpay")
"""The gateways that are here once the operator has filled in their secrets."""

ReadSecret = Callable[[str], str]
"""Gives a secret by its name (`Call.secret`); empty, or `none`, when the operator has filled nothing in."""
NOTHING: Final = "none"
"""Says that there is no such gateway here. An empty file says it too, but some platforms take no empty secret."""

Keys = TypeVar("Keys", PayPalKeys, RazorpayKeys)


class GatewayMisconfigured(GatewayNotAvailable):
    """The operator has filled in something that cannot be used. `reason` is a stable code."""

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


def gateway_named(name: str, *, store: Store, environment: Environment, secret: ReadSecret) -> PaymentGateway:
    """Give the gateway of this name. Raises GatewayNotAvailable; production has no sandbox, and takes no test keys."""
    given = _filled_in(secret)
    if name == SandboxGateway.name and environment != "production":
        return SandboxGateway(store)
    if name == StripeGateway.name and (key := given("stripe_secret_key")):
        return StripeGateway(_stripe_keys(key, given), environment=environment)
    if name == PayPalGateway.name and (text := given("paypal_keys")):
        return PayPalGateway(store, _keys(name, text, PayPalKeys, environment=environment))
    if name == RazorpayGateway.name and (text := given("razorpay_keys")):
        return RazorpayGateway(store, _keys(name, text, RazorpayKeys, environment=environment))
    raise GatewayNotAvailable(f"there is no payment gateway {name!r} here")


def _filled_in(secret: ReadSecret) -> ReadSecret:
    def read(name: str) -> str:
        text = secret(name)
        return "" if text.strip().lower() == NOTHING else text

    return read


def _stripe_keys(key: str, secret: ReadSecret) -> StripeKeys:
    webhook_keys, publishable = secret("stripe_webhook_key"), secret("stripe_publishable_key")
    return StripeKeys(secret_key=key, publishable_key=publishable, webhook_keys=webhook_keys)


def _keys(name: str, text: str, kind: type[Keys], *, environment: Environment) -> Keys:
    """Read a secret that holds several: a JSON object. Real money only in production, and nothing else there."""
    try:
        keys = msgspec.json.decode(text, type=kind)
    except msgspec.DecodeError as error:
        raise GatewayMisconfigured(f"the secret {name}-keys cannot be read: {error}", reason="keys_unreadable") from error
    if keys.is_live is not (environment == "production"):
        reason = "live_key_outside_production" if keys.is_live else "test_key_in_production"
        raise GatewayMisconfigured(f"the secret {name}-keys: {reason}", reason=reason)
    return keys
