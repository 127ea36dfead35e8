"""Chargebacks, before and after the money is released: who bears them, against figures worked out by hand."""

import msgspec
import pytest

from freehold.domain.errors import Refused
from freehold.domain.escrow import Facts
from freehold.domain.holding import faults_of
from freehold.domain.ledger import Balances
from freehold.domain.settlement import ChargebackReport, chargeback_steps
from tests.domain.test_escrow import FUNDED, RELEASED, SUBMITTED, created, drive, lines_of, moved, paid, usd
from tests.domain.test_money_back import refusal_of


def chargeback(state, amount=1_005, *, identifier="cbk_1", fee=0):
    return ChargebackReport(id=identifier, payment_id="pay_1", milestone_id="mst_1", state=state, money=usd(amount), fee=fee)


def news(held, *reports):
    """Take in news of chargebacks; give the milestone and all journals."""
    written = {}
    for each in reports:
        for step in chargeback_steps(held, each):
            held = step.after
            assert faults_of(held) == ()
            written |= lines_of(step)
    return held, written


def test_a_chargeback_that_is_won_leaves_everything_as_it_was_but_the_gateways_fee():
    held = drive(created(), *SUBMITTED)
    opened, journals = news(held, chargeback("opened", fee=15))
    assert journals == {
        "cb_open:cbk_1": {"cb_receivable": 1_005, "clearing:sandbox": -1_005},
        "gwfee:cbk_1": {"gateway_fees": 15, "clearing:sandbox": -15},
    }
    assert (opened.state, opened.chargeback) == ("submitted", "cbk_1")
    for transition, actor in (("release", "client"), ("refund", "freelancer"), ("dispute", "client")):
        assert refusal_of(opened, transition, actor, Facts(dispute_id="dsp_1")) == "chargeback_open"
    won, journals = news(opened, chargeback("won"))
    assert journals == {"cb_won:cbk_1": {"clearing:sandbox": 1_005, "cb_receivable": -1_005}}
    assert (won.state, won.chargeback, won.holding.balances) == ("submitted", None, Balances(escrow=1_005))


def test_a_fee_that_comes_back_with_a_won_chargeback_is_booked_at_most_as_it_was_charged():
    opened, _ = news(drive(created(), *SUBMITTED), chargeback("opened", fee=15))
    for told, booked in ((15, 15), (99, 15), (4, 4)):
        _, journals = news(opened, chargeback("won", fee=told))
        assert journals["gwfee_back:cbk_1"] == {"clearing:sandbox": booked, "gateway_fees": -booked}
    _, journals = news(drive(created(), *SUBMITTED), chargeback("won", fee=15))
    assert set(journals) == {"cb_open:cbk_1", "cb_won:cbk_1"}


def test_a_chargeback_that_is_lost_before_the_release_takes_what_is_held():
    held, journals = news(drive(created(), *SUBMITTED), chargeback("lost", 705))
    assert journals["cb_lost:cbk_1"] == {"escrow:mst_1": 705, "cb_receivable": -705}
    assert (held.state, held.holding.balances) == ("submitted", Balances(escrow=300))
    held, journals = news(held, chargeback("lost", 300, identifier="cbk_2"))
    assert (held.state, held.holding.charged_back) == ("charged_back", 1_005)


def test_a_chargeback_that_is_lost_after_the_release_is_owed_by_who_was_paid():
    (opened, lost) = chargeback_steps(drive(created(), *RELEASED), chargeback("lost"))
    assert lines_of(lost) == {"cb_lost:cbk_1": {"freelancer_debt:usr_f": 904, "fees": 101, "cb_receivable": -1_005}}
    assert [(command.key, command.money) for command in lost.commands] == [("reversal:mst_1:2", usd(904))]
    assert (opened.after.chargeback, lost.after.state, lost.debt) == ("cbk_1", "charged_back", 0)


