"""What a gateway reports has one effect, however often and in whatever order it comes."""

import msgspec
import pytest

from freehold.domain.errors import Refused
from freehold.domain.escrow import Facts, actions_of, take
from freehold.domain.settlement import Report, effect_of, effects_of
from tests.domain.test_escrow import FUND, FUNDED, PATHS, created, drive, usd


def command_of(*path):
    held = drive(created(), *path[:-1])
    transition, actor, *facts = path[-1]
    step = take(held, transition, by=actor, facts=facts[0] if facts else Facts())
    return step.after, step.command


def report(outcome, money, **more):
    return Report(outcome=outcome, reference="gw_1", money=usd(money), **more)


def test_a_report_has_its_effect_once_however_often_it_comes():
    held, command = command_of(*PATHS["releasing"])
    done = report("done", 904)
    after = effect_of(held, command, done).after
    assert after.state == "released"
    assert effect_of(after, command, done) is None


def test_a_paid_report_that_comes_again_after_the_release_does_nothing():
    _, command = command_of(*FUNDED[:1])
    for state in ("funded", "submitted", "releasing", "released", "refunded", "refund_blocked"):
        assert effect_of(drive(created(), *PATHS[state]), command, report("done", 1_005)) is None


def test_an_old_refusal_does_not_stop_the_attempt_that_took_its_place():
    held, first = command_of(*PATHS["releasing"])
    blocked = effect_of(held, first, report("refused", 904)).after
    again = take(blocked, "retry_payout", by="freelancer", facts=Facts())
    assert again.command.key == "transfer:mst_1:1#2"
    assert effect_of(again.after, first, report("refused", 904)) is None
    assert effect_of(again.after, again.command, report("done", 904)).after.state == "released"


def test_a_refused_payment_can_be_tried_again_under_a_new_key():
    held, first = command_of(*FUNDED[:1])
    refused = effect_of(held, first, report("refused", 1_005)).after
    assert (refused.state, actions_of(refused, "client")) == ("funding", ("fund", "cancel"))
    again = take(refused, "fund", by="client", facts=msgspec.structs.replace(FUND, payment_id="pay_2"))
    assert (again.command.key, again.command.payment_id) == ("fund:mst_1#2", "pay_2")
    assert actions_of(again.after, "client") == ("cancel",)
    assert effect_of(again.after, first, report("refused", 1_005)) is None
    assert effect_of(again.after, again.command, report("done", 1_005)).after.state == "funded"


@pytest.mark.parametrize(("outcome", "state"), [("refused", "cancelled"), ("cancelled", "cancelled"), ("cancelled", "funded")])
def test_news_of_a_payment_that_moved_no_money_never_disturbs_a_later_state(outcome, state):
    _, command = command_of(*FUNDED[:1])
    assert effect_of(drive(created(), *PATHS[state]), command, report(outcome, 1_005)) is None


def test_money_that_moved_otherwise_than_asked_is_refused_not_swallowed():
    held, command = command_of(*PATHS["releasing"])
    with pytest.raises(Refused) as refusal:
        effect_of(held, command, report("done", 905))
    assert refusal.value.code == "payment_not_expected"
    blocked = effect_of(held, command, report("refused", 904)).after
    again = take(blocked, "retry_payout", by="freelancer", facts=Facts()).after
    with pytest.raises(Refused) as refusal:
        effect_of(again, command, report("done", 904))
    assert refusal.value.code == "leg_not_pending"


def test_money_of_an_attempt_that_was_given_up_is_never_taken_for_old_news():
    held, first = command_of(*PATHS["releasing"])
    blocked = effect_of(held, first, report("refused", 904)).after
    again = take(blocked, "retry_payout", by="freelancer", facts=Facts())
    done = effect_of(again.after, again.command, report("done", 904)).after
    assert effect_of(done, again.command, report("done", 904)) is None
    with pytest.raises(Refused):
        effect_of(done, first, report("done", 904))


def test_a_pending_report_changes_nothing():
    held, command = command_of(*FUNDED[:1])
    assert effect_of(held, command, report("pending", 1_005)) is None


def test_money_is_sent_back_against_the_payment_that_brought_it_and_under_a_new_key_each_time():
    held, first = command_of(*FUNDED, ("refund", "freelancer"))
    assert (first.kind, first.key, first.payment_id, first.attempt) == ("refund", "refund:mst_1:1", "pay_1", 1)
    blocked = effect_of(held, first, report("refused", 1_005)).after
    again = take(blocked, "retry_refund", by="client", facts=Facts())
    assert (again.command.key, again.command.payment_id, again.command.attempt) == ("refund:mst_1:1#2", "pay_1", 2)
    twice = take(
        effect_of(again.after, again.command, report("refused", 1_005)).after, "retry_refund", by="client", facts=Facts()
    )
    assert (twice.command.key, twice.command.attempt) == ("refund:mst_1:1#3", 3)


