"""How money is shared, argued about, given back and taken back, against figures worked out by hand.

The milestone is of 1,005 minor units with a fee of a tenth, half up: released whole, 904 reach the freelancer.
"""

import msgspec
import pytest

from freehold.domain.audit import violations_of
from freehold.domain.errors import Refused
from freehold.domain.escrow import Facts, take
from freehold.domain.fees import FeeSchedule
from freehold.domain.holding import faults_of
from freehold.domain.ledger import Balances
from freehold.domain.settlement import effect_of, effects_of
from tests.domain.test_escrow import FUND, FUNDED, RELEASED, SUBMITTED, created, drive, lines_of, moved, paid, usd
from tests.domain.test_settlement import report

DISPUTE = Facts(dispute_id="dsp_1", part=600)


def refusal_of(held, transition, by, facts):
    with pytest.raises(Refused) as refusal:
        take(held, transition, by=by, facts=facts)
    return refusal.value.code


def test_a_freelancer_gives_back_a_part_and_the_rest_goes_on():
    step = take(drive(created(), *SUBMITTED), "refund", by="freelancer", facts=Facts(part=400))
    assert lines_of(step) == {"reserve:mst_1:1": {"escrow:mst_1": 400, "refund_due:mst_1": -400}}
    assert [(command.key, command.money) for command in step.commands] == [("refund:mst_1:1", usd(400))]
    after = take(step.after, "refund_known", by="gateway", facts=moved(400)).after
    assert (after.state, after.holding.balances, after.holding.refunded) == ("submitted", Balances(escrow=605), 400)


def test_a_split_that_the_other_party_accepts_sends_both_parts_at_once():
    held = drive(created(), *FUNDED, ("propose_split", "client", Facts(part=505)))
    assert refusal_of(held, "accept_split", "client", Facts()) == "no_proposal"
    assert refusal_of(held, "accept_split", "freelancer", Facts(part=506)) == "no_proposal"
    step = take(held, "accept_split", by="freelancer", facts=Facts(part=505))
    assert step.after.state == "settling"
    assert lines_of(step) == {
        "release:mst_1:1": {"escrow:mst_1": 505, "payable:mst_1": -454, "fees": -51},
        "reserve:mst_1:2": {"escrow:mst_1": 500, "refund_due:mst_1": -500},
    }
    assert [command.key for command in step.commands] == ["transfer:mst_1:1", "refund:mst_1:2"]
    half = take(step.after, "refund_known", by="gateway", facts=moved(500, leg=2)).after
    assert half.state == "releasing"
    assert take(half, "transfer_known", by="gateway", facts=moved(454)).after.state == "released"


def test_a_proposal_is_void_once_less_is_held():
    held = drive(
        created(), *FUNDED, ("propose_split", "client", Facts(part=505)),
        ("release", "client", Facts(part=500)), ("transfer_known", "gateway", moved(450)),
    )  # fmt: skip
    assert refusal_of(held, "accept_split", "freelancer", Facts()) == "no_proposal"


@pytest.mark.parametrize("part", [-1, 1_006, 2**53])
def test_a_split_of_more_than_is_held_or_less_than_nothing_is_refused(part):
    assert refusal_of(drive(created(), *FUNDED), "propose_split", "client", Facts(part=part)) == "part_not_covered"


def test_a_dispute_freezes_its_own_part_and_the_rest_is_released():
    step = take(drive(created(), *SUBMITTED), "dispute", by="client", facts=DISPUTE)
    assert lines_of(step) == {"dispute:dsp_1": {"escrow:mst_1": 600, "disputed:mst_1": -600}}
    assert (step.after.state, step.after.holding.balances) == ("submitted", Balances(escrow=405, disputed=600))
    assert refusal_of(step.after, "dispute", "freelancer", Facts(dispute_id="dsp_2", part=100)) == "dispute_open"
    assert refusal_of(step.after, "release", "client", Facts(part=406)) == "part_not_covered"
    after = drive(step.after, ("release", "client"), ("transfer_known", "gateway", moved(364)))
    assert (after.state, after.holding.balances) == ("disputed", Balances(disputed=600))


