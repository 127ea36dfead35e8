"""Which payment gateways this installation has."""

from freehold.domain.errors import Refused
from freehold.payments.gateway import PaymentGateway
from freehold.payments.sandbox import SandboxGateway
from freehold.settings import Environment
from freehold.store import Store


class GatewayNotAvailable(Refused):
    """There is no such payment gateway here."""

    code = "gateway_not_available"


def gateway_named(name: str, *, store: Store, environment: Environment) -> PaymentGateway:
    """Give the gateway of this name. Raises GatewayNotAvailable; production has no sandbox."""
    if name == SandboxGateway.name and environment != "production":
        return SandboxGateway(store)
    raise GatewayNotAvailable(f"there is no payment gateway {name!r} here")
