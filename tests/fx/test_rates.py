"""Reference rates out of a file: the printed decimals, the newest common day, and none that is missing or too old."""

from datetime import date

import pytest

from freehold.domain.conversion import RateMissing, RateTooOld
from freehold.fx import Rates

PRINTED = """Date,USD,JPY,ISK,RUB,
2026-04-07,1.10,160.5,N/A,N/A,
2026-04-02,1.0849,158.123456,151.5,N/A,
2026-04-01,1.0800,158,151,N/A,
2022-03-01,1.1162,127.85,142,117.201,
"""


@pytest.fixture
def rates(tmp_path) -> Rates:
    file = tmp_path / "rates.csv"
    file.write_text(PRINTED)
    return Rates.of(str(file))


def between(rates, source, target, day, max_age_days=7):
    found = rates.between(source, target, today=date.fromisoformat(day), max_age_days=max_age_days)
    return found.source_per_euro, found.target_per_euro, found.date


def test_the_rate_is_as_it_was_printed_to_the_last_digit(rates):
    assert between(rates, "USD", "JPY", "2026-04-02") == ("1.0849", "158.123456", "2026-04-02")
    assert between(rates, "EUR", "USD", "2026-04-01") == ("1", "1.0800", "2026-04-01")
    assert between(rates, "USD", "EUR", "2026-04-07") == ("1.10", "1", "2026-04-07")


def test_over_a_long_weekend_the_last_working_day_counts(rates):
    assert between(rates, "USD", "EUR", "2026-04-06")[2] == "2026-04-02"


def test_both_currencies_are_of_the_same_day(rates):
    assert between(rates, "USD", "ISK", "2026-04-07") == ("1.0849", "151.5", "2026-04-02")


def test_a_rate_of_tomorrow_is_not_known_today(rates):
    assert between(rates, "USD", "JPY", "2026-04-01")[2] == "2026-04-01"


@pytest.mark.parametrize(
    ("day", "max_age_days"), [("2026-04-15", 7), ("2026-04-03", 0), ("2027-12-01", 400), ("2021-01-01", 7)]
)
def test_a_rate_that_is_too_old_or_not_made_yet_is_refused(rates, day, max_age_days):
    with pytest.raises(RateTooOld):
        between(rates, "USD", "JPY", day, max_age_days)


def test_a_currency_that_has_no_rates_any_more_is_too_old(rates):
    with pytest.raises(RateTooOld):
        between(rates, "USD", "RUB", "2026-04-07")


@pytest.mark.parametrize("pair", [("USD", "XAF"), ("XAF", "USD"), ("BTC", "EUR")])
def test_a_currency_that_is_not_published_is_missing(rates, pair):
    with pytest.raises(RateMissing):
        between(rates, *pair, "2026-04-07")


def test_the_history_that_comes_with_the_library_is_read_without_a_network():
    bundled = Rates.of()
    assert bundled is Rates.of()
    newest = bundled.between("USD", "JPY", today=date(2026, 10, 30), max_age_days=0)
    assert (newest.source_per_euro, newest.target_per_euro, newest.published_by) == ("1.1172", "175.68", "ECB")
