"""What an amount is worth in euros, roughly: for limits that are the same in every currency."""

from datetime import date
from functools import lru_cache

from freehold.domain.conversion import Rate, RateMissing, RateTooOld, convert
from freehold.domain.money import AmountTooLarge, AmountTooSmall, Money, exponent_of
from freehold.fx.rates import EURO, NEWEST_DAYS, Rates
from freehold.settings import FunctionSettings


def is_large(settings: FunctionSettings, money: Money, today: date) -> bool:
    """Whether an amount is worth more than `release_password_above_eur` euros, at the newest rate however old.

    A currency that has no rate at all counts as if one unit of it were a euro.
    """
    if money.amount <= 0:
        return False
    rate = _rate(settings.fx_rates_file, money.currency, today)
    if rate is None:
        return money.amount > _minor(settings.release_password_above_eur, money.currency)
    try:
        worth = convert(money, EURO, rate, spread_basis_points=0).middle
    except AmountTooSmall:
        return settings.release_password_above_eur == 0
    except AmountTooLarge:
        return True
    return worth.amount > _minor(settings.release_password_above_eur, EURO)


@lru_cache(maxsize=512)
def _rate(file: str, currency: str, today: date) -> Rate | None:
    try:
        return Rates.of(file).between(currency, EURO, today=today, max_age_days=NEWEST_DAYS)
    except (RateMissing, RateTooOld):
        return None


def _minor(units: int, currency: str) -> int:
    return units * int(10 ** exponent_of(currency))