def test_of_a_dispute_that_is_over_it_is_known_what_it_froze():
    frozen = (*FUNDED, ("dispute", "client", Facts(dispute_id="dsp_1", part=500)))
    held = drive(created(), *frozen, ("withdraw_dispute", "operator", Facts(dispute_id="dsp_1")))
    (over,) = held.holding.disputes
    assert (over.id, over.amount, over.ended, over.fee) == ("dsp_1", 500, "withdrawn", 0)
    settled = Facts(dispute_id="dsp_1", part=300, dispute_fee=7, dispute_fee_of_client=4)
    (over,) = drive(created(), *frozen, ("settle_dispute", "operator", settled)).holding.disputes
    assert (over.amount, over.ended, over.fee, over.fee_of_client) == (500, "settled", 7, 4)


@pytest.mark.parametrize("of_client", [-1, 8])
def test_nobody_pays_more_of_a_disputes_fee_than_there_is(of_client):
    held = drive(created(), *FUNDED, ("dispute", "client", Facts(dispute_id="dsp_1", part=500)))
    wrong = Facts(dispute_id="dsp_1", part=300, dispute_fee=7, dispute_fee_of_client=of_client)
    with pytest.raises(Refused):
        take(held, "settle_dispute", by="operator", facts=wrong)


def test_what_a_gateway_charges_for_a_payout_is_the_operators_cost_and_no_partys():
    held, command = command_of(*PATHS["releasing"])
    done = effect_of(held, command, report("done", 904, fee=25))
    lines = {journal.key: {line.account: line.amount for line in journal.lines} for journal in done.journals}
    assert lines == {
        "transfer:mst_1:1": {"payable:mst_1": 904, "clearing:sandbox": -904},
        "gwfee:mst_1:1": {"gateway_fees": 25, "clearing:sandbox": -25},
    }
    assert done.after.holding.paid_out == 904


RELEASED = (*FUNDED, ("release", "client"), ("transfer_known", "gateway", Facts(leg=1, paid=usd(904))))
GIVEN_BACK = (*FUNDED, ("refund", "freelancer"))
TAKEN_BACK = (*RELEASED, ("refund", "freelancer"))
NEWS = [
    (FUNDED[:1], "fund", "refused", "deposit_refused", "funding"),
    (FUNDED[:1], "fund", "cancelled", "payment_cancelled", "cancelled"),
    (PATHS["releasing"], "transfer", "refused", "transfer_refused", "payout_blocked"),
    (PATHS["releasing"], "transfer", "cancelled", "transfer_refused", "payout_blocked"),
    (GIVEN_BACK, "refund", "done", "refund_known", "refunded"),
    (GIVEN_BACK, "refund", "refused", "refund_refused", "refund_blocked"),
    (GIVEN_BACK, "refund", "cancelled", "refund_refused", "refund_blocked"),
    (TAKEN_BACK, "reversal", "done", "reversal_known", "refunding"),
    (TAKEN_BACK, "reversal", "refused", "reversal_refused", "refunding"),
    (TAKEN_BACK, "reversal", "cancelled", "reversal_refused", "refunding"),
]


@pytest.mark.parametrize(("path", "kind", "outcome", "transition", "state"), NEWS)
def test_each_report_leads_where_it_must_and_its_reason_is_kept(path, kind, outcome, transition, state):
    held = drive(created(), *path[:-1])
    name, actor, *facts = path[-1]
    asked = take(held, name, by=actor, facts=facts[0] if facts else Facts())
    (command,) = [each for each in asked.commands if each.kind == kind]
    step = effect_of(asked.after, command, report(outcome, command.money.amount, reason="the_gateways_code"))
    assert (step.row.transition, step.after.state) == (transition, state)
    if command.leg is not None:
        leg = step.after.holding.leg(command.leg)
        assert step.leg == leg
        assert leg.state == {"done": "done"}.get(outcome, "refused" if kind == "reversal" else "blocked")
        assert leg.reason == "the_gateways_code"
    if kind == "reversal":
        assert step.debt == (0 if outcome == "done" else command.money.amount)


@pytest.mark.parametrize(("kind", "path"), [("transfer", PATHS["releasing"]), ("refund", GIVEN_BACK)])
def test_money_that_came_back_had_gone_also_when_both_are_heard_of_at_once(kind, path):
    held, command = command_of(*path)
    sent, back = effects_of(held, command, report("returned", command.money.amount, reason="account_closed"))
    assert sent.row.transition == f"{kind}_known"
    assert (back.row.transition, back.leg.bounced, back.leg.reason) == (
        "payout_returned" if kind == "transfer" else "refund_returned", (1,), "account_closed",
    )  # fmt: skip
    assert effects_of(back.after, command, report("returned", command.money.amount)) == ()
