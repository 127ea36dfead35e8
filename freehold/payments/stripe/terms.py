"""Stripe's terms as data: ways to pay and their currencies, and for how long money may lie."""

from typing import Final

from freehold.domain.offers import PayMethod

METHODS: Final[dict[str, PayMethod]] = {
    "card_payments": PayMethod(name="card", can_be_saved=True),
    "sepa_debit_payments": PayMethod(name="sepa_debit", currencies=("EUR",), settles="later", can_be_saved=True),
    "us_bank_account_ach_payments": PayMethod(name="us_bank_account", currencies=("USD",), settles="later", can_be_saved=True),
    "bacs_debit_payments": PayMethod(name="bacs_debit", currencies=("GBP",), settles="later", can_be_saved=True),
    "au_becs_debit_payments": PayMethod(name="au_becs_debit", currencies=("AUD",), settles="later", can_be_saved=True),
    "acss_debit_payments": PayMethod(name="acss_debit", currencies=("CAD", "USD"), settles="later"),
    "ideal_payments": PayMethod(name="ideal", currencies=("EUR",)),
    "bancontact_payments": PayMethod(name="bancontact", currencies=("EUR",)),
    "p24_payments": PayMethod(name="p24", currencies=("EUR", "PLN")),
    "eps_payments": PayMethod(name="eps", currencies=("EUR",)),
    "twint_payments": PayMethod(name="twint", currencies=("CHF",)),
    "swish_payments": PayMethod(name="swish", currencies=("SEK",)),
    "promptpay_payments": PayMethod(name="promptpay", currencies=("THB",)),
    "pix_payments": PayMethod(name="pix", currencies=("BRL",)),
}
"""Ways to pay, by the capability that the platform's account must have for each. Source: docs.stripe.com/payments."""

HOLD_DAYS: Final = {"TH": 10, "US": 730}
HOLD_DAYS_ELSEWHERE: Final = 90
"""For how long Stripe lets a balance with manual payouts lie, by the account's country.
Source: docs.stripe.com/connect/manual-payouts (10 days in Thailand, 2 years in the United States, else 90 days)."""


def hold_days(country: str) -> int:
    """Say for how many days money may lie at an account in this country (ISO 3166 alpha-2)."""
    return HOLD_DAYS.get(country, HOLD_DAYS_ELSEWHERE)
