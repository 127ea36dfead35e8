"""What must always be true of a milestone's money: each invariant is broken once, and named."""

import importlib
import pkgutil

import msgspec
import pytest

import freehold.domain
from freehold.domain.audit import Violation, expected_keys, violations_of, waits_for_nothing
from freehold.domain.escrow import Command, Facts
from freehold.domain.fees import FeeSchedule
from freehold.domain.holding import LARGEST_AMOUNT_MINOR, SMALLEST_AMOUNT_MINOR, Held, Holding, faults_of
from freehold.domain.ledger import Balances
from freehold.domain.legs import (
    CHARGEBACKS_LIMIT,
    DISPUTES_LIMIT,
    LEGS_LIMIT,
    Chargeback,
    ClosedDispute,
    Leg,
    OpenDispute,
    Taking,
)
from freehold.domain.money import LARGEST_AMOUNT, Money

TENTH = FeeSchedule(version=1, basis_points=1_000, tax_basis_points=500)
RELEASE = Leg(number=1, kind="release", gross=400, fee=40, tax=20, origin="submitted")
REFUND = Leg(number=2, kind="refund", gross=100, origin="submitted")
SETTLED = ClosedDispute(id="dsp_0", amount=50, ended="settled", fee=7)


def held(state="settling", **changes):
    """Hold 1,000: 400 on their way to the freelancer (less 40 and 20), 100 on their way back, 200 disputed, 300 left."""
    base = Holding(
        amount=Money(1_000, "USD"), gateway="sandbox", payment_id="pay_1", paid_payment_id="pay_1", fund_attempt=1,
        fee_schedule=TENTH, deposited=1_000, work="submitted",
        balances=Balances(escrow=300, disputed=200, payable=340, refund_due=100), legs=(RELEASE, REFUND),
        dispute=OpenDispute(id="dsp_1", amount=200),
    )  # fmt: skip
    return Held(milestone_id="mst_1", payee_id="usr_f", state=state, holding=msgspec.structs.replace(base, **changes))


def leg(of=RELEASE, **changes):
    return msgspec.structs.replace(of, **changes)


def balances(**changes):
    return msgspec.structs.replace(held().holding.balances, **changes)


EMPTY = "a leg is empty, or gives more than it has"
DEPOSIT = "the deposit is not what is held and what the legs took"
BELOW = "a held balance is below zero"
PAYABLE = "payable is not the nets that are still to be paid"
REFUND_DUE = "refund_due is not the refunds that are still to be made"
DISPUTED = "disputed is not what the dispute freezes"
FEES = "the fees are not the fee of what was released"
TAXES = "the taxes are not the tax of what was released"
NUMBERS = "the legs are not numbered one by one"
OVER = "a milestone that is over still holds money"
BEFORE = "a milestone without a deposit holds money"
NOTHING = "a milestone with work in it holds nothing"
STATE = "the state is not where the money is"
CHARGEBACK = "a chargeback took another amount than its own"


def test_what_adds_up_has_no_fault():
    assert faults_of(held()) == ()
    assert faults_of(Held(milestone_id="mst_1", state="created", holding=Holding(amount=Money(5, "USD")))) == ()


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({"balances": balances(escrow=-1)}, {BELOW, DEPOSIT}),
        ({"balances": balances(escrow=301)}, {DEPOSIT}),
        ({"balances": balances(payable=341)}, {PAYABLE}),
        ({"balances": balances(payable=-1)}, {BELOW, PAYABLE}),
        ({"balances": balances(refund_due=99)}, {REFUND_DUE}),
        ({"balances": balances(disputed=199, escrow=301)}, {DISPUTED}),
        ({"dispute": None}, {DISPUTED}),
        ({"deposited": 1_001}, {DEPOSIT}),
        ({"legs": (leg(fee=41, tax=19), REFUND)}, {FEES}),
        ({"legs": (leg(tax=18), REFUND), "balances": balances(payable=342)}, {TAXES}),
        ({"legs": (leg(tax=21), REFUND), "balances": balances(payable=339)}, set()),
        ({"legs": (leg(tax=19), REFUND), "balances": balances(payable=341)}, set()),
        ({"legs": (leg(number=2), leg(REFUND, number=1))}, {NUMBERS}),
        ({"legs": (RELEASE, leg(REFUND, number=3))}, {NUMBERS}),
        ({"legs": (RELEASE, REFUND, leg(REFUND, number=3, gross=0))}, {EMPTY}),
        ({"disputes": (SETTLED,), "balances": balances(escrow=293)}, set()),
        ({"disputes": (SETTLED,)}, {DEPOSIT}),
        ({"chargebacks": (Chargeback(id="cbk_1", amount=9),)}, set()),
        ({"chargebacks": (Chargeback(id="cbk_1", amount=9, state="won"),)}, set()),
        ({"chargebacks": (Chargeback(id="cbk_1", amount=9, state="lost"),)}, {CHARGEBACK}),
        ({"chargebacks": (Chargeback(id="cbk_1", amount=9, taking=Taking(lost=1)),)}, {CHARGEBACK}),
        ({"fee_schedule": None}, {FEES, TAXES}),
    ],
)  # fmt: skip
def test_each_broken_invariant_is_named_and_no_other(changes, faults):
    assert set(faults_of(held(**changes))) == faults


