"""How gateways count money: every currency there and back without loss, and nothing that would lose a digit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.domain.money import EXPONENTS, Money, UnknownCurrency
from freehold.payments.exponents import STRIPE, TABLES, from_gateway, is_counted_alike, require_sendable, to_gateway
from freehold.payments.gateway import AmountNotSendable

SENDABLE = [(name, code) for name, table in TABLES.items() for code in sorted(table)]
WHOLE = ("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF")


@pytest.mark.parametrize(("gateway", "code"), SENDABLE)
@given(amount=st.integers(min_value=0, max_value=99_999_999))
def test_what_can_be_sent_comes_back_as_it_was_and_the_rest_is_refused(gateway, code, amount):
    table = TABLES[gateway]
    try:
        sent = to_gateway(table, Money(amount, code))
    except AmountNotSendable:
        kept = amount * 10 ** (table[code].digits - EXPONENTS[code]) if table[code].digits >= EXPONENTS[code] else None
        assert kept is None or kept % table[code].step or kept > table[code].largest
    else:
        assert sent % table[code].step == 0
        assert from_gateway(table, sent, code) == Money(amount, code)


@pytest.mark.parametrize("gateway", TABLES)
def test_a_table_holds_only_currencies_that_people_are_paid_in(gateway):
    assert set(TABLES[gateway]) <= set(EXPONENTS)


@pytest.mark.parametrize(
    ("code", "amount", "sent"),
    [("USD", 1_050, 1_050), ("JPY", 500, 500), ("ISK", 5, 500), ("UGX", 7, 700), ("KWD", 5_120, 5_120), ("MGA", 500, 5)],
)
def test_stripe_counts_some_currencies_otherwise_than_iso_4217(code, amount, sent):
    assert to_gateway(STRIPE, Money(amount, code)) == sent


@pytest.mark.parametrize(("code", "amount"), [("KWD", 5_124), ("BHD", 1), ("MGA", 501), ("USD", 100_000_000), ("XAU", 1)])
def test_what_would_lose_a_digit_or_is_too_much_is_refused_for_stripe(code, amount):
    with pytest.raises((AmountNotSendable, UnknownCurrency)):
        require_sendable("stripe", Money(amount, code))


def test_a_currency_that_stripe_does_not_take_is_refused():
    with pytest.raises(AmountNotSendable):
        require_sendable("stripe", Money(100, "KPW"))
    require_sendable("sandbox", Money(100, "KPW"))


@pytest.mark.parametrize("code", WHOLE)
def test_stripe_counts_whole_currencies_whole(code):
    assert (STRIPE[code].digits, STRIPE[code].step) == (0, 1)


def test_an_amount_at_the_gateway_with_digits_that_the_currency_has_not_is_never_rounded():
    with pytest.raises(AmountNotSendable):
        from_gateway(STRIPE, 550, "ISK")


def test_only_currencies_of_which_every_part_can_be_sent_are_counted_alike():
    odd = {code for code in STRIPE if not is_counted_alike(STRIPE, code)}
    assert odd == {"BHD", "ISK", "JOD", "KWD", "MGA", "OMR", "TND", "UGX"}
