"""Journals: they balance in each currency, and never take more out of a held balance than is in it."""

import pytest

from freehold.domain.ledger import Balances, Journal, Line, Overdrawn, Unbalanced, balanced, post


@pytest.mark.parametrize(
    "lines",
    [
        (),
        (Line("fees", 1, "USD"),),
        (Line("fees", 1, "USD"), Line("clearing:sandbox", -1, "EUR")),
        (Line("fees", 2, "USD"), Line("clearing:sandbox", -1, "USD")),
        (Line("fees", 0, "USD"), Line("clearing:sandbox", 0, "USD")),
    ],
)
def test_a_journal_that_does_not_balance_is_never_written(lines):
    with pytest.raises(Unbalanced):
        balanced(Journal(key="odd", lines=lines))


def test_a_held_balance_cannot_be_overdrawn_and_other_milestones_lines_do_not_count():
    journal = Journal(key="odd", lines=(Line("escrow:mst_1", 6, "USD"), Line("escrow:mst_2", -6, "USD")))
    with pytest.raises(Overdrawn):
        post(Balances(escrow=5), journal, milestone_id="mst_1")
    assert post(Balances(escrow=5), journal, milestone_id="mst_2") == Balances(escrow=11)
    assert post(Balances(escrow=5), journal, milestone_id="mst_3") == Balances(escrow=5)
