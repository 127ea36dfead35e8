"""Conversion: exact on the published decimals, half to even, sums that are conserved."""

from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from freehold.domain.conversion import LARGEST_SPREAD_BASIS_POINTS, Rate, convert
from freehold.domain.errors import InvalidValue
from freehold.domain.money import LARGEST_AMOUNT, AmountNotPositive, AmountTooLarge, AmountTooSmall, Money, exponent_of

ONE_HUNDRED_DIGITS = Context(prec=100)


def rate(source: str, target: str) -> Rate:
    return Rate(source_per_euro=source, target_per_euro=target, date="2026-10-30", published_by="ECB")


DECIMALS = st.decimals(min_value="0.0001", max_value="30000", places=4).map(lambda number: f"{number:f}")
CURRENCIES = st.sampled_from(["USD", "EUR", "JPY", "KWD", "HUF"])
AMOUNTS = st.integers(1, 10**11)
SPREADS = st.integers(0, LARGEST_SPREAD_BASIS_POINTS)


@pytest.mark.parametrize(
    ("source", "target", "rates", "bps", "comes_to"),
    [
        (Money(10_000, "USD"), "EUR", rate("1.1172", "1"), 0, (8_951, 0, 8_951)),
        (Money(10_000, "USD"), "JPY", rate("1.1172", "175.68"), 100, (15_725, 157, 15_568)),
        (Money(100, "JPY"), "USD", rate("175.68", "1.1172"), 50, (64, 0, 64)),
        (Money(1_000, "KWD"), "USD", rate("0.35", "1.1"), 0, (314, 0, 314)),
        (Money(5, "EUR"), "USD", rate("1", "0.5"), 0, (2, 0, 2)),  # 2.5: the even neighbour is below
        (Money(7, "EUR"), "USD", rate("1", "0.5"), 0, (4, 0, 4)),  # 3.5: and here above
        (Money(15_000, "EUR"), "USD", rate("1", "1"), 1, (15_000, 2, 14_998)),  # a spread of 1.5 is half up
    ],
)
def test_by_hand(source, target, rates, bps, comes_to):
    made = convert(source, target, rates, spread_basis_points=bps)
    assert (made.middle.amount, made.spread.amount, made.target.amount) == comes_to
    assert {made.middle.currency, made.spread.currency, made.target.currency} == {target}


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(amount=AMOUNTS, source=CURRENCIES, target=CURRENCIES, per=st.tuples(DECIMALS, DECIMALS), bps=SPREADS)
def test_the_middle_is_the_exact_amount_rounded_half_to_even_and_nothing_is_lost_beside_it(amount, source, target, per, bps):
    exact = Fraction(amount) * Fraction(per[1]) / Fraction(per[0]) * Fraction(10) ** (exponent_of(target) - exponent_of(source))
    wide = ONE_HUNDRED_DIGITS.divide(Decimal(exact.numerator), Decimal(exact.denominator))
    expected = int(wide.quantize(Decimal(1), rounding=ROUND_HALF_EVEN, context=ONE_HUNDRED_DIGITS))
    try:
        made = convert(Money(amount, source), target, rate(*per), spread_basis_points=bps)
    except AmountTooSmall:
        assert expected - (expected * bps + 5_000) // 10_000 <= 0
        return
    except AmountTooLarge:
        assert expected > LARGEST_AMOUNT
        return
    assert made.middle == Money(expected, target)
    assert made.target.amount + made.spread.amount == made.middle.amount
    assert made.target.amount > 0 <= made.spread.amount


@pytest.mark.parametrize("amount", [0, -1])
def test_nothing_and_less_is_not_converted(amount):
    with pytest.raises(AmountNotPositive):
        convert(Money(amount, "USD"), "EUR", rate("1", "1"), spread_basis_points=0)


@pytest.mark.parametrize("text", ["", "0", "0.000", "-1", "1e3", "1.", ".5", "NaN", "1,5", "1.1234567890123", "1\n", "\u0661"])
def test_a_rate_that_is_none_is_refused(text):
    for rates in (rate(text, "1"), rate("1", text)):
        with pytest.raises(InvalidValue):
            convert(Money(100, "USD"), "EUR", rates, spread_basis_points=0)


@pytest.mark.parametrize("bps", [-1, LARGEST_SPREAD_BASIS_POINTS + 1])
def test_a_spread_has_limits(bps):
    with pytest.raises(InvalidValue):
        convert(Money(100, "USD"), "EUR", rate("1", "1"), spread_basis_points=bps)


def test_what_would_leave_nothing_or_too_much_is_refused():
    with pytest.raises(AmountTooSmall):
        convert(Money(1, "JPY"), "EUR", rate("250", "1"), spread_basis_points=0)
    with pytest.raises(AmountTooLarge):
        convert(Money(LARGEST_AMOUNT, "EUR"), "IDR", rate("1", "20275.17"), spread_basis_points=0)