def test_a_settlement_shares_what_was_disputed_and_nothing_else():
    held = drive(created(), *SUBMITTED, ("dispute", "freelancer", DISPUTE))
    assert refusal_of(held, "settle_dispute", "operator", Facts(dispute_id="dsp_2", part=1)) == "dispute_not_open"
    assert (
        refusal_of(held, "settle_dispute", "operator", Facts(dispute_id="dsp_1", part=591, dispute_fee=10))
        == "part_not_covered"
    )
    assert refusal_of(held, "settle_dispute", "operator", Facts(dispute_id="dsp_1", part=-1)) == "part_not_covered"
    assert (
        refusal_of(held, "settle_dispute", "operator", Facts(dispute_id="dsp_1", part=1, dispute_fee=-1)) == "part_not_covered"
    )
    step = take(held, "settle_dispute", by="operator", facts=Facts(dispute_id="dsp_1", part=400, dispute_fee=10))
    assert lines_of(step) == {
        "release:mst_1:1": {"disputed:mst_1": 400, "payable:mst_1": -360, "fees": -40},
        "reserve:mst_1:2": {"disputed:mst_1": 190, "refund_due:mst_1": -190},
        "dispute_fee:dsp_1": {"disputed:mst_1": 10, "fees": -10},
    }
    assert (step.after.state, step.after.holding.dispute) == ("settling", None)
    after = drive(step.after, ("transfer_known", "gateway", moved(360)), ("refund_known", "gateway", moved(190, leg=2)))
    assert (after.state, after.holding.balances) == ("submitted", Balances(escrow=405))


@pytest.mark.parametrize(("part", "kinds"), [(0, ["refund"]), (600, ["release"])])
def test_a_settlement_all_for_one_side_opens_one_leg(part, kinds):
    held = drive(created(), *SUBMITTED, ("dispute", "client", DISPUTE))
    step = take(held, "settle_dispute", by="operator", facts=Facts(dispute_id="dsp_1", part=part))
    assert [leg.kind for leg in step.legs] == kinds


def test_a_withdrawn_dispute_gives_the_work_its_place_back():
    for path, state in ((FUNDED, "funded"), (SUBMITTED, "submitted")):
        held = drive(created(), *path, ("dispute", "client", Facts(dispute_id="dsp_1")))
        assert held.state == "disputed"
        step = take(held, "withdraw_dispute", by="operator", facts=Facts(dispute_id="dsp_1"))
        assert lines_of(step) == {"undispute:dsp_1": {"disputed:mst_1": 1_005, "escrow:mst_1": -1_005}}
        assert step.after.state == state
        assert ("auto_release_at" in step.row.starts) == (state == "submitted")


def test_what_was_released_is_given_back_with_its_fee_and_asked_back_from_the_payees_account():
    step = take(drive(created(), *RELEASED), "refund", by="freelancer", facts=Facts(part=500))
    assert lines_of(step) == {
        "return:mst_1:2": {"freelancer_debt:usr_f": 450, "fees": 50, "refund_due:mst_1": -500},
    }
    assert [(command.key, command.money, command.transfer_key) for command in step.commands] == [
        ("refund:mst_1:2", usd(500), None),
        ("reversal:mst_1:3", usd(450), "transfer:mst_1:1"),
    ]
    assert (step.after.holding.released, step.after.holding.fees, step.debt) == (505, 51, 0)
    done = take(step.after, "reversal_known", by="gateway", facts=moved(450, leg=3))
    assert lines_of(done) == {"reversal:mst_1:3": {"clearing:sandbox": 450, "freelancer_debt:usr_f": -450}}
    refused = take(step.after, "reversal_refused", by="gateway", facts=moved(450, leg=3))
    assert (refused.journals, refused.debt) == ((), 450)


def test_a_return_is_asked_back_from_several_transfers_the_newest_first():
    held = drive(
        created(), *FUNDED, ("release", "client", Facts(part=500)), ("transfer_known", "gateway", moved(450)),
        ("release", "client"), ("transfer_known", "gateway", moved(454, leg=2)),
    )  # fmt: skip
    step = take(held, "refund", by="operator", facts=Facts(part=700))
    taken = [(command.transfer_key, command.money.amount) for command in step.commands if command.kind == "reversal"]
    assert taken == [("transfer:mst_1:2", 454), ("transfer:mst_1:1", 176)]
    assert (step.after.holding.released, step.after.holding.fees) == (305, 31)
    for part in (0, -1, 1_006, 2**53):
        assert refusal_of(held, "refund", "freelancer", Facts(part=part)) == "part_not_covered"


def test_a_debt_is_kept_back_from_the_next_payout():
    held = drive(created(), *SUBMITTED)
    step = take(held, "release", by="client", facts=Facts(debt=300))
    assert lines_of(step) == {
        "release:mst_1:1": {"escrow:mst_1": 1_005, "payable:mst_1": -904, "fees": -101},
        "offset:mst_1:1": {"payable:mst_1": 300, "freelancer_debt:usr_f": -300},
    }
    assert (step.command.money, step.debt) == (usd(604), -300)
    assert take(step.after, "transfer_known", by="gateway", facts=moved(604)).after.state == "released"