def test_a_chargeback_takes_from_the_dispute_from_refunds_that_wait_and_from_unsent_payouts_before_anybody_owes():
    held = drive(
        created(10_000), FUNDED[0], ("deposit_paid", "gateway", paid(10_000)),
        ("release", "client", Facts(part=2_000)), ("transfer_known", "gateway", moved(1_800)),
        ("dispute", "client", Facts(dispute_id="dsp_1", part=3_000)),
        ("release", "client", Facts(part=1_000)), ("transfer_refused", "gateway", moved(900, leg=2)),
    )  # fmt: skip
    assert held.holding.balances == Balances(escrow=4_000, disputed=3_000, payable=900)
    after, journals = news(held, chargeback("lost", 9_500))
    assert journals["cb_lost:cbk_1"] == {
        "escrow:mst_1": 4_000, "disputed:mst_1": 3_000, "payable:mst_1": 900, "freelancer_debt:usr_f": 1_350, "fees": 250,
        "cb_receivable": -9_500,
    }  # fmt: skip
    assert (after.holding.dispute, after.holding.disputes[0].ended) == (None, "moot")
    assert (after.state, after.holding.balances, after.holding.released) == ("released", Balances(), 500)


def test_what_was_refunded_already_and_is_charged_back_as_well_is_lost():
    refunded = drive(created(), *FUNDED, ("refund", "freelancer"), ("refund_known", "gateway", moved(1_005)))
    after, journals = news(refunded, chargeback("lost"))
    assert journals["cb_lost:cbk_1"] == {"bad_debt": 1_005, "cb_receivable": -1_005}
    assert (after.state, after.holding.charged_back, after.holding.refunded) == ("charged_back", 0, 1_005)


def test_a_refund_that_was_never_sent_is_taken_by_the_chargeback():
    blocked = drive(created(), *FUNDED, ("refund", "freelancer"), ("refund_refused", "gateway", moved(1_005)))
    after, journals = news(blocked, chargeback("lost"))
    assert journals["cb_lost:cbk_1"] == {"refund_due:mst_1": 1_005, "cb_receivable": -1_005}
    assert (after.state, after.holding.legs[0].state, after.holding.refunded) == ("charged_back", "done", 0)


def test_a_lost_chargeback_waits_until_money_on_its_way_is_known_to_have_arrived():
    releasing = drive(created(), *SUBMITTED, ("release", "client"))
    opened, _ = news(releasing, chargeback("opened"))
    with pytest.raises(Refused) as refusal:
        chargeback_steps(opened, chargeback("lost"))
    assert refusal.value.code == "legs_pending"
    after, _ = news(drive(opened, ("transfer_known", "gateway", moved(904))), chargeback("lost"))
    assert after.state == "charged_back"


def test_news_of_a_chargeback_has_its_effect_once():
    held, _ = news(drive(created(), *SUBMITTED), chargeback("opened"))
    assert chargeback_steps(held, chargeback("opened")) == ()
    lost, _ = news(held, chargeback("lost"))
    for state in ("opened", "won", "lost"):
        assert chargeback_steps(lost, chargeback(state)) == ()


@pytest.mark.parametrize(
    "report_",
    [
        chargeback("opened", 1_006),
        chargeback("opened", 0),
        chargeback("opened", -1),
        chargeback("opened", 2**53 - 1),
        chargeback("opened", fee=-1),
        msgspec.structs.replace(chargeback("opened"), money=msgspec.structs.replace(usd(1_005), currency="EUR")),
    ],
)
def test_a_chargeback_that_does_not_fit_the_payment_is_refused(report_):
    with pytest.raises(Refused) as refusal:
        chargeback_steps(drive(created(), *SUBMITTED), report_)
    assert refusal.value.code == "chargeback_not_expected"
    with pytest.raises(Refused):
        chargeback_steps(created(), report_)


def test_there_are_at_most_five_chargebacks_of_a_milestone():
    held = drive(created(), *SUBMITTED)
    for number in range(5):
        held, _ = news(held, chargeback("won", 100, identifier=f"cbk_{number}"))
    with pytest.raises(Refused) as refusal:
        chargeback_steps(held, chargeback("opened", 100, identifier="cbk_5"))
    assert refusal.value.code == "chargeback_not_expected"
    assert len(held.holding.chargebacks) == 5


@pytest.mark.parametrize("state", ["opened", "won", "lost"])
def test_a_chargeback_that_is_known_is_not_opened_again_whoever_tells(state):
    known, _ = news(
        drive(created(), *SUBMITTED), chargeback("opened", 100), *([chargeback(state, 100)] if state != "opened" else [])
    )
    again = Facts(chargeback_id="cbk_1", paid=usd(100))
    assert refusal_of(known, "chargeback_opened", "gateway", again) == "chargeback_not_expected"
