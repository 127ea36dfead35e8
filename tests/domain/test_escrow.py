"""The transition function, against the process table and against figures worked out by hand."""

import contextlib
import itertools

import msgspec
import pytest

from freehold.domain.errors import Refused
from freehold.domain.escrow import Facts, actions_of, command_key, take
from freehold.domain.fees import FeeSchedule
from freehold.domain.holding import SMALLEST_AMOUNT_MINOR, Held, Holding, faults_of
from freehold.domain.ledger import Balances
from freehold.domain.legs import LEGS_LIMIT
from freehold.domain.money import Money
from freehold.domain.money_process import HUMAN, PROCESS, STATES, TRANSITIONS, actors_of, parties_told, rows_for, timed_rows
from freehold.domain.process import NotInThisState, NotYourStep

M = "mst_1"
TENTH = FeeSchedule(version=1, basis_points=1_000)
FUND = Facts(payment_id="pay_1", gateway="sandbox", fee_schedule=TENTH)


def usd(amount):
    return Money(amount, "USD")


def created(amount=1_005):
    return Held(milestone_id=M, payee_id="usr_f", state="created", holding=Holding(amount=usd(amount)))


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
RELEASED = (*SUBMITTED, ("release", "client"), ("transfer_known", "gateway", moved(904)))
LATE = (*FUNDED[:1], ("cancel", "client"), ("deposit_paid", "gateway", paid()))
DISPUTED = (*SUBMITTED, ("dispute", "client", Facts(dispute_id="dsp_1")))
CHARGEBACK = Facts(chargeback_id="cbk_1", paid=usd(1_005), gateway_fee=15)
SETTLEMENT = Facts(dispute_id="dsp_1", part=500, dispute_fee=5)
PATHS = {
    "created": (),
    "funding": FUNDED[:1],
    "funded": FUNDED,
    "submitted": SUBMITTED,
    "disputed": DISPUTED,
    "releasing": (*SUBMITTED, ("release", "client")),
    "released": RELEASED,
    "payout_blocked": (*SUBMITTED, ("release", "client"), ("transfer_refused", "gateway", moved(904))),
    "cancelled": (*FUNDED[:1], ("cancel", "client")),
    "refunding": LATE,
    "refunded": (*LATE, ("refund_known", "gateway", moved(1_005))),
    "refund_blocked": (*LATE, ("refund_refused", "gateway", moved(1_005))),
    "settling": (*DISPUTED, ("settle_dispute", "operator", SETTLEMENT)),
    "charged_back": (*FUNDED, ("chargeback_opened", "gateway", CHARGEBACK), ("chargeback_lost", "gateway", CHARGEBACK)),
}  # fmt: skip
PARTIAL = (*SUBMITTED, ("release", "client", Facts(part=500)), ("transfer_refused", "gateway", moved(450)))
HALF_REFUNDED = (*FUNDED, ("refund", "freelancer", Facts(part=500)), ("refund_refused", "gateway", moved(500)))
MORE_PATHS = {
    "payout_blocked with a rest": PARTIAL,
    "payout_blocked and disputed": (*PARTIAL, ("dispute", "client", Facts(dispute_id="dsp_1"))),
    "refund_blocked with a rest": HALF_REFUNDED,
    "refund_blocked and disputed": (*HALF_REFUNDED, ("dispute", "client", Facts(dispute_id="dsp_1"))),
    "disputed before it was submitted": (*FUNDED, ("dispute", "freelancer", Facts(dispute_id="dsp_1"))),
    "submitted and disputed in part": (*SUBMITTED, ("dispute", "client", Facts(dispute_id="dsp_1", part=500))),
    "funded and disputed in part": (*FUNDED, ("dispute", "client", Facts(dispute_id="dsp_1", part=500))),
    "proposed by the client": (*SUBMITTED, ("propose_split", "client", Facts(part=300))),
    "proposed by the freelancer": (*FUNDED, ("propose_split", "freelancer", Facts(part=300))),
    "funded with a chargeback": (*FUNDED, ("chargeback_opened", "gateway", CHARGEBACK)),
    "given back": (*RELEASED, ("refund", "freelancer")),
    "given back and refunded": (*RELEASED, ("refund", "freelancer"), ("refund_known", "gateway", moved(1_005, leg=2))),
    "payment refused": (*FUNDED[:1], ("deposit_refused", "gateway", paid())),
}  # fmt: skip
WEEK_PATHS = {
    "a week": (),
    "a week whose payment was refused": (("fund", "scheduler", FUND), ("deposit_refused", "gateway", paid())),
    "a week that waits": (("fund", "scheduler", FUND),),
    "a week that is paid": (("fund", "scheduler", FUND), ("deposit_paid", "gateway", paid())),
}
GOOD_FACTS = {
    "fund": (FUND,),
    "deposit_paid": (paid(), paid(999)),
    "deposit_refused": (paid(),),
    "payment_cancelled": (paid(),),
    "transfer_known": (moved(904), moved(450)),
    "transfer_refused": (moved(904),),
    "payout_returned": (moved(904),),
    "refund_known": (moved(1_005), moved(500, leg=2)),
    "refund_refused": (moved(1_005), moved(500, leg=2)),
    "refund_returned": (moved(1_005),),
    "reversal_known": (moved(904, leg=3),),
    "reversal_refused": (moved(904, leg=3),),
    "dispute": (Facts(dispute_id="dsp_1"),),
    "settle_dispute": (SETTLEMENT,),
    "chargeback_opened": (CHARGEBACK,),
    "chargeback_won": (CHARGEBACK,),
    "chargeback_lost": (CHARGEBACK,),
}
ACTORS = ("client", "freelancer", "operator", "scheduler", "gateway")