def test_only_what_was_really_sent_is_asked_back_and_the_rest_is_owed():
    step = take(drive(created(), *SUBMITTED), "release", by="client", facts=Facts(debt=300))
    paid_out = take(step.after, "transfer_known", by="gateway", facts=moved(604)).after
    back = take(paid_out, "refund", by="freelancer", facts=Facts())
    assert [command.money for command in back.commands] == [usd(1_005), usd(604)]
    assert (back.debt, lines_of(back)["return:mst_1:2"]["freelancer_debt:usr_f"]) == (300, 904)
    with_half = drive(created(), *SUBMITTED, ("release", "client", Facts(part=500)), ("transfer_known", "gateway", moved(450)))
    assert refusal_of(with_half, "refund", "freelancer", Facts(part=506)) == "part_not_covered"


def test_a_debt_that_eats_the_whole_payout_asks_the_gateway_for_nothing():
    step = take(drive(created(), *SUBMITTED), "release", by="client", facts=Facts(debt=5_000, hold="a hold"))
    assert (step.after.state, step.commands, step.debt, step.leg.sent) == ("released", (), -904, 0)


def test_released_money_waits_while_payouts_are_on_hold():
    step = take(drive(created(), *SUBMITTED), "release", by="client", facts=Facts(hold="a new payout account"))
    assert (step.after.state, step.commands, step.leg.reason) == ("payout_blocked", (), "a new payout account")
    assert refusal_of(step.after, "retry_payout", "freelancer", Facts(hold="a new payout account")) == "payout_on_hold"
    again = take(step.after, "retry_payout", by="scheduler", facts=Facts(debt=4))
    assert (again.command.key, again.command.money) == ("transfer:mst_1:1#2", usd(900))
    assert lines_of(again) == {"offset:mst_1:1#2": {"payable:mst_1": 4, "freelancer_debt:usr_f": -4}}


def asked(path):
    step = take(drive(created(), *path[:-1]), path[-1][0], by=path[-1][1], facts=Facts())
    return step.after, step.command


def test_a_payout_that_comes_back_is_owed_again_and_can_be_sent_again():
    held, command = asked((*SUBMITTED, ("release", "client")))
    done = effect_of(held, command, report("done", 904)).after
    back = effect_of(done, command, report("returned", 904))
    assert lines_of(back) == {"payout_returned:mst_1:1": {"clearing:sandbox": 904, "payable:mst_1": -904}}
    assert back.after.state == "payout_blocked"
    for late in ("returned", "done", "refused"):
        assert effect_of(back.after, command, report(late, 904)) is None
    again = take(back.after, "retry_payout", by="freelancer", facts=Facts())
    paid_out = effect_of(again.after, again.command, report("done", 904))
    assert lines_of(paid_out) == {"transfer:mst_1:1#2": {"payable:mst_1": 904, "clearing:sandbox": -904}}
    assert effect_of(paid_out.after, command, report("returned", 904)) is None


def test_nothing_below_zero_is_asked_back_after_a_refused_reversal_and_a_payout_that_came_back():
    held = drive(
        created(), *RELEASED, ("refund", "freelancer", Facts(part=800)),
        ("reversal_refused", "gateway", moved(720, leg=3)), ("refund_known", "gateway", moved(800, leg=2)),
        ("payout_returned", "gateway", moved(904)), ("retry_payout", "freelancer", Facts(debt=720)),
        ("transfer_known", "gateway", moved(184, attempt=2)),
    )  # fmt: skip
    assert (faults_of(held), held.holding.leg(1).offset, held.holding.leg(1).reversed) == ((), 720, 0)
    step = take(held, "refund", by="freelancer", facts=Facts(part=205))
    assert [(command.kind, command.money) for command in step.commands] == [("refund", usd(205)), ("reversal", usd(184))]
    assert (step.debt, faults_of(step.after)) == (0, ())


def test_money_that_came_back_before_we_heard_that_it_had_gone_went_and_came_back():
    held, command = asked((*SUBMITTED, ("release", "client")))
    steps = effects_of(held, command, report("returned", 904))
    assert [step.row.transition for step in steps] == ["transfer_known", "payout_returned"]
    for late in ("done", "returned"):
        assert effects_of(steps[-1].after, command, report(late, 904)) == ()


def test_a_refund_that_comes_back_can_be_paid_by_hand():
    held, command = asked((*FUNDED, ("refund", "freelancer")))
    done = effect_of(held, command, report("done", 1_005)).after
    assert done.state == "refunded"
    back = effect_of(done, command, report("returned", 1_005))
    assert lines_of(back) == {"refund_returned:mst_1:1": {"clearing:sandbox": 1_005, "refund_due:mst_1": -1_005}}
    by_hand = take(back.after, "refund_by_hand", by="operator", facts=Facts())
    assert lines_of(by_hand) == {"refund_by_hand:mst_1:1": {"refund_due:mst_1": 1_005, "platform_funds": -1_005}}
    assert (by_hand.after.state, by_hand.after.holding.refunded) == ("refunded", 1_005)