@pytest.mark.parametrize(
    ("state", "changes", "faults"),
    [
        ("released", {}, {OVER, STATE}),
        ("refunded", {}, {OVER, STATE}),
        ("cancelled", {}, {OVER, STATE}),
        ("charged_back", {}, {OVER, STATE}),
        ("created", {}, {BEFORE, STATE}),
        ("funding", {}, {BEFORE, STATE}),
        ("releasing", {}, {STATE}),
        ("submitted", {}, {STATE}),
        ("submitted", {"deposited": 0, "balances": Balances(), "legs": (), "dispute": None}, {NOTHING}),
        ("funded", {"deposited": 0, "balances": Balances(), "legs": (), "dispute": None}, {NOTHING}),
        ("cancelled", {"deposited": 0, "balances": Balances(), "legs": (), "dispute": None}, set()),
    ],
)
def test_a_state_that_is_not_where_the_money_is_is_named(state, changes, faults):
    assert set(faults_of(held(state, **changes))) == faults


@pytest.mark.parametrize(
    "changes",
    [{"returned": -1}, {"returned": 401}, {"reversed": 341}, {"taken": 341}, {"offsets": ((1, 341),)}, {"fee": 400, "tax": 20}],
)
def test_a_leg_gives_no_more_than_it_has(changes):
    assert EMPTY in faults_of(held(legs=(leg(**changes), REFUND)))


@pytest.mark.parametrize("account", ["escrow", "disputed", "refund_due", "payable", "debt", "fees", "tax", "lost"])
def test_every_account_that_a_lost_chargeback_took_from_counts(account):
    taken = Chargeback(id="cbk_1", amount=9, state="lost", taking=Taking(**{account: 9}))
    assert CHARGEBACK not in faults_of(held(chargebacks=(taken,)))
    both = Taking(**{account: 9, "lost" if account != "lost" else "fees": 1})
    assert CHARGEBACK in faults_of(held(chargebacks=(msgspec.structs.replace(taken, taking=both),)))
    assert CHARGEBACK not in faults_of(held(chargebacks=(msgspec.structs.replace(taken, amount=10, taking=both),)))


BOOKS = {
    ("escrow:mst_1", "USD"): -300, ("disputed:mst_1", "USD"): -200, ("payable:mst_1", "USD"): -340,
    ("refund_due:mst_1", "USD"): -100, ("clearing:sandbox", "USD"): 993, ("gateway_fees", "USD"): 7, ("fees", "USD"): -40,
    ("tax_payable", "USD"): -20,
}  # fmt: skip
KEYS = {"deposit:pay_1", "release:mst_1:1", "reserve:mst_1:2", "dispute:dsp_1"}
UNDER_WAY = {("transfer", 1, 1), ("refund", 2, 1)}


def audited(subject=None, *, sums=BOOKS, keys=KEYS, under_way=UNDER_WAY):
    return violations_of(subject or held(), sums=sums, keys=keys, under_way=under_way)


