"""How each gateway counts money: one table per gateway. A conversion that would lose a digit is refused, never rounded.

Money here is counted by ISO 4217 (`freehold.domain.money`). Gateways count some currencies otherwise: with more or fewer
digits, or only in steps. A gateway's table says so; a currency that is not in it cannot be sent there.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from freehold.domain.money import EXPONENTS, Money, exponent_of
from freehold.payments.gateway import AmountNotSendable


class Scale(Struct, frozen=True):
    """How a gateway counts a currency: with so many digits after the point, and only in multiples of `step` of its units.

    `largest` is the highest amount that it takes, in its units.
    """

    digits: int
    step: int = 1
    largest: int = 99_999_999


Table = Mapping[str, Scale]


def to_gateway(table: Table, money: Money) -> int:
    """Count an amount as the gateway does. Raises AmountNotSendable, or UnknownCurrency."""
    scale = _scale(table, money.currency)
    amount, left = _moved(money.amount, exponent_of(money.currency), scale.digits)
    if left or amount % scale.step:
        raise AmountNotSendable(f"{money.amount} minor units of {money.currency} have a digit that the gateway does not keep")
    if abs(amount) > scale.largest:
        raise AmountNotSendable(f"{money.amount} minor units of {money.currency} are more than the gateway takes at once")
    return amount


def from_gateway(table: Table, amount: int, currency: str) -> Money:
    """Count by ISO 4217 what the gateway counted. Raises AmountNotSendable when it has digits that the currency has not."""
    money, left = _moved(amount, _scale(table, currency).digits, exponent_of(currency))
    if left:
        raise AmountNotSendable(f"{amount} at the gateway is no whole number of minor units of {currency}")
    return Money(money, currency)


def is_counted_alike(table: Table, currency: str) -> bool:
    """Say whether every amount of a currency can be sent: also what fees and parts leave of one that could be."""
    scale = table.get(currency)
    return scale is not None and scale.step == 1 and scale.digits == EXPONENTS.get(currency)


def _scale(table: Table, currency: str) -> Scale:
    scale = table.get(currency)
    if scale is None:
        raise AmountNotSendable(f"the gateway does not take {currency}")
    return scale


def _moved(amount: int, from_digits: int, to_digits: int) -> tuple[int, int]:
    """Move the point; answer what is there then, and what was cut off."""
    scale = int(10 ** abs(to_digits - from_digits))
    return (amount * scale, 0) if to_digits >= from_digits else divmod(amount, scale)


_STRIPE_WHOLE: Final = "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF"
_STRIPE_THREE_DIGITS: Final = "BHD JOD KWD OMR TND"
_STRIPE_WHOLE_IN_HUNDREDTHS: Final = "ISK UGX"
_STRIPE_TWO_DIGITS: Final = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BWP BYN BZD CAD CDF CHF CNY COP CRC CVE CZK DKK DOP "
    "DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR JMD KES KGS KHR KYD KZT LAK LBP LKR LRD LSL "
    "MAD MDL MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD "
    "SCR SEK SGD SHP SLE SOS SRD SZL THB TJS TOP TRY TTD TWD TZS UAH USD UYU UZS WST XCD YER ZAR ZMW"
)
_STRIPE_LARGEST: Final = {"IDR": 999_999_999_999}

STRIPE: Final[Table] = {
    **{code: Scale(2, largest=_STRIPE_LARGEST.get(code, 99_999_999)) for code in _STRIPE_TWO_DIGITS.split()},
    **{code: Scale(0) for code in _STRIPE_WHOLE.split()},
    **{code: Scale(2, step=100) for code in _STRIPE_WHOLE_IN_HUNDREDTHS.split()},
    **{code: Scale(3, step=10) for code in _STRIPE_THREE_DIGITS.split()},
}
"""Source: docs.stripe.com/currencies. ISK and UGX have no digits any more, but are still counted in hundredths; the last of
three digits must be 0; eight figures are the most in one payment (IDR: twelve)."""

_PAYPAL_TWO_DIGITS: Final = "AUD BRL CAD CHF CNY CZK DKK EUR GBP HKD ILS MXN MYR NOK NZD PHP PLN SEK SGD THB USD"
_PAYPAL_WHOLE: Final = "HUF JPY TWD"
_PAYPAL_LARGEST_DIGITS: Final = 9_999_999

PAYPAL: Final[Table] = {
    **{code: Scale(2, largest=_PAYPAL_LARGEST_DIGITS * 100 + 99) for code in _PAYPAL_TWO_DIGITS.split()},
    **{code: Scale(0, largest=_PAYPAL_LARGEST_DIGITS) for code in _PAYPAL_WHOLE.split()},
}
"""Source: developer.paypal.com/api/rest/reference/currency-codes. Amounts are decimal texts; HUF and TWD have digits in ISO
4217 but none here, so only whole forints and dollars can be sent. Seven figures before the point are the most that all of its
interfaces take. BRL, CNY and MYR only for accounts of those countries."""

RAZORPAY: Final[Table] = {"INR": Scale(2, largest=5_000_000_000)}
"""Source: razorpay.com/docs/payments/route: transfers are in INR only, in paise."""

TABLES: Final[Mapping[str, Table]] = {"stripe": STRIPE, "paypal": PAYPAL, "razorpay": RAZORPAY}
"""The table of each gateway that has one; others count by ISO 4217."""


def require_sendable(gateway: str, money: Money) -> None:
    """Raise AmountNotSendable unless the gateway of this name can move exactly this amount; UnknownCurrency for no currency."""
    if gateway in TABLES:
        to_gateway(TABLES[gateway], money)
    exponent_of(money.currency)
