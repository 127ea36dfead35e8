"""Fees and taxes are exact at every amount, and legs never give more or less than the whole."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.domain.errors import InvalidValue
from freehold.domain.fees import (
    CURRENT_FEE_SCHEDULE,
    FEE_SCHEDULES,
    LARGEST_FEE_BASIS_POINTS,
    LARGEST_TAX_BASIS_POINTS,
    FeeSchedule,
    fee_of,
    fee_of_leg,
    tax_of,
    tax_of_leg,
)
from freehold.domain.money import LARGEST_AMOUNT

SCHEDULES = st.builds(
    FeeSchedule,
    version=st.just(1),
    basis_points=st.integers(0, LARGEST_FEE_BASIS_POINTS),
    tax_basis_points=st.integers(0, LARGEST_TAX_BASIS_POINTS),
)


def half_up(amount: Fraction) -> int:
    return (2 * amount.numerator + amount.denominator) // (2 * amount.denominator)


@given(amount=st.integers(0, LARGEST_AMOUNT), schedule=SCHEDULES)
def test_fee_and_tax_are_the_exact_share_rounded_half_up(amount, schedule):
    assert fee_of(amount, schedule) == half_up(Fraction(amount * schedule.basis_points, 10_000))
    assert tax_of(amount, schedule) == half_up(Fraction(amount * schedule.tax_basis_points, 10_000))


@pytest.mark.parametrize(
    ("amount", "basis_points", "fee"),
    [(5, 1_000, 1), (4, 1_000, 0), (15, 1_000, 2), (25, 1_000, 3), (1, 5_000, 1), (333, 333, 11), (0, 5_000, 0),
     (9_007_199_254_740_991, 3, 2_702_159_776_422), (9_007_199_254_740_991, 5_000, 4_503_599_627_370_496)],
)  # fmt: skip
def test_fees_worked_out_by_hand(amount, basis_points, fee):
    assert fee_of(amount, FeeSchedule(version=1, basis_points=basis_points)) == fee


def test_no_fee_is_taken_of_less_than_nothing():
    with pytest.raises(InvalidValue):
        fee_of(-1, CURRENT_FEE_SCHEDULE)


@given(parts=st.lists(st.integers(1, 10**6), min_size=1, max_size=20), schedule=SCHEDULES)
def test_the_fees_of_any_legs_sum_to_the_fee_of_the_whole_and_no_leg_pays_more_than_it_has(parts, schedule):
    released = fees = taxes = 0
    for part in parts:
        before = {"released_before_minor": released, "schedule": schedule}
        fee = fee_of_leg(gross_minor=part, taken_before_minor=fees, **before)
        tax = tax_of_leg(gross_minor=part, fee_minor=fee, taken_before_minor=taxes, **before)
        assert 0 <= fee <= part
        assert 0 <= tax <= part - fee
        released, fees, taxes = released + part, fees + fee, taxes + tax
        assert fees == fee_of(released, schedule)
        assert taxes <= tax_of(released, schedule)
    assert tax_of(released, schedule) - taxes <= len(parts)


def test_schedules_are_numbered_one_by_one_and_the_last_is_in_force():
    assert [schedule.version for schedule in FEE_SCHEDULES] == list(range(1, len(FEE_SCHEDULES) + 1))
    assert FEE_SCHEDULES[-1] == CURRENT_FEE_SCHEDULE