def every_beginning():
    """Give milestones in every state, and then some: by name."""
    found = {name: drive(created(), *path) for name, path in {**PATHS, **MORE_PATHS}.items()}
    week = msgspec.structs.replace(created(), kind="week")
    return found | {name: drive(week, *path) for name, path in WEEK_PATHS.items()}


def test_every_state_can_be_reached():
    assert set(PATHS) == set(STATES)
    assert {state: drive(created(), *path).state for state, path in PATHS.items()} == {state: state for state in STATES}


@pytest.mark.parametrize("transition", TRANSITIONS)
def test_a_step_is_taken_only_by_the_actor_and_from_the_states_of_the_table(transition):
    for name, held in every_beginning().items():
        for actor, facts in itertools.product(ACTORS, GOOD_FACTS.get(transition, (Facts(),))):
            rows = [row for row in rows_for(transition, held.state) if row.by == actor]
            try:
                step = take(held, transition, by=actor, facts=facts)
            except NotYourStep:
                assert actor not in actors_of(transition), (name, actor)
            except NotInThisState:
                assert actor in actors_of(transition), (name, actor)
                assert all(row.when or "is_milestone" in row.guards for row in rows), (name, actor)
            except Refused:
                assert rows, (name, actor)
            else:
                assert step.row in rows
                assert step.row.resolves or step.after.state == step.row.target
                assert faults_of(step.after) == (), name


def test_every_row_of_the_table_can_be_taken_and_most_lead_where_they_say():
    taken = {}
    for transition in TRANSITIONS:
        for held in every_beginning().values():
            for actor, facts in itertools.product(ACTORS, GOOD_FACTS.get(transition, (Facts(),))):
                with contextlib.suppress(Refused):
                    step = take(held, transition, by=actor, facts=facts)
                    taken.setdefault(PROCESS.index(step.row), set()).add(step.after.state)
    driven_by_another_clock = {
        PROCESS.index(row) for row in PROCESS if row.due == "hold_expires_at" and row.transition == "auto_release"
    }
    assert set(taken) | driven_by_another_clock == set(range(len(PROCESS)))
    assert [PROCESS[place].transition for place, states in taken.items() if PROCESS[place].target not in states] == []


@pytest.mark.parametrize("name", [*PATHS, *MORE_PATHS, *WEEK_PATHS])
def test_the_buttons_of_a_person_are_exactly_the_steps_that_they_may_take(name):
    held = every_beginning()[name]
    for actor in ("client", "freelancer", "operator"):
        taken = []
        for transition in TRANSITIONS:
            try:
                take(held, transition, by=actor, facts=Facts())
            except Refused:
                continue
            taken.append(transition)
        assert sorted(actions_of(held, actor)) == sorted(taken)
    assert actions_of(held, "scheduler") == actions_of(held, "gateway") == ()


def test_every_timed_step_has_a_human_twin():
    """What the clock does, a person can do before: release, cancel, give back. (A reminder has no twin: it moves nothing.)"""
    twins = {"auto_release": "release", "expire_funding": "cancel", "abandon": "refund", "remind": None}
    timed = [row for row in PROCESS if row.due is not None]
    assert {row.transition for row in timed} == set(twins)
    for row in timed:
        twin = twins[row.transition]
        if twin and row.source != "disputed":
            sources = {
                source for other in PROCESS if other.transition == twin and other.by in HUMAN for source in other.sources
            }
            assert set(row.sources) <= sources, row.transition
    assert {row.transition for row in timed_rows("auto_release_at")} == {"auto_release"}
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
    held = drive(created(), *SUBMITTED, ("chargeback_opened", "gateway", CHARGEBACK))
    for transition, actor in (("release", "client"), ("auto_release", "scheduler")):
        with pytest.raises(Refused) as refusal:
            take(held, transition, by=actor, facts=Facts())
        assert refusal.value.code == "chargeback_open"
    assert actions_of(held, "client") == ("request_changes", "propose_split")


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


@pytest.mark.parametrize("amount", [1, 1_004, 1_006, 2_010])
def test_a_payment_of_another_amount_is_never_held_but_goes_back(amount):
    step = take(drive(created(), *FUNDED[:1]), "deposit_paid", by="gateway", facts=paid(amount))
    assert lines_of(step) == {"deposit:pay_1": {"clearing:sandbox": amount, "refund_due:mst_1": -amount}}
    assert (step.after.state, step.command.money) == ("refunding", usd(amount))
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
