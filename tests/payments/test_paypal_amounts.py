"""Amounts at PayPal: every currency with its digits, and nothing that would lose one."""

import pytest

from freehold.domain.money import EXPONENTS, Money
from freehold.payments.exponents import PAYPAL
from freehold.payments.gateway import AmountNotSendable, GatewayUnavailable
from freehold.payments.paypal.amounts import money_of, text_of
from tests.payments.paypal_fake.bench import deal_of


@pytest.mark.parametrize("currency", sorted(PAYPAL))
def test_every_currency_is_written_with_paypals_digits_and_read_back(currency):
    step = 10 ** (EXPONENTS[currency] - PAYPAL[currency].digits)
    for units in (1, 5, 99, 100, 1_234_567, PAYPAL[currency].largest):
        money = Money(units * step, currency)
        text = text_of(money)
        assert ("." in text, money_of(text, currency)) == (PAYPAL[currency].digits > 0, money)
        if "." in text:
            assert len(text.partition(".")[2]) == PAYPAL[currency].digits


@pytest.mark.parametrize(
    "money",
    [
        Money(101, "HUF"),
        Money(150, "TWD"),
        Money(100, "INR"),
        Money(1_000, "KWD"),
        Money(1_000_000_000, "USD"),
        Money(10_000_000, "JPY"),
    ],
)
def test_an_amount_that_would_lose_a_digit_or_is_too_large_is_refused_before_paypal_hears_of_it(paypal, run, money):
    with pytest.raises(AmountNotSendable):
        paypal.gateway.require_sendable(money)
    deal = deal_of(money.amount, money.currency)
    for asked in (
        paypal.gateway.fund(deal.fund("paypal")),
        paypal.gateway.transfer(deal.transfer(money.amount)),
        paypal.gateway.refund(deal.refund(money.amount)),
    ):
        with pytest.raises(AmountNotSendable):
            run(asked)
    assert paypal.fake.http.calls == []


@pytest.mark.parametrize("text", ["", "1,00", "1.005", "1e3", "NaN", "-", "1.2.3", "\u0661", "1.00\n"])
def test_a_text_that_is_no_amount_leaves_the_outcome_unknown(text):
    with pytest.raises(GatewayUnavailable):
        money_of(text, "USD")