def test_a_tax_is_withheld_like_a_fee_and_given_back_like_one():
    schedule = FeeSchedule(version=9, basis_points=1_000, tax_basis_points=100)
    fund = msgspec.structs.replace(FUND, fee_schedule=schedule)
    held = drive(created(), ("fund", "client", fund), FUNDED[1])
    step = take(held, "release", by="client", facts=Facts())
    assert lines_of(step) == {
        "release:mst_1:1": {"escrow:mst_1": 1_005, "payable:mst_1": -894, "fees": -101, "tax_payable": -10}
    }
    released = take(step.after, "transfer_known", by="gateway", facts=moved(894)).after
    back = take(released, "refund", by="freelancer", facts=Facts())
    assert lines_of(back) == {
        "return:mst_1:2": {"freelancer_debt:usr_f": 894, "fees": 101, "tax_payable": 10, "refund_due:mst_1": -1_005}
    }


def test_a_week_of_hours_is_funded_by_the_clock_and_stands_as_submitted_once_it_is_paid():
    week = msgspec.structs.replace(created(), kind="week")
    with pytest.raises(Refused):
        take(created(), "fund", by="scheduler", facts=FUND)
    step = take(drive(week, ("fund", "scheduler", FUND)), "deposit_paid", by="gateway", facts=paid())
    assert (step.after.state, "auto_release_at" in step.row.starts) == ("submitted", True)
    assert refusal_of(step.after, "request_changes", "client", Facts()) == "not_in_this_state"


def test_money_that_may_be_held_no_longer_goes_back_or_on_by_where_the_work_stands():
    funded = take(drive(created(), *FUNDED), "abandon", by="scheduler", facts=Facts())
    assert (funded.after.state, funded.command.key) == ("refunding", "refund:mst_1:1")
    disputed = drive(created(), *SUBMITTED, ("dispute", "client", Facts(dispute_id="dsp_1")))
    step = take(disputed, "abandon", by="scheduler", facts=Facts())
    assert lines_of(step) == {"reserve:mst_1:1": {"disputed:mst_1": 1_005, "refund_due:mst_1": -1_005}}
    assert (step.after.holding.dispute, step.after.holding.disputes[0].ended) == (None, "moot")


def test_the_audit_finds_the_books_of_a_tangled_milestone_in_order():
    held, sums, keys = created(10_000), {}, set()
    steps = [
        ("fund", "client", FUND), ("deposit_paid", "gateway", paid(10_000, fee=30)),
        ("release", "client", Facts(part=2_000, debt=100)), ("transfer_known", "gateway", moved(1_700)),
        ("payout_returned", "gateway", moved(1_700)), ("retry_payout", "freelancer", Facts(debt=50)),
        ("transfer_known", "gateway", moved(1_650, attempt=2)),
        ("dispute", "freelancer", Facts(dispute_id="dsp_1", part=3_000)),
        ("settle_dispute", "operator", Facts(dispute_id="dsp_1", part=1_000, dispute_fee=20)),
        ("transfer_known", "gateway", moved(900, leg=2)), ("refund_refused", "gateway", moved(1_980, leg=3)),
        ("refund_by_hand", "operator", Facts()), ("release", "client", Facts()),
        ("transfer_known", "gateway", moved(4_500, leg=4)),
        ("refund", "freelancer", Facts(part=500)), ("refund_known", "gateway", moved(500, leg=5)),
        ("reversal_known", "gateway", moved(450, leg=6)),
        ("chargeback_opened", "gateway", Facts(chargeback_id="cbk_1", paid=usd(9_000), gateway_fee=15)),
        ("chargeback_lost", "gateway", Facts(chargeback_id="cbk_1")),
    ]  # fmt: skip
    for transition, actor, facts in steps:
        step = take(held, transition, by=actor, facts=facts)
        held = step.after
        for journal in step.journals:
            assert journal.key not in keys
            keys.add(journal.key)
            for line in journal.lines:
                sums[line.account, line.currency] = sums.get((line.account, line.currency), 0) + line.amount
        under_way = [(command.kind, command.leg, command.attempt) for command in step.commands]
        waiting = [("reversal", leg.number, 1) for leg in held.holding.legs_of("reversal") if leg.state == "pending"]
        pending = [("refund", leg.number, leg.attempt) for leg in held.holding.legs_of("refund") if leg.state == "pending"]
        pending += [("transfer", leg.number, leg.attempt) for leg in held.holding.legs_of("release") if leg.state == "pending"]
        found = violations_of(held, sums=sums, keys=keys, under_way=[*under_way, *waiting, *pending])
        assert found == [], transition
    assert held.state == "charged_back"
    assert violations_of(held, sums=sums, keys=keys - {"reversal:mst_1:6"}, under_way=[]) != []
