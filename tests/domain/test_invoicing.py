"""An invoice's amounts: exact, whatever the sum and the rate; decimals by ISO; numbers and series."""

from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.domain.errors import InvalidValue
from freehold.domain.invoicing import amounts_of, decimal_text, number_text, percent_text, series_of, tax_of
from freehold.domain.money import LARGEST_AMOUNT
from freehold.domain.vat import STANDARD_RATES

RATES = sorted({rate for rates in STANDARD_RATES.values() for _, rate in rates} | {0})


@given(gross=st.integers(1, LARGEST_AMOUNT), rate=st.sampled_from(RATES))
def test_the_parts_sum_to_what_was_agreed_and_the_tax_is_the_nets(gross, rate):
    amounts = amounts_of(gross, rate)
    assert amounts.net + amounts.tax + amounts.rounding == amounts.gross == gross
    assert amounts.tax == tax_of(amounts.net, rate)
    assert abs(amounts.rounding) <= 1


@given(gross=st.integers(1, 10_000_000), rate=st.sampled_from(RATES))
def test_the_rounding_amount_is_zero_wherever_some_net_fits(gross, rate):
    amounts = amounts_of(gross, rate)
    near = range(max(0, amounts.net - 3), amounts.net + 4)
    fits = any(net + tax_of(net, rate) == gross for net in near)
    assert (amounts.rounding == 0) is fits


@given(net=st.integers(0, LARGEST_AMOUNT), rate=st.sampled_from(RATES))
def test_tax_is_rounded_half_up_as_decimals_do_it(net, rate):
    exact = Decimal(net) * rate / 10_000
    assert tax_of(net, rate) == int(exact.quantize(Decimal(1), ROUND_HALF_UP))


@pytest.mark.parametrize(
    ("gross", "rate", "net", "tax", "rounding"),
    [
        (19_005, 1_900, 15_971, 3_034, 0),
        (119, 1_900, 100, 19, 0),
        (3, 1_900, 3, 1, -1),
        (1, 2_700, 1, 0, 0),
        (10_000, 0, 10_000, 0, 0),
    ],
)
def test_known_sums(gross, rate, net, tax, rounding):
    amounts = amounts_of(gross, rate)
    assert (amounts.net, amounts.tax, amounts.rounding) == (net, tax, rounding)


@pytest.mark.parametrize(("gross", "rate"), [(0, 1_900), (-1, 1_900), (100, -1), (100, 5_001)])
def test_what_is_no_sum_or_no_rate_is_refused(gross, rate):
    with pytest.raises(InvalidValue):
        amounts_of(gross, rate)


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (19_005, "USD", "190.05"), (5, "EUR", "0.05"), (-5, "EUR", "-0.05"), (0, "EUR", "0.00"), (19_005, "JPY", "19005"),
        (0, "JPY", "0"), (19_005, "KWD", "19.005"), (7, "BHD", "0.007"), (12_345, "HUF", "123.45"),
        (LARGEST_AMOUNT, "USD", "90071992547409.91"),
    ],
)  # fmt: skip
def test_decimals_follow_iso_4217_exactly(amount, currency, text):
    assert decimal_text(amount, currency) == text


@pytest.mark.parametrize(("rate", "text"), [(1_900, "19"), (2_550, "25.5"), (2_505, "25.05"), (0, "0"), (50, "0.5")])
def test_a_rate_is_written_without_empty_zeros(rate, text):
    assert percent_text(rate) == text


def test_a_series_is_of_one_issuer_kind_and_year():
    at = datetime(2026, 12, 31, 23, 59, tzinfo=UTC)
    assert series_of("usr_1", "sale", at) == "usr_1:INV:2026"
    assert number_text("credit_note", 2026, 12) == "CRN-2026-000012"
    assert number_text("platform_fee", 2026, 1_234_567) == "FEE-2026-1234567"
