"""The transition function, against the process table and against figures worked out by hand."""

import itertools
from typing import get_args

import msgspec
import pytest

from freehold.domain.errors import Refused
from freehold.domain.escrow import Facts, actions_of, command_key, take
from freehold.domain.fees import FeeSchedule
from freehold.domain.holding import LEGS_LIMIT, SMALLEST_AMOUNT_MINOR, Held, Holding, faults_of
from freehold.domain.ledger import Balances
from freehold.domain.money import Money
from freehold.domain.money_process import PROCESS, STATES, TRANSITIONS, Actor, actors_of, parties_told, rows_for, timed_rows
from freehold.domain.process import NotInThisState, NotYourStep
from freehold.domain.settlement import Report, effect_of

M = "mst_1"
TENTH = FeeSchedule(version=1, basis_points=1_000)
FUND = Facts(payment_id="pay_1", gateway="sandbox", fee_schedule=TENTH)


def usd(amount):
    return Money(amount, "USD")


def created(amount=1_005):
    return Held(milestone_id=M, state="created", holding=Holding(amount=usd(amount)))


def drive(held, *steps):
    """Take each step in turn: (transition, actor) or (transition, actor, facts)."""
    for transition, actor, *facts in steps:
        held = take(held, transition, by=actor, facts=facts[0] if facts else Facts()).after
        assert faults_of(held) == ()
    return held


def paid(amount=1_005, *, fee=0, payment_id="pay_1"):
    return Facts(payment_id=payment_id, paid=usd(amount), gateway_fee=fee)


def moved(amount, *, leg=1, attempt=1):
    return Facts(leg=leg, attempt=attempt, paid=usd(amount))


FUNDED = (("fund", "client", FUND), ("deposit_paid", "gateway", paid()))
SUBMITTED = (*FUNDED, ("submit", "freelancer"))
PATHS = {
    "created": (),
    "funding": FUNDED[:1],
    "funded": FUNDED,
    "submitted": SUBMITTED,
    "releasing": (*SUBMITTED, ("release", "client")),
    "released": (*SUBMITTED, ("release", "client"), ("transfer_known", "gateway", moved(904))),
    "payout_blocked": (*SUBMITTED, ("release", "client"), ("transfer_refused", "gateway", moved(904))),
    "cancelled": (*FUNDED[:1], ("cancel", "client")),
    "refunding": (*FUNDED[:1], ("cancel", "client"), ("deposit_paid", "gateway", paid())),
    "refunded": (
        *FUNDED[:1], ("cancel", "client"), ("deposit_paid", "gateway", paid()), ("refund_known", "gateway", moved(1_005)),
    ),
    "refund_blocked": (
        *FUNDED[:1], ("cancel", "client"), ("deposit_paid", "gateway", paid()), ("refund_refused", "gateway", moved(1_005)),
    ),
}  # fmt: skip
GOOD_FACTS = {
    "fund": FUND,
    "deposit_paid": paid(),
    "deposit_refused": paid(),
    "payment_cancelled": paid(),
    "transfer_known": moved(904),
    "transfer_refused": moved(904),
    "refund_known": moved(1_005),
    "refund_refused": moved(1_005),
}


def test_every_state_can_be_reached():
    assert set(PATHS) == set(STATES)
    assert {state: drive(created(), *path).state for state, path in PATHS.items()} == {state: state for state in STATES}


@pytest.mark.parametrize(("transition", "state"), list(itertools.product(TRANSITIONS, STATES)))
def test_a_step_is_taken_exactly_by_the_actor_and_from_the_states_of_the_table(transition, state):
    held = drive(created(), *PATHS[state])
    for actor in itertools.chain.from_iterable(get_args(part) or (part,) for part in get_args(Actor)):
        rows = [row for row in rows_for(transition, state) if row.by == actor and row.when != "payment_refused"]
        facts = GOOD_FACTS.get(transition, Facts())
        if rows:
            step = take(held, transition, by=actor, facts=facts)
            assert step.after.state in {row.target for row in rows}
            assert faults_of(step.after) == ()
        else:
            expected = NotInThisState if actor in actors_of(transition) else NotYourStep
            with pytest.raises(expected):
                take(held, transition, by=actor, facts=facts)


@pytest.mark.parametrize("state", STATES)
def test_the_buttons_of_a_party_are_exactly_the_steps_that_it_may_take(state):
    held = drive(created(), *PATHS[state])
    for actor in ("client", "freelancer"):
        taken = []
        for transition in TRANSITIONS:
            try:
                take(held, transition, by=actor, facts=GOOD_FACTS.get(transition, Facts()))
            except Refused:
                continue
            taken.append(transition)
        assert sorted(actions_of(held, actor)) == sorted(taken)
    assert actions_of(held, "scheduler") == actions_of(held, "gateway") == ()


