"""Adjustments by operators: balanced journals, and nothing taken out that is not the platform's own."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from freehold.domain.adjustments import KINDS, NotCovered, free_at, journal_of, require_covered
from freehold.domain.ledger import sums_by_currency
from freehold.domain.money import AmountNotPositive, Money
from freehold.domain.proposals import OwnProposal, ProposalDecided, require_decidable

AMOUNTS = st.integers(0, 10**9)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_a_balanced_journal_with_a_key_of_its_own(kind):
    journal = journal_of("adj_1", kind, Money(500, "USD"), gateway="sandbox", user_id="usr_1")
    assert journal.key == "adjust:adj_1"
    assert set(sums_by_currency(journal.lines).values()) == {0}
    assert "None" not in str(journal)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("amount", [0, -1])
def test_nothing_and_less_is_not_adjusted(kind, amount):
    with pytest.raises(AmountNotPositive):
        journal_of("adj_1", kind, Money(amount, "USD"), gateway="sandbox", user_id="usr_1")


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(clearing=AMOUNTS, other=AMOUNTS, held=st.tuples(AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS), asked=st.integers(1, 10**9))
def test_what_is_withdrawn_leaves_all_that_is_owed_to_others(clearing, other, held, asked):
    escrow, payable, refund_due, tax = held
    balances = {
        "clearing:sandbox": clearing, "clearing:other": other, "escrow": -escrow, "payable": -payable,
        "refund_due": -refund_due, "tax_payable": -tax, "fees": escrow + payable + refund_due + tax - clearing - other,
    }  # fmt: skip
    left_at_all = clearing + other - asked
    is_covered = asked <= clearing and left_at_all >= escrow + payable + refund_due + tax
    assert (asked <= free_at("sandbox", balances)) is is_covered
    if is_covered:
        require_covered(Money(asked, "USD"), gateway="sandbox", balances=balances)
    else:
        with pytest.raises(NotCovered):
            require_covered(Money(asked, "USD"), gateway="sandbox", balances=balances)


def test_what_a_conversion_still_owes_is_not_free():
    assert free_at("sandbox", {"clearing:sandbox": 1_000, "converted": -600, "fx:USD": -300, "fees": -100}) == 100


def test_of_a_gateway_that_nothing_was_paid_into_nothing_is_taken():
    assert free_at("sandbox", {}) == free_at("sandbox", {"clearing:other": 500}) == 0


@pytest.mark.parametrize("state", ["approved", "rejected"])
def test_what_is_decided_is_not_decided_again(state):
    for approving in (True, False):
        with pytest.raises(ProposalDecided):
            require_decidable(state, proposed_by="usr_1", by="usr_2", approving=approving)


def test_nobody_approves_their_own_but_everybody_may_take_it_back():
    with pytest.raises(OwnProposal):
        require_decidable("proposed", proposed_by="usr_1", by="usr_1", approving=True)
    require_decidable("proposed", proposed_by="usr_1", by="usr_1", approving=False)
    require_decidable("proposed", proposed_by="usr_1", by="usr_2", approving=True)
