"""What Money promises: exact sums, exact divisions, and a stable code for every amount that it refuses."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.domain.errors import InvalidValue
from freehold.domain.fees import CURRENT_FEE_SCHEDULE, FEE_SCHEDULES, FeeSchedule, fee_of, fee_of_leg
from freehold.domain.money import (
    EXPONENTS,
    LARGEST_AMOUNT,
    CurrenciesDiffer,
    Money,
    exponent_of,
    require_payable,
    total,
)

AMOUNTS = st.integers(min_value=-LARGEST_AMOUNT, max_value=LARGEST_AMOUNT)
WEIGHTS = st.lists(st.integers(min_value=0, max_value=10**6), min_size=1, max_size=12).filter(any)


@given(AMOUNTS, WEIGHTS)
def test_allocated_parts_sum_exactly_to_the_whole(amount, weights):
    parts = Money(amount, "USD").allocate(weights)
    assert sum(part.amount for part in parts) == amount
    assert {part.currency for part in parts} == {"USD"}


@given(AMOUNTS, WEIGHTS)
def test_no_allocated_part_is_a_whole_unit_away_from_its_exact_share(amount, weights):
    parts = Money(amount, "USD").allocate(weights)
    assert all(
        abs(part.amount * sum(weights) - amount * weight) < sum(weights) for part, weight in zip(parts, weights, strict=True)
    )


def test_left_over_units_go_to_the_largest_remainders_and_earlier_parts_first():
    assert [part.amount for part in Money(100, "USD").allocate([1, 1, 1])] == [34, 33, 33]
    assert [part.amount for part in Money(10, "USD").allocate([1, 5, 1])] == [2, 7, 1]
    assert [part.amount for part in Money(10, "USD").allocate([5, 3])] == [6, 4]
    assert [part.amount for part in Money(-100, "USD").allocate([1, 1, 1])] == [-34, -33, -33]
    assert [part.amount for part in Money(7, "USD").allocate([0, 1])] == [0, 7]


@pytest.mark.parametrize("weights", [[], [0, 0], [2, -1]])
def test_weights_that_divide_nothing_are_refused(weights):
    with pytest.raises(InvalidValue):
        Money(100, "USD").allocate(weights)


def test_two_currencies_never_add_up():
    with pytest.raises(CurrenciesDiffer) as refusal:
        Money(1, "USD") + Money(1, "EUR")
    assert refusal.value.code == "currencies_differ"
    with pytest.raises(CurrenciesDiffer):
        Money(1, "USD") - Money(1, "EUR")
    assert total([Money(3, "EUR"), Money(-5, "EUR")], "EUR") == Money(-2, "EUR")
    assert total([], "JPY") == Money(0, "JPY")


def test_a_sum_past_the_largest_amount_is_refused_rather_than_kept():
    with pytest.raises(InvalidValue) as refusal:
        Money(LARGEST_AMOUNT, "USD") + Money(1, "USD")
    assert refusal.value.code == "amount_too_large"
    with pytest.raises(InvalidValue):
        Money(-LARGEST_AMOUNT, "USD") - Money(1, "USD")


@pytest.mark.parametrize(
    ("amount", "currency", "code"),
    [
        (0, "USD", "amount_not_positive"),
        (-1, "USD", "amount_not_positive"),
        (99, "USD", "amount_too_small"),
        (10_001, "USD", "amount_too_large"),
        (500, "XAU", "unknown_currency"),
        (500, "XTS", "unknown_currency"),
        (500, "ZZZ", "unknown_currency"),
        (500, "usd", "unknown_currency"),
        (0, "ZZZ", "unknown_currency"),
    ],
)
def test_an_amount_that_cannot_be_paid_has_a_stable_code(amount, currency, code):
    with pytest.raises(InvalidValue) as refusal:
        require_payable(Money(amount, currency), smallest_minor=100, largest_minor=10_000)
    assert refusal.value.code == code


def test_an_amount_at_either_limit_can_be_paid():
    for amount in (100, 10_000):
        assert require_payable(Money(amount, "USD"), smallest_minor=100, largest_minor=10_000).amount == amount


def test_digits_come_from_iso_4217():
    assert [exponent_of(code) for code in ("USD", "JPY", "BHD", "ISK", "UGX", "CLF")] == [2, 0, 3, 0, 0, 4]
    assert "XAU" not in EXPONENTS


@pytest.mark.parametrize("amount", ["1.5", "1.0", '"100"', "1e400", str(2**53), str(-(2**53)), "true", "null", "[]"])
def test_money_in_json_is_a_whole_number_within_the_largest_amount(amount):
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(f'{{"amount": {amount}, "currency": "USD"}}', type=Money)


@pytest.mark.parametrize(
    "body",
    [
        {"amount": 1},
        {"amount": 1, "currency": "USD", "rate": 2},
        {"amount": 1, "currency": "US"},
        {"amount": 1, "currency": "USD\n"},
    ],
)
def test_money_in_json_has_exactly_an_amount_and_a_three_letter_currency(body):
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(json.dumps(body).encode(), type=Money)


def test_a_fee_is_rounded_half_up():
    tenth = FeeSchedule(version=1, basis_points=1_000)
    assert [fee_of(amount, tenth) for amount in (0, 4, 5, 14, 15, 16, 125_000)] == [0, 0, 1, 1, 2, 2, 12_500]
    odd = FeeSchedule(version=1, basis_points=333)
    assert fee_of(15_015, odd) == 500
    assert fee_of(LARGEST_AMOUNT, FeeSchedule(version=1, basis_points=1)) == (LARGEST_AMOUNT + 5_000) // 10_000


@given(
    st.lists(st.integers(min_value=1, max_value=10**9), min_size=1, max_size=10),
    st.integers(min_value=0, max_value=5_000),
)
def test_the_fees_of_all_legs_sum_to_the_fee_of_the_whole_and_leave_every_leg_something(legs, basis_points):
    schedule = FeeSchedule(version=1, basis_points=basis_points)
    released = taken = 0
    for gross in legs:
        fee = fee_of_leg(gross_minor=gross, released_before_minor=released, taken_before_minor=taken, schedule=schedule)
        assert 0 <= fee <= (gross - 1 if gross > 1 else gross)
        released, taken = released + gross, taken + fee
    assert taken == fee_of(sum(legs), schedule)


def test_fee_schedules_are_numbered_without_gaps_and_the_last_is_current():
    assert [schedule.version for schedule in FEE_SCHEDULES] == list(range(1, len(FEE_SCHEDULES) + 1))
    assert CURRENT_FEE_SCHEDULE is FEE_SCHEDULES[-1]


def test_no_fee_is_taken_of_less_than_nothing():
    with pytest.raises(InvalidValue):
        fee_of(-1, CURRENT_FEE_SCHEDULE)
