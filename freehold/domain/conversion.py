"""Converting an amount into another currency: the one rule of rounding.

    middle = source at the reference rate, rounded half to even to the target's minor unit
    spread = middle * basis points, rounded half up, as the platform's fee is
    target = middle - spread, never rounded itself

so that target + spread = middle, always. All of it is integer arithmetic on the published decimals.
Not here: where rates come from (`freehold.fx`), how long a quote is good (`freehold.store.quotes`), the journals of a release
that is converted (`freehold.domain.ledger`).
"""

import re
from typing import Annotated, Final

from msgspec import Meta, Struct

from freehold.domain.errors import InvalidValue, Refused
from freehold.domain.fees import WHOLE_BASIS_POINTS
from freehold.domain.money import LARGEST_AMOUNT, AmountTooLarge, AmountTooSmall, Money, exponent_of, require_payable

LARGEST_SPREAD_BASIS_POINTS: Final = 1_000
_DECIMAL: Final = re.compile(r"^([0-9]{1,12})(?:\.([0-9]{1,12}))?$(?!\n)")

SpreadBasisPoints = Annotated[int, Meta(ge=0, le=LARGEST_SPREAD_BASIS_POINTS)]


class RateMissing(Refused):
    """No rate is known for one of these currencies."""

    code = "exchange_rate_missing"


class RateTooOld(Refused):
    """The newest rate is older than the operator allows."""

    code = "exchange_rate_too_old"


class Rate(Struct, frozen=True, kw_only=True):
    """Two reference rates of one day, as they were published: units of each currency per euro, as decimal text."""

    source_per_euro: str
    target_per_euro: str
    date: str
    published_by: str


class Conversion(Struct, frozen=True, kw_only=True):
    """What an amount comes to in another currency. `target` + `spread` = `middle`, in the target's currency."""

    source: Money
    middle: Money
    spread: Money
    target: Money
    rate: Rate


class Terms(Struct, frozen=True, kw_only=True):
    """In which currency a payee is paid, and at which rate and spread.

    `quoted` is the amount that quote `quote_id` was given for; null when nobody was promised anything.
    """

    currency: str
    rate: Rate
    spread_basis_points: SpreadBasisPoints
    quoted: Money | None = None
    quote_id: str | None = None


def convert(source: Money, target_currency: str, rate: Rate, *, spread_basis_points: int) -> Conversion:
    """Convert an amount. Raises AmountTooSmall when nothing would be left of it, AmountTooLarge, InvalidValue."""
    require_payable(source)
    if not 0 <= spread_basis_points <= LARGEST_SPREAD_BASIS_POINTS:
        raise InvalidValue(f"a spread is 0 to {LARGEST_SPREAD_BASIS_POINTS} basis points")
    upper, lower = _ratio(source.currency, target_currency, rate)
    middle = _half_even(source.amount * upper, lower)
    spread = (middle * spread_basis_points + WHOLE_BASIS_POINTS // 2) // WHOLE_BASIS_POINTS
    if middle - spread <= 0:
        raise AmountTooSmall(f"{source.amount} {source.currency} is less than the smallest amount of {target_currency}")
    if middle > LARGEST_AMOUNT:
        raise AmountTooLarge(f"{source.amount} {source.currency} is more than can be moved in {target_currency}")
    return Conversion(
        source=source,
        middle=Money(middle, target_currency),
        spread=Money(spread, target_currency),
        target=Money(middle - spread, target_currency),
        rate=rate,
    )


def _ratio(source: str, target: str, rate: Rate) -> tuple[int, int]:
    """Give minor units of the target per minor unit of the source, as upper and lower number of a fraction."""
    source_units, source_digits = _decimal(rate.source_per_euro)
    target_units, target_digits = _decimal(rate.target_per_euro)
    upper = target_units * 10 ** (source_digits + exponent_of(target))
    lower = source_units * 10 ** (target_digits + exponent_of(source))
    return upper, lower


def _decimal(text: str) -> tuple[int, int]:
    """Read a decimal text as a whole number and its digits after the point. Raises InvalidValue unless above zero."""
    match = _DECIMAL.match(text)
    if match is None:
        raise InvalidValue(f"{text!r} is no exchange rate")
    digits = match[2] or ""
    units = int(match[1] + digits)
    if units == 0:
        raise InvalidValue("an exchange rate is above zero")
    return units, len(digits)


def _half_even(upper: int, lower: int) -> int:
    """Divide two whole numbers, both at least zero; a half goes to the even neighbour."""
    whole, rest = divmod(upper, lower)
    if 2 * rest > lower or (2 * rest == lower and whole % 2 == 1):
        return whole + 1
    return whole