def test_every_timed_step_has_a_human_twin():
    for row in PROCESS:
        if row.due is not None:
            twins = [twin for twin in PROCESS if twin.by == "client" and set(row.sources) <= set(twin.sources)]
            assert any(twin.target == row.target for twin in twins), row.transition
    assert [row.transition for row in timed_rows("auto_release_at")] == ["auto_release"]
    assert [row.transition for row in timed_rows("funding_expires_at")] == ["expire_funding"]


def lines_of(step):
    return {journal.key: {line.account: line.amount for line in journal.lines} for journal in step.journals}


def test_a_whole_release_moves_the_deposit_to_the_payee_and_the_fee():
    held = drive(created(), *SUBMITTED)
    assert held.holding.balances == Balances(escrow=1_005)
    step = take(held, "release", by="client", facts=Facts())
    assert lines_of(step) == {"release:mst_1:1": {"escrow:mst_1": 1_005, "payable:mst_1": -904, "fees": -101}}
    assert (step.command.key, step.command.money) == ("transfer:mst_1:1", usd(904))
    known = take(step.after, "transfer_known", by="gateway", facts=moved(904))
    assert lines_of(known) == {"transfer:mst_1:1": {"payable:mst_1": 904, "clearing:sandbox": -904}}
    assert (known.after.state, known.after.holding.balances) == ("released", Balances())
    assert (known.after.holding.paid_out, known.after.holding.fees) == (904, 101)


def test_a_deposit_with_a_gateways_fee_writes_two_journals():
    step = take(drive(created(), *FUNDED[:1]), "deposit_paid", by="gateway", facts=paid(fee=59))
    assert lines_of(step) == {
        "deposit:pay_1": {"clearing:sandbox": 1_005, "escrow:mst_1": -1_005},
        "gwfee:pay_1": {"gateway_fees": 59, "clearing:sandbox": -59},
    }
    assert step.after.holding.balances == Balances(escrow=1_005)


def test_parts_return_to_where_they_began_and_their_fees_sum_to_the_fee_of_the_whole():
    held, fees = drive(created(), *FUNDED), []
    for number, (part, origin) in enumerate([(333, "funded"), (333, "funded"), (None, "released")], start=1):
        step = take(held, "release", by="client", facts=Facts(part=part))
        assert step.command.key == command_key("transfer", M, leg=number)
        fees.append(step.leg.fee)
        held = take(step.after, "transfer_known", by="gateway", facts=moved(step.leg.net, leg=number)).after
        assert (held.state, faults_of(held)) == (origin, ())
    assert fees == [33, 34, 34]
    assert (held.holding.paid_out, held.holding.fees) == (904, 101)


def test_a_part_of_submitted_work_returns_to_submitted():
    held = drive(created(), *SUBMITTED, ("release", "client", Facts(part=500)), ("transfer_known", "gateway", moved(450)))
    assert (held.state, held.holding.balances) == ("submitted", Balances(escrow=505))


@pytest.mark.parametrize("part", [0, -1, -1_005, 1_006, 2**53, SMALLEST_AMOUNT_MINOR - 1, 1_005 - SMALLEST_AMOUNT_MINOR + 1])
def test_a_part_that_is_not_covered_or_leaves_too_little_is_refused(part):
    with pytest.raises(Refused) as refusal:
        take(drive(created(), *FUNDED), "release", by="client", facts=Facts(part=part))
    assert refusal.value.code == "part_not_covered"


def test_nothing_is_released_when_nothing_is_left_in_escrow():
    held = drive(created(), *SUBMITTED)
    emptied = msgspec.structs.replace(held.holding, balances=Balances(disputed=1_005))
    for transition, actor in (("release", "client"), ("auto_release", "scheduler")):
        with pytest.raises(Refused) as refusal:
            take(msgspec.structs.replace(held, holding=emptied), transition, by=actor, facts=Facts())
        assert refusal.value.code == "part_not_covered"


def test_after_many_parts_only_the_whole_rest_can_follow():
    held = drive(created(LEGS_LIMIT * 1_000), FUNDED[0], ("deposit_paid", "gateway", paid(LEGS_LIMIT * 1_000)))
    for number in range(1, LEGS_LIMIT):
        held = drive(held, ("release", "client", Facts(part=500)), ("transfer_known", "gateway", moved(450, leg=number)))
    with pytest.raises(Refused) as refusal:
        take(held, "release", by="client", facts=Facts(part=500))
    assert refusal.value.code == "too_many_parts"
    assert take(held, "release", by="client", facts=Facts()).leg.number == LEGS_LIMIT
    assert "release" in actions_of(held, "client")


