"""Money: integer minor units and an ISO 4217 code. No float comes near it.

Here: the type, which currencies exist and how many digits they have, and the only ways to add and to divide.
Not here: what an amount is for (`ledger`), fees (`fees`), conversion and formatting.
"""

from collections.abc import Iterable, Sequence
from typing import Annotated, Final

import iso4217
from msgspec import Meta, Struct

from freehold.domain.errors import InvalidValue

Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$(?!\n)", description="An ISO 4217 code.", examples=["USD"])]
LARGEST_AMOUNT: Final = 2**53 - 1
"""What a double in a JavaScript client still holds exactly."""

EXPONENTS: Final[dict[str, int]] = {
    currency.code: currency.exponent for currency in iso4217.Currency if currency.exponent is not None
}
"""How many digits each currency has after the point, by ISO 4217 (metals, test codes and funds without digits are left out)."""


class UnknownCurrency(InvalidValue):
    """The code is not one of ISO 4217 that people are paid in."""

    code = "unknown_currency"


class CurrenciesDiffer(InvalidValue):
    """Two amounts that belong together are of different currencies."""

    code = "currencies_differ"


class AmountNotPositive(InvalidValue):
    """The amount is zero or below, where something must be paid."""

    code = "amount_not_positive"


class AmountTooSmall(InvalidValue):
    """The amount is below the smallest that is worth moving."""

    code = "amount_too_small"


class AmountTooLarge(InvalidValue):
    """The amount is above the largest that is allowed here."""

    code = "amount_too_large"


class Money(Struct, frozen=True, forbid_unknown_fields=True):
    """An amount in minor units (cents for USD) of one currency."""

    amount: Annotated[int, Meta(ge=-LARGEST_AMOUNT, le=LARGEST_AMOUNT)]
    currency: Currency

    def __add__(self, other: "Money") -> "Money":
        """Add, within one currency. Raises CurrenciesDiffer, or AmountTooLarge past LARGEST_AMOUNT."""
        return _bounded(self.amount + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        """Subtract, within one currency; the result may be below zero."""
        return _bounded(self.amount - self._same(other), self.currency)

    def allocate(self, weights: Sequence[int]) -> tuple["Money", ...]:
        """Divide into one part per weight; the parts sum exactly to the whole.

        Each part is its exact share rounded down, and the units left over go to the largest remainders, earlier parts
        first (Hamilton's method). Raises InvalidValue for a weight below zero or weights that sum to zero.
        """
        return tuple(Money(part, self.currency) for part in allocated(self.amount, weights))

    def _same(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise CurrenciesDiffer(f"{other.currency} and {self.currency} cannot be added")
        return other.amount


def allocated(amount_minor: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Divide minor units as `Money.allocate` does."""
    total = sum(weights)
    if total <= 0 or min(weights) < 0:
        raise InvalidValue("weights must not be below zero, and one of them must be above")
    sign = -1 if amount_minor < 0 else 1
    shares = [divmod(abs(amount_minor) * weight, total) for weight in weights]
    left_over = abs(amount_minor) - sum(share for share, _ in shares)
    by_remainder = sorted(range(len(shares)), key=lambda part: -shares[part][1])
    extra = set(by_remainder[:left_over])
    return tuple(sign * (share + (part in extra)) for part, (share, _) in enumerate(shares))


def exponent_of(currency: str) -> int:
    """Say how many digits the currency has after the point. Raises UnknownCurrency."""
    try:
        return EXPONENTS[currency]
    except KeyError:
        raise UnknownCurrency(f"{currency} is not an ISO 4217 currency that people are paid in") from None


def require_payable(money: Money, *, smallest_minor: int = 1, largest_minor: int = LARGEST_AMOUNT) -> Money:
    """Return the money if it can be paid: a known currency, above zero, within both limits (minor units).

    Raises UnknownCurrency, AmountNotPositive, AmountTooSmall or AmountTooLarge.
    """
    exponent_of(money.currency)
    if money.amount <= 0:
        raise AmountNotPositive(f"{money.amount} is not above zero")
    if money.amount < smallest_minor:
        raise AmountTooSmall(f"{money.amount} is below {smallest_minor} minor units of {money.currency}")
    if money.amount > largest_minor:
        raise AmountTooLarge(f"{money.amount} is above {largest_minor} minor units of {money.currency}")
    return money


def total(amounts: Iterable[Money], currency: str) -> Money:
    """Add up amounts of one currency (zero when there are none)."""
    whole = Money(0, currency)
    for money in amounts:
        whole += money
    return whole


def _bounded(amount: int, currency: str) -> Money:
    if abs(amount) > LARGEST_AMOUNT:
        raise AmountTooLarge(f"{amount} is past {LARGEST_AMOUNT}")
    return Money(amount, currency)
