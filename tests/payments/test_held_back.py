"""A payout that was asked for waits after all when a hold or a chargeback came before the gateway was asked."""

import msgspec
import pytest

from freehold.documents import PayoutHold
from freehold.domain.escrow import ChargebackNotExpected, Facts
from freehold.domain.money import Money
from freehold.domain.settlement import ChargebackReport
from freehold.ids import new_id
from freehold.payments import GatewayUnavailable
from freehold.store import now
from freehold.store.chargebacks import take_in
from freehold.store.payees import change_profile
from tests.payments.desk import A, Desk

REASON = "The account is new."


@pytest.fixture
def desk(ledger) -> Desk:
    return Desk(ledger.store, ledger.run)


def hold(desk: Desk, milestone_id: str, *holds: PayoutHold) -> None:
    payee = desk.milestone(milestone_id).freelancer_id

    async def work(unit):
        await change_profile(unit, payee, lambda profile: msgspec.structs.replace(profile, holds=holds), now=now())

    desk.run(desk.transact(work))


def held(desk: Desk, milestone_id: str) -> None:
    hold(desk, milestone_id, PayoutHold(id=new_id("hld"), kind="operator", reason=REASON, since=now()))


def reason_of(desk: Desk, milestone_id: str) -> str | None:
    (leg,) = desk.milestone(milestone_id).holding.legs
    return leg.reason


def charged_back(desk: Desk, milestone_id: str) -> ChargebackReport:
    payment_id = desk.milestone(milestone_id).holding.paid_payment_id
    return ChargebackReport(
        id=f"cbk_{milestone_id}", payment_id=payment_id, milestone_id=milestone_id, state="opened", money=Money(A, "USD")
    )


def test_a_hold_that_comes_after_the_release_and_before_the_payout_keeps_it_back(desk):
    milestone_id = desk.releasing()
    held(desk, milestone_id)
    desk.gateway.calls.clear()
    assert desk.carry(f"transfer:{milestone_id}:1") == "settled"
    assert (desk.milestone(milestone_id).state, reason_of(desk, milestone_id)) == ("payout_blocked", REASON)
    assert (desk.gateway.calls, desk.moved(milestone_id, "transfer")) == ([], [])
    hold(desk, milestone_id)
    desk.step(milestone_id, "retry_payout", "freelancer", Facts())
    assert desk.carry(f"transfer:{milestone_id}:1#2") == "settled"
    assert (desk.milestone(milestone_id).state, desk.moved(milestone_id, "transfer")) == ("released", [9_004])


@pytest.mark.parametrize(("fault", "state"), [("before", "payout_blocked"), ("after", "released")])
def test_a_hold_that_comes_between_two_tries_stops_only_what_was_never_made(desk, fault, state):
    milestone_id = desk.releasing()
    desk.gateway.fail = fault
    with pytest.raises(GatewayUnavailable):
        desk.carry(f"transfer:{milestone_id}:1")
    held(desk, milestone_id)
    desk.let_time_pass(f"transfer:{milestone_id}:1")
    assert desk.carry(f"transfer:{milestone_id}:1") == "settled"
    assert desk.milestone(milestone_id).state == state
    assert desk.moved(milestone_id, "transfer") == ([9_004] if state == "released" else [])


def test_a_chargeback_of_a_payment_that_is_not_the_milestones_is_not_taken_in(desk):
    milestone_id = desk.funding()
    desk.carry(f"fund:{milestone_id}")
    report = msgspec.structs.replace(charged_back(desk, milestone_id), payment_id="pay_of_another_try")
    with pytest.raises(ChargebackNotExpected):
        desk.run(desk.transact(lambda unit: take_in(unit, report, now=now())))
    assert desk.milestone(milestone_id).holding.chargebacks == ()


@pytest.mark.parametrize(("fault", "moved"), [(None, []), ("before", []), ("after", [A])])
def test_a_refund_is_not_sent_beside_a_chargeback_unless_it_was_sent_before(desk, fault, moved):
    milestone_id = desk.funding()
    desk.carry(f"fund:{milestone_id}")
    desk.step(milestone_id, "refund", "freelancer", Facts())
    if fault is not None:
        desk.gateway.fail = fault
        with pytest.raises(GatewayUnavailable):
            desk.carry(f"refund:{milestone_id}:1")
        desk.let_time_pass(f"refund:{milestone_id}:1")
    report = charged_back(desk, milestone_id)
    desk.run(desk.transact(lambda unit: take_in(unit, report, now=now())))
    assert desk.carry(f"refund:{milestone_id}:1") == "settled"
    assert desk.moved(milestone_id, "refund") == moved
    assert desk.milestone(milestone_id).state == ("refunded" if moved else "refund_blocked")
    lost = msgspec.structs.replace(report, state="lost")
    desk.run(desk.transact(lambda unit: take_in(unit, lost, now=now())))
    (taken,) = desk.milestone(milestone_id).holding.chargebacks
    assert (taken.taking.refund_due, taken.taking.lost) == ((0, A) if moved else (A, 0))


def test_a_refund_that_waited_for_a_chargeback_can_be_made_when_that_is_won(desk):
    milestone_id = desk.funding()
    desk.carry(f"fund:{milestone_id}")
    desk.step(milestone_id, "refund", "freelancer", Facts())
    report = charged_back(desk, milestone_id)
    desk.run(desk.transact(lambda unit: take_in(unit, report, now=now())))
    desk.carry(f"refund:{milestone_id}:1")
    assert reason_of(desk, milestone_id) == "chargeback_open"
    won = msgspec.structs.replace(report, state="won")
    desk.run(desk.transact(lambda unit: take_in(unit, won, now=now())))
    desk.step(milestone_id, "retry_refund", "client", Facts())
    assert desk.carry(f"refund:{milestone_id}:1#2") == "settled"
    assert (desk.milestone(milestone_id).state, desk.moved(milestone_id, "refund")) == ("refunded", [A])


def test_a_chargeback_that_opens_before_the_payout_keeps_it_back_and_takes_it_when_it_is_lost(desk):
    milestone_id = desk.releasing()
    report = charged_back(desk, milestone_id)
    desk.run(desk.transact(lambda unit: take_in(unit, report, now=now())))
    assert desk.carry(f"transfer:{milestone_id}:1") == "settled"
    assert (desk.milestone(milestone_id).state, reason_of(desk, milestone_id)) == ("payout_blocked", "chargeback_open")
    lost = msgspec.structs.replace(report, state="lost")
    desk.run(desk.transact(lambda unit: take_in(unit, lost, now=now())))
    after = desk.milestone(milestone_id)
    assert (after.state, after.holding.balances.payable, desk.moved(milestone_id, "transfer")) == ("charged_back", 0, [])
    assert after.holding.chargebacks[0].taking.debt == 0
