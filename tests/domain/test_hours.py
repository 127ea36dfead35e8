"""What hours cost, and what an entry, a rate and an offer must be."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.domain.errors import InvalidValue
from freehold.domain.holding import LARGEST_AMOUNT_MINOR
from freehold.domain.hours import (
    LARGEST_RATE_MINOR,
    WeeklyLimitReached,
    Worked,
    bill_lines,
    cost_minor,
    cut_faults,
    is_chargeable,
    left_of,
    most_of_a_week,
    offer_faults,
    rate_faults,
    require_room,
    span_faults,
    timer_minutes,
    whole_price,
)
from freehold.domain.money import Money
from freehold.domain.weeks import MINUTES_PER_WEEK, minutes_between

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
MINUTES = st.integers(0, MINUTES_PER_WEEK)
RATES = st.integers(1, LARGEST_RATE_MINOR)
ENTRIES = st.tuples(st.sampled_from(["2026-W47", "2026-W48"]), st.integers(1, 600), st.sampled_from(["timer", "manual"]))


def after(minutes: int) -> datetime:
    return MONDAY + timedelta(minutes=minutes)


def usd(amount: int) -> Money:
    return Money(amount, "USD")


@given(MINUTES, RATES)
def test_a_cost_is_the_exact_one_rounded_half_up(minutes, rate):
    exact = Fraction(minutes * rate, 60)
    cost = cost_minor(minutes, rate)
    assert Fraction(-1, 2) < cost - exact <= Fraction(1, 2)


@given(MINUTES, MINUTES, RATES)
def test_more_time_never_costs_less_and_whole_hours_cost_the_rate(one, other, rate):
    assert (cost_minor(one, rate) <= cost_minor(other, rate)) is (
        one <= other or cost_minor(one, rate) == cost_minor(other, rate)
    )
    assert cost_minor(one * 60, rate) == one * rate


@pytest.mark.parametrize(
    ("minutes", "rate", "cost"), [(1, 29, 0), (1, 30, 1), (1, 89, 1), (1, 90, 2), (20, 1, 0), (30, 1, 1), (0, 9, 0)]
)
def test_a_half_of_a_minor_unit_goes_up(minutes, rate, cost):
    assert cost_minor(minutes, rate) == cost


@pytest.mark.parametrize(("minutes", "rate"), [(-1, 100), (1, -100)])
def test_nothing_below_zero_is_paid(minutes, rate):
    with pytest.raises(InvalidValue):
        cost_minor(minutes, rate)


def test_a_whole_week_at_the_largest_rate_fits_into_one_milestone():
    assert cost_minor(MINUTES_PER_WEEK, LARGEST_RATE_MINOR) <= LARGEST_AMOUNT_MINOR


@given(
    st.lists(
        st.tuples(st.sampled_from(["2026-W47", "2026-W48"]), st.integers(1, 600), st.sampled_from(["timer", "manual"])),
        max_size=30,
    )
)
def test_a_bill_has_one_line_per_week_that_is_rounded_once(entries):
    rates = {"2026-W47": usd(4_500), "2026-W48": usd(5_001)}
    lines = bill_lines(Worked(week=week, minutes=minutes, rate=rates[week], kind=kind) for week, minutes, kind in entries)
    assert [line.week for line in lines] == sorted({week for week, _, _ in entries})
    for line in lines:
        mine = [(minutes, kind) for week, minutes, kind in entries if week == line.week]
        assert line.minutes == sum(minutes for minutes, _ in mine)
        assert line.manual_minutes == sum(minutes for minutes, kind in mine if kind == "manual")
        assert line.amount == usd(cost_minor(line.minutes, rates[line.week].amount))


def test_three_entries_of_a_third_of_a_unit_cost_what_their_sum_costs():
    entries = [Worked(week="2026-W48", minutes=1, rate=usd(20), kind="timer")] * 3
    assert [cost_minor(1, 20) * 3, bill_lines(entries)[0].amount.amount] == [0, 1]


@pytest.mark.parametrize(("amount", "chargeable"), [(0, False), (99, False), (100, True), (LARGEST_AMOUNT_MINOR + 1, False)])
def test_too_small_a_bill_is_not_charged(amount, chargeable):
    assert is_chargeable(amount) is chargeable


@pytest.mark.parametrize(
    ("first", "last", "clock", "field"),
    [
        (0, 60, 59, "ends_at"),
        (60, 60, 100, "ends_at"),
        (61, 60, 100, "ends_at"),
        (0, 24 * 60 + 1, 5_000, "ends_at"),
        (7 * 24 * 60 - 1, 7 * 24 * 60 + 1, 20_000, "ends_at"),
    ],
    ids=["future", "empty", "backwards", "over a day", "over Monday"],
)
def test_an_entry_is_past_not_empty_not_endless_and_in_one_week(first, last, clock, field):
    assert [fault.field for fault in span_faults(after(first), after(last), clock=after(clock))] == [field]


@pytest.mark.parametrize(("first", "last"), [(0, 1), (0, 24 * 60), (12 * 60, 36 * 60), (7 * 24 * 60 - 1, 7 * 24 * 60)])
def test_an_entry_may_end_this_very_minute_cross_midnight_and_touch_monday(first, last):
    assert span_faults(after(first), after(last), clock=after(last)) == ()


@given(st.integers(0, 100), st.integers(1, 100), st.integers(1, 200))
def test_a_week_takes_what_fits_and_not_a_minute_more(minutes, more, limit):
    if minutes + more <= limit:
        require_room(minutes=minutes, more=more, limit_minutes=limit)
        return
    with pytest.raises(WeeklyLimitReached):
        require_room(minutes=minutes, more=more, limit_minutes=limit)


def test_a_timer_runs_as_long_as_the_operator_lets_it_or_the_week_has_room():
    assert timer_minutes(longest=720, limit_minutes=600, minutes=0) == 600
    assert timer_minutes(longest=720, limit_minutes=2_400, minutes=0) == 720
    assert timer_minutes(longest=720, limit_minutes=600, minutes=599) == 1
    with pytest.raises(WeeklyLimitReached):
        timer_minutes(longest=720, limit_minutes=600, minutes=600)


@given(st.integers(0, 100), st.integers(0, 100))
def test_what_is_left_of_an_entry_and_what_was_cut_out_are_the_entry(first, length):
    first, last = after(first), after(min(first + length + 1, 101))
    rest = left_of(after(0), after(101), first=first, last=last)
    assert sum(minutes_between(*piece) for piece in rest) + minutes_between(first, last) == 101
    assert all(end <= first or begin >= last for begin, end in rest)


PARTS = [
    (0, 60, []), (10, 20, []), (-1, 20, ["starts_at"]), (60, 61, ["starts_at", "ends_at"]), (10, 10, ["ends_at"]),
    (10, 61, ["ends_at"]),
]  # fmt: skip


@pytest.mark.parametrize(("first", "last", "fields"), PARTS)
def test_a_part_that_is_objected_to_lies_within_its_entry(first, last, fields):
    assert [fault.field for fault in cut_faults(after(0), after(60), first=after(first), last=after(last))] == fields


@pytest.mark.parametrize(
    ("rate", "currency", "fields"),
    [
        (usd(1), "USD", []),
        (usd(LARGEST_RATE_MINOR), None, []),
        (usd(0), None, ["rate.amount"]),
        (usd(-5), None, ["rate.amount"]),
        (usd(LARGEST_RATE_MINOR + 1), None, ["rate.amount"]),
        (usd(100), "EUR", ["rate.currency"]),
        (Money(100, "QQQ"), "EUR", ["rate.currency"]),
    ],
)
def test_a_rate_is_above_zero_bounded_and_in_the_agreed_currency(rate, currency, fields):
    assert [fault.field for fault in rate_faults(rate, currency=currency)] == fields


@pytest.mark.parametrize(
    ("kind", "offer", "fields"),
    [
        ("fixed", {"budget": usd(5_000)}, []),
        ("hourly", {"rate": usd(5_000), "weekly_limit_minutes": 60}, []),
        ("fixed", {}, ["budget"]),
        ("hourly", {}, ["rate", "weekly_limit_minutes"]),
        ("fixed", {"budget": usd(5), "rate": usd(5), "weekly_limit_minutes": 1}, ["rate", "weekly_limit_minutes"]),
        ("hourly", {"budget": usd(5), "rate": usd(5), "weekly_limit_minutes": 1}, ["budget"]),
        ("fixed", {"budget": Money(5_000, "EUR")}, ["budget.currency"]),
        ("hourly", {"rate": Money(5_000, "EUR"), "weekly_limit_minutes": 1}, ["rate.currency"]),
    ],
)
def test_an_offer_names_the_price_that_its_job_asks_for(kind, offer, fields):
    whole = {"budget": None, "rate": None, "weekly_limit_minutes": None, **offer}
    assert [fault.field for fault in offer_faults(kind, currency="USD", **whole)] == fields


def test_the_price_of_an_hourly_contract_is_a_week_at_its_limit():
    assert whole_price(None, usd(4_500), 600) == most_of_a_week(usd(4_500), 600) == usd(45_000)
    assert whole_price(usd(7), None, None) == usd(7)
    with pytest.raises(InvalidValue):
        whole_price(None, None, None)
