"""Payment gateways: the protocol, the adapters, the one way in which commands are carried out. No rule of money is here."""

from freehold.payments.carrying import Carried, Transact, carry_out
from freehold.payments.gateway import (
    AmountNotSendable,
    GatewayError,
    GatewayNotAvailable,
    GatewayUnavailable,
    PaymentGateway,
)
from freehold.payments.registry import gateway_named

__all__ = [
    "AmountNotSendable",
    "Carried",
    "GatewayError",
    "GatewayNotAvailable",
    "GatewayUnavailable",
    "PaymentGateway",
    "Transact",
    "carry_out",
    "gateway_named",
]
