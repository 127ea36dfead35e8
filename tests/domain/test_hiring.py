"""The rules of a job's price, deadline and inspection period."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.domain.errors import Fault, InvalidFields, refuse_faults
from freehold.domain.hiring import LONGEST_INSPECTION_S, deadline_faults, inspection_faults, payable_faults, price_faults
from freehold.domain.instants import EARLIEST, LATEST, in_utc
from freehold.domain.money import Money

NOW = datetime(2026, 3, 1, tzinfo=UTC)
USD_10, USD_20, EUR_20 = Money(1_000, "USD"), Money(2_000, "USD"), Money(2_000, "EUR")


def fields(faults: tuple[Fault, ...]) -> list[str]:
    return [fault.field for fault in faults]


@pytest.mark.parametrize(
    ("kind", "budget", "least", "most", "at_fault"),
    [
        ("fixed", USD_10, None, None, []),
        ("fixed", None, None, None, ["budget"]),
        ("fixed", Money(0, "USD"), None, None, ["budget.amount"]),
        ("fixed", Money(-1, "USD"), None, None, ["budget.amount"]),
        ("fixed", Money(-1, "XTS"), None, None, ["budget.amount", "budget.currency"]),
        ("fixed", USD_10, USD_10, USD_20, ["hourly"]),
        ("fixed", None, USD_10, USD_20, ["budget", "hourly"]),
        ("hourly", None, None, None, []),
        ("hourly", None, USD_10, USD_20, []),
        ("hourly", None, USD_10, USD_10, []),
        ("hourly", None, USD_20, USD_10, ["hourly.most.amount"]),
        ("hourly", None, USD_10, EUR_20, ["hourly.most.currency"]),
        ("hourly", USD_10, None, None, ["budget"]),
        ("hourly", None, Money(0, "USD"), USD_10, ["hourly.least.amount"]),
        ("hourly", USD_10, None, USD_10, ["budget"]),
        ("hourly", None, Money(1, "QQQ"), USD_10, ["hourly.least.currency", "hourly.most.currency"]),
    ],
)  # fmt: skip
def test_every_fault_of_a_price_is_named(kind, budget, least, most, at_fault):
    assert fields(price_faults(kind, budget=budget, least=least, most=most)) == at_fault


def test_a_payable_amount_is_above_zero_in_a_currency_that_exists():
    assert payable_faults("budget", Money(1, "JPY")) == ()
    assert fields(payable_faults("hourly_rate", Money(0, "ZZZ"))) == ["hourly_rate.amount", "hourly_rate.currency"]


def test_a_deadline_lies_in_the_future():
    assert deadline_faults(None, NOW) == ()
    assert deadline_faults(NOW + timedelta(milliseconds=1), NOW) == ()
    assert fields(deadline_faults(NOW, NOW)) == ["deadline"]


@pytest.mark.parametrize(
    ("period_s", "is_fine"), [(59, False), (60, True), (LONGEST_INSPECTION_S, True), (LONGEST_INSPECTION_S + 1, False)]
)
def test_an_inspection_period_lies_between_the_floor_and_thirty_days(period_s, is_fine):
    assert LONGEST_INSPECTION_S == 30 * 24 * 3600
    assert (inspection_faults(period_s, floor_s=60) == ()) is is_fine


def test_faults_are_refused_all_at_once():
    refuse_faults()
    with pytest.raises(InvalidFields) as refused:
        refuse_faults(Fault("a", "one"), Fault("b", "two"))
    assert fields(refused.value.faults) == ["a", "b"]


@given(st.datetimes(timezones=st.builds(lambda m: timezone(timedelta(minutes=m)), st.integers(-1439, 1439))))
def test_any_time_that_can_be_written_becomes_one_that_can_be_kept(instant):
    kept = in_utc(instant)
    assert EARLIEST <= kept <= LATEST
    assert kept.tzinfo is UTC
    assert kept.microsecond % 1000 == 0
    assert in_utc(kept) == kept


def test_a_time_is_kept_in_utc_to_the_millisecond():
    rome = timezone(timedelta(hours=2))
    assert in_utc(datetime(2026, 7, 1, 12, 0, 0, 123_999, rome)) == datetime(2026, 7, 1, 10, 0, 0, 123_000, UTC)