def test_books_that_agree_show_nothing_and_a_gateways_fee_may_be_there_or_not():
    assert audited() == []
    assert audited(keys={*KEYS, "gwfee:pay_1", "gwfee_back:cbk_1"}) == []
    without = {("gateway_fees", "USD"): 0, ("clearing:sandbox", "USD"): 1_000}
    assert audited(sums=BOOKS | without) == []


@pytest.mark.parametrize("place", sorted(BOOKS))
def test_a_sum_that_is_off_is_told_with_both_figures(place):
    found = audited(sums=BOOKS | {place: BOOKS[place] + 5})
    own = 0 if place == ("gateway_fees", "USD") else BOOKS[place]
    if place == ("gateway_fees", "USD"):
        told = "clearing:sandbox is 993 USD by the journals, 988 by the milestone"
    else:
        told = f"{place[0]} is {own + 5} USD by the journals, {own} by the milestone"
    assert found == [Violation(code="balance_differs", subject="mst_1", detail=told)]


def test_a_sum_that_is_missing_or_strange_is_told():
    strange = BOOKS | {("fees", "EUR"): 4}
    assert [each.detail for each in audited(sums=strange)] == ["fees is 4 EUR by the journals, 0 by the milestone"]
    missing = {place: amount for place, amount in BOOKS.items() if place[0] != "fees"}
    assert [each.detail for each in audited(sums=missing)] == ["fees is 0 USD by the journals, -40 by the milestone"]


def test_journals_that_are_missing_or_that_nobody_expects_are_named():
    found = audited(keys=(KEYS - {"release:mst_1:1", "deposit:pay_1"}) | {"release:mst_1:9", "refund:mst_1:2"})
    assert [(each.code, each.subject, each.detail) for each in found] == [
        ("journal_missing", "mst_1", "deposit:pay_1"), ("journal_missing", "mst_1", "release:mst_1:1"),
        ("journal_unexpected", "mst_1", "refund:mst_1:2"), ("journal_unexpected", "mst_1", "release:mst_1:9"),
    ]  # fmt: skip


@pytest.mark.parametrize("missing", sorted(UNDER_WAY))
def test_money_that_nobody_will_ask_for_is_told(missing):
    (found,) = audited(under_way=UNDER_WAY - {missing})
    assert (found.code, found.subject) == ("command_missing", "mst_1")
    assert "settling" in found.detail
    assert waits_for_nothing(held(legs=(leg(attempt=2), REFUND)), UNDER_WAY)


def test_a_payment_that_is_waited_for_is_asked_for_under_its_attempt():
    funding = held("funding", deposited=0, balances=Balances(), legs=(), dispute=None, paid_payment_id=None, fund_attempt=2)
    assert not waits_for_nothing(funding, {("fund", None, 2)})
    assert waits_for_nothing(funding, {("fund", None, 1), ("fund", 2, 2)})
    refused = msgspec.structs.replace(funding, holding=msgspec.structs.replace(funding.holding, payment_refused=True))
    assert not waits_for_nothing(refused, set())


LIVED = (
    leg(state="done", attempt=3, bounced=(1, 2), offsets=((2, 5),)),
    leg(REFUND, state="done", attempt=2, bounced=(1,), source="disputed"),
    leg(REFUND, number=3, state="done", by_hand=True),
    leg(REFUND, number=4, source="released", state="blocked"),
    leg(REFUND, number=5, source="unmatched"),
    Leg(number=6, kind="reversal", gross=9, origin="released", state="done", reverses=1),
    Leg(number=7, kind="reversal", gross=9, origin="released", state="refused", reverses=1),
    leg(number=8, state="done", taken=340),
)


