"""Amounts as PayPal writes them: decimal texts with exactly as many digits as it keeps for the currency."""

import re
from typing import Final

from freehold.domain.money import Money
from freehold.payments.exponents import PAYPAL, from_gateway, to_gateway
from freehold.payments.gateway import GatewayUnavailable

_FORM: Final = re.compile(r"^(-?)([0-9]{1,12})(?:\.([0-9]{1,3}))?$(?!\n)")


def text_of(money: Money) -> str:
    """Write an amount for PayPal (`12.50`). Raises AmountNotSendable when it would lose a digit."""
    units, digits = to_gateway(PAYPAL, money), PAYPAL[money.currency].digits
    whole, part = divmod(abs(units), 10**digits)
    sign = "-" if units < 0 else ""
    return f"{sign}{whole}.{part:0{digits}d}" if digits else f"{sign}{whole}"


def money_of(value: str, currency: str) -> Money:
    """Read an amount of PayPal's. Raises AmountNotSendable for a currency that is not PayPal's.

    Raises GatewayUnavailable for a text that is no amount, or has more digits than the currency: then nobody knows what moved.
    """
    found = _FORM.match(value)
    digits = PAYPAL[currency].digits if currency in PAYPAL else 2
    part = (found[3] or "") if found else ""
    if found is None or part[digits:].strip("0"):
        raise GatewayUnavailable(f"{value[:40]!r} is no amount of {currency}")
    units = int(found[2]) * 10**digits + int(part[:digits].ljust(digits, "0") or 0)
    return from_gateway(PAYPAL, -units if found[1] else units, currency)
