"""Reconciliation: in what our word of a command and the gateway's differ, and what may be under way meanwhile."""

from typing import get_args

import pytest

from freehold.domain.money import Money
from freehold.domain.reconciliation import ComparedBalance, DifferenceCode, difference_between, words_for
from freehold.domain.settlement import Report


def said(outcome="done", amount=500, *, currency="USD", fee=3):
    return Report(reference="ref_1", outcome=outcome, money=Money(amount, currency), fee=fee)


@pytest.mark.parametrize(
    ("ours", "theirs", "difference"),
    [
        (said(), said(), None),
        (said("returned"), said("returned"), None),
        (None, None, None),
        (None, said("pending"), None),
        (said("refused"), said("refused"), None),
        (said("refused"), None, None),
        (None, said(), "outcome_differs"),
        (said("refused"), said(), "outcome_differs"),
        (said("pending"), said("returned"), "outcome_differs"),
        (said(), said("refused"), "outcome_differs"),
        (said(), said("pending"), "outcome_differs"),
        (said(), None, "missing_at_gateway"),
        (said(), said(amount=501), "amount_differs"),
        (said(), said(currency="EUR"), "amount_differs"),
        (said(), said(amount=501, fee=4), "amount_differs"),
        (said(), said(fee=4), "fee_differs"),
    ],
)
def test_what_differs_is_named(ours, theirs, difference):
    assert difference_between(ours, theirs) == difference


def test_both_sides_are_said_in_words():
    words = words_for(said(), said("refused", 7, currency="EUR", fee=0))
    assert words == "done 500 USD (fee 3) by our books, refused 7 EUR (fee 0) by the gateway"
    assert words_for(None, said()) == "nothing by our books, done 500 USD (fee 3) by the gateway"
    assert words_for(said(), None) == "done 500 USD (fee 3) by our books, nothing by the gateway"


@pytest.mark.parametrize(
    ("ledger", "reported", "in_flight", "agrees"),
    [(100, 100, 0, True), (100, 90, 10, True), (90, 100, 10, True), (100, 89, 10, False), (89, 100, 10, False),
     (100, None, 100, False), (0, 0, 0, True), (100, 101, 0, False)],
)  # fmt: skip
def test_a_balance_may_differ_by_what_is_under_way_and_no_more(ledger, reported, in_flight, agrees):
    compared = ComparedBalance(gateway="sandbox", currency="USD", ledger=ledger, reported=reported, in_flight=in_flight)
    assert compared.agrees is agrees


def test_the_codes_are_those_that_operators_know():
    assert set(get_args(DifferenceCode)) == {
        "missing_at_gateway", "outcome_differs", "amount_differs", "fee_differs", "stuck", "balance_differs",
        "gateway_unreachable",
    }  # fmt: skip