def test_the_journals_of_a_life_are_named_by_what_happened_in_it():
    disputes = (
        ClosedDispute(id="dsp_2", amount=5, ended="withdrawn"),
        ClosedDispute(id="dsp_3", amount=5, ended="settled", fee=1),
        ClosedDispute(id="dsp_4", amount=5, ended="moot"),
    )
    chargebacks = tuple(Chargeback(id=f"cbk_{state}", amount=9, state=state) for state in ("open", "won", "lost"))
    assert expected_keys(held(legs=LIVED, disputes=disputes, chargebacks=chargebacks)) == {
        "deposit:pay_1", "dispute:dsp_1", "dispute:dsp_2", "undispute:dsp_2", "dispute:dsp_3", "dispute_fee:dsp_3",
        "dispute:dsp_4", "cb_open:cbk_open", "cb_open:cbk_won", "cb_won:cbk_won", "cb_open:cbk_lost", "cb_lost:cbk_lost",
        "release:mst_1:1", "offset:mst_1:1#2", "transfer:mst_1:1", "transfer:mst_1:1#2", "transfer:mst_1:1#3",
        "payout_returned:mst_1:1", "payout_returned:mst_1:1#2",
        "reserve:mst_1:2", "refund:mst_1:2", "refund:mst_1:2#2", "refund_returned:mst_1:2",
        "reserve:mst_1:3", "refund_by_hand:mst_1:3", "return:mst_1:4", "reversal:mst_1:6", "release:mst_1:8",
    }  # fmt: skip


def test_the_books_of_a_life_are_added_up_account_by_account():
    legs = (
        leg(state="done", offsets=((1, 30),), returned=100, fee_returned=10, tax_returned=5),
        leg(REFUND, state="done"),
        leg(REFUND, number=3, gross=60, state="done", by_hand=True),
        Leg(number=4, kind="reversal", gross=50, origin="released", state="done", reverses=1),
    )
    disputes = (ClosedDispute(id="dsp_2", amount=9, ended="settled", fee=6),)
    chargebacks = (
        Chargeback(id="cbk_1", amount=40), Chargeback(id="cbk_2", amount=25, state="won"),
        Chargeback(id="cbk_3", amount=11, state="lost", taking=Taking(lost=11)),
    )  # fmt: skip
    lived = held(legs=legs, disputes=disputes, chargebacks=chargebacks, balances=Balances())
    told = {each.detail for each in audited(lived, sums={}) if each.code == "balance_differs"}
    assert told == {
        f"{account} is 0 USD by the journals, {amount} by the milestone"
        for account, amount in {
            "clearing:sandbox": 1_000 - 310 - 100 + 50 - 51, "fees": -36, "tax_payable": -15, "platform_funds": -60,
            "freelancer_debt:usr_f": 85 - 30 - 50, "cb_receivable": 40, "bad_debt": 11,
        }.items()
    }  # fmt: skip


def test_the_limits_are_those_that_are_published():
    assert (SMALLEST_AMOUNT_MINOR, LARGEST_AMOUNT_MINOR) == (100, 10_000_000_000)
    assert (LEGS_LIMIT, DISPUTES_LIMIT, CHARGEBACKS_LIMIT) == (20, 5, 5)
    assert LARGEST_AMOUNT == 9_007_199_254_740_991


def structs():
    modules = [
        importlib.import_module(found.name) for found in pkgutil.walk_packages(freehold.domain.__path__, "freehold.domain.")
    ]
    values = {value for module in modules for value in vars(module).values() if isinstance(value, type)}
    return sorted((value for value in values if issubclass(value, msgspec.Struct)), key=lambda value: value.__qualname__)


def test_values_of_the_rules_never_change():
    faults_of(held())
    mine = [value for value in structs() if value.__module__.startswith("freehold.domain.")]
    assert len(mine) > 40
    assert [value.__qualname__ for value in mine if not value.__struct_config__.frozen] == []


def test_money_with_a_field_that_nobody_knows_is_refused():
    assert msgspec.json.decode(b'{"amount": 5, "currency": "USD"}', type=Money) + Money(1, "USD") == Money(6, "USD")
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"amount": 5, "currency": "USD", "exponent": 2}', type=Money)


def test_what_nobody_says_about_a_step_is_nothing():
    facts = msgspec.to_builtins(Facts())
    assert {name: value for name, value in facts.items() if value is not None} == {
        "gateway_fee": 0, "attempt": 1, "debt": 0, "dispute_fee": 0, "dispute_fee_of_client": 0,
        "received": 0, "given_back": 0,
    }  # fmt: skip
    assert Leg(number=1, kind="refund", gross=5, origin="funded").net_kept == 5
    command = Command(kind="cancel", key="cancel:mst_1", attempt=1, money=Money(5, "USD"), payment_id=None)
    assert (command.leg, command.transfer_key, command.conversion) == (None, None, None)