def test_nothing_is_released_while_a_chargeback_is_open():
    held = msgspec.structs.replace(drive(created(), *SUBMITTED), chargeback="cbk_1")
    for transition, actor in (("release", "client"), ("auto_release", "scheduler")):
        with pytest.raises(Refused) as refusal:
            take(held, transition, by=actor, facts=Facts())
        assert refusal.value.code == "chargeback_open"
    assert actions_of(held, "client") == ("request_changes",)


def test_a_payment_that_comes_after_the_cancellation_goes_back_whole():
    step = take(drive(created(), *PATHS["cancelled"]), "deposit_paid", by="gateway", facts=paid(fee=3))
    assert lines_of(step) == {
        "deposit:pay_1": {"clearing:sandbox": 1_005, "escrow:mst_1": -1_005},
        "gwfee:pay_1": {"gateway_fees": 3, "clearing:sandbox": -3},
        "reserve:mst_1:1": {"escrow:mst_1": 1_005, "refund_due:mst_1": -1_005},
    }
    assert (step.command.key, step.command.money) == ("refund:mst_1:1", usd(1_005))
    known = take(step.after, "refund_known", by="gateway", facts=moved(1_005))
    assert lines_of(known) == {"refund:mst_1:1": {"refund_due:mst_1": 1_005, "clearing:sandbox": -1_005}}
    assert (known.after.state, known.after.holding.refunded) == ("refunded", 1_005)


def test_a_payment_of_another_amount_is_never_held_but_goes_back():
    step = take(drive(created(), *FUNDED[:1]), "deposit_paid", by="gateway", facts=paid(1_004))
    assert lines_of(step) == {"deposit:pay_1": {"clearing:sandbox": 1_004, "refund_due:mst_1": -1_004}}
    assert (step.after.state, step.command.money) == ("refunding", usd(1_004))
    assert faults_of(step.after) == ()


@pytest.mark.parametrize(
    "facts",
    [
        Facts(payment_id="pay_1", paid=Money(1_005, "EUR")),
        Facts(payment_id="pay_2", paid=usd(1_005)),
        Facts(payment_id="pay_1", paid=usd(0)),
        Facts(payment_id="pay_1", paid=usd(-1_005)),
        Facts(paid=usd(1_005)),
    ],
)
def test_a_payment_that_nobody_expects_is_refused_not_swallowed(facts):
    with pytest.raises(Refused) as refusal:
        take(drive(created(), *FUNDED[:1]), "deposit_paid", by="gateway", facts=facts)
    assert refusal.value.code == "payment_not_expected"


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


def test_the_parties_that_hear_of_a_step_are_those_of_its_row():
    assert parties_told("transfer_known", came_from="releasing", went_to="released") == {"client", "freelancer"}
    assert parties_told("transfer_known", came_from="releasing", went_to="submitted") == {"client", "freelancer"}
    assert parties_told("fund", came_from="created", went_to="funding") == {"client"}
    assert parties_told("cancel", came_from="created", went_to="cancelled") == {"freelancer"}
    assert parties_told("cancel", came_from="funding", went_to="cancelled") == {"client", "freelancer"}
    assert parties_told("cancel", came_from="released", went_to="cancelled") == frozenset()


@pytest.mark.parametrize(
    "damage",
    [
        {"deposited": 1_004},
        {"balances": Balances(escrow=1_004)},
        {"balances": Balances(escrow=1_005, payable=1)},
        {"balances": Balances(escrow=1_005, refund_due=1)},
        {"balances": Balances(escrow=1_006, disputed=-1)},
        {"balances": Balances(), "deposited": 0},
    ],
)
def test_a_damaged_milestone_shows_its_faults(damage):
    held = drive(created(), *FUNDED)
    assert faults_of(msgspec.structs.replace(held, holding=msgspec.structs.replace(held.holding, **damage))) != ()


def test_a_damaged_leg_shows_its_faults():
    held = drive(created(), *PATHS["releasing"])
    (leg,) = held.holding.legs
    for damage in ({"fee": 100}, {"number": 2}, {"state": "done"}, {"gross": 1_004}, {"kind": "refund"}):
        legs = (msgspec.structs.replace(leg, **damage),)
        damaged = msgspec.structs.replace(held, holding=msgspec.structs.replace(held.holding, legs=legs))
        assert faults_of(damaged) != (), damage
    assert faults_of(msgspec.structs.replace(held, state="released")) != ()
    assert faults_of(msgspec.structs.replace(held, state="created")) != ()
