"""Which payment gateways this installation has."""

from freehold.payments.gateway import GatewayNotAvailable, PaymentGateway
from freehold.payments.sandbox import SandboxGateway
from freehold.settings import Environment
from freehold.store import Store


def gateway_named(name: str, *, store: Store, environment: Environment) -> PaymentGateway:
    """Give the gateway of this name. Raises GatewayNotAvailable; production has no sandbox."""
    if name == SandboxGateway.name and environment != "production":
        return SandboxGateway(store)
    raise GatewayNotAvailable(f"there is no payment gateway {name!r} here")
