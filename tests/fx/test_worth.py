"""Whether an amount is large: the same limit in euros for every currency, at the newest rates however old."""

from datetime import date

import pytest

from freehold.domain.money import LARGEST_AMOUNT, Money
from freehold.fx import is_large
from freehold.settings import FunctionSettings, Secret

PRINTED = """Date,USD,JPY,HUF,RUB,
2026-04-07,1.25,160,400,N/A,
2026-04-02,1.25,160,400,N/A,
"""
TODAY = date(2026, 4, 8)


@pytest.fixture
def settings(tmp_path):
    file = tmp_path / "rates.csv"
    file.write_text(PRINTED)

    def of(limit: int = 5_000) -> FunctionSettings:
        secret = Secret("none")
        return FunctionSettings(
            environment="sandbox", mongodb_uri=secret, access_token_jwks=secret, door_jwks=secret,
            fx_rates_file=str(file), release_password_above_eur=limit,
        )  # fmt: skip

    return of


@pytest.mark.parametrize(
    ("largest_small", "currency"),
    [(500_000, "EUR"), (625_000, "USD"), (800_000, "JPY"), (200_000_000, "HUF"), (5_000_000, "BHD"), (500_000, "RUB")],
)
def test_the_limit_itself_is_small_and_what_is_worth_more_is_large(settings, largest_small, currency):
    assert not is_large(settings(), Money(largest_small, currency), TODAY)
    assert is_large(settings(), Money(largest_small + 300, currency), TODAY)


@pytest.mark.parametrize("today", [date(2026, 4, 7), date(2027, 4, 1), date(2040, 1, 1)])
def test_old_rates_do_for_this_and_without_any_a_unit_counts_as_a_euro(settings, today):
    assert is_large(settings(), Money(625_001, "USD"), today)


def test_a_limit_of_nothing_makes_everything_large_but_nothing(settings):
    assert is_large(settings(0), Money(1, "JPY"), TODAY)
    assert is_large(settings(0), Money(1, "HUF"), TODAY)
    assert not is_large(settings(0), Money(0, "EUR"), TODAY)
    assert not is_large(settings(1), Money(1, "HUF"), TODAY)


def test_the_largest_amount_is_large(settings):
    assert is_large(settings(10**6), Money(LARGEST_AMOUNT, "USD"), TODAY)
    assert is_large(settings(10**6), Money(LARGEST_AMOUNT, "KWD"), TODAY)
