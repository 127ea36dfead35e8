"""What a chargeback kept back is tried again by itself once the bank has decided that the payment stands."""

import pytest

from freehold.documents import Command, OutboxRow
from freehold.domain.money import Money
from freehold.domain.settlement import ChargebackReport
from freehold.store import now
from freehold.store.audit import audit_ledger
from freehold.store.chargebacks import take_in
from tests.api import Api
from tests.escrow import Work, amounts

pytestmark = pytest.mark.own_ledger
A, NET, FEE = 19_005, 17_104, 1_901


def bank_says(api: Api, milestone_id: str, state: str, *, part: str = "", amount: int = A) -> None:
    """Let the payer's bank take the payment (or a part of it) back, or decide about it."""
    asked = api.run(api.store.require(Command, f"fund:{milestone_id}"))
    money = Money(amount, "USD")
    report = ChargebackReport(
        id=f"cbk_{milestone_id}{part}", payment_id=asked.payment_id, milestone_id=milestone_id, state=state, money=money
    )
    api.run(api.store.transact(lambda unit: take_in(unit, report, now=now()), deadline_s=5))


def released_and_taken_back(api: Api) -> tuple[Work, str]:
    """Release a milestone; before the gateway is asked to pay, the payer's bank takes the payment back."""
    work = Work.begun(api)
    milestone = work.take(work.client, work.submitted(A), "release")
    bank_says(api, milestone["id"], "opened")
    api.settle()
    assert work.read(milestone["id"])["state"] == "payout_blocked"
    return work, milestone["id"]


def tries(api: Api, milestone_id: str, kind: str) -> int:
    return len(api.run(api.store.find(Command, {"milestone_id": milestone_id, "kind": kind})))


def test_a_payout_goes_out_by_itself_when_the_chargeback_is_won(api: Api):
    work, milestone_id = released_and_taken_back(api)
    bank_says(api, milestone_id, "won")
    api.settle()
    assert amounts(work.read(milestone_id)) == {"deposited": A, "released": NET, "fees": FEE}
    assert tries(api, milestone_id, "transfer") == 2
    assert api.run(audit_ledger(api.store)).violations == ()


def test_a_payout_stays_when_the_chargeback_is_lost(api: Api):
    _, milestone_id = released_and_taken_back(api)
    bank_says(api, milestone_id, "lost")
    api.settle()
    assert tries(api, milestone_id, "transfer") == 1
    assert api.run(audit_ledger(api.store)).violations == ()


def test_a_payout_that_a_hold_keeps_back_too_waits_for_the_hold(api: Api):
    work, milestone_id = released_and_taken_back(api)
    admin = api.admin()
    hold = admin.post("/api/admin/holds", {"user_id": work.freelancer.id, "reason": "Fraud?"})
    bank_says(api, milestone_id, "won")
    api.settle()
    assert work.read(milestone_id)["state"] == "payout_blocked"
    assert tries(api, milestone_id, "transfer") == 1
    admin.post(f"/api/admin/holds/{hold['id']}/lift", {"reason": "It was them."}, status=200)
    api.settle()
    assert work.read(milestone_id)["state"] == "released"


def test_a_refund_that_the_gateway_refused_goes_back_by_itself_when_the_chargeback_is_won(api: Api):
    work = Work.begun(api)
    milestone = work.funded(A, method="refund_refused")
    work.take(work.freelancer, milestone, "refund")
    api.settle()
    bank_says(api, milestone["id"], "opened")
    waiting = work.read(milestone["id"])
    assert work.take(work.client, waiting, "retry_refund", status=409)["code"] == "chargeback_open"
    bank_says(api, milestone["id"], "won")
    api.settle()
    assert amounts(work.read(milestone["id"])) == {"deposited": A, "refunded": A}
    assert tries(api, milestone["id"], "refund") == 2
    assert api.run(audit_ledger(api.store)).violations == ()


def test_a_refund_that_waits_for_another_reason_is_not_tried_without_a_chargeback(api: Api):
    work = Work.begun(api)
    milestone = work.funded(A, method="refund_refused")
    part = {"amount": 5_000, "currency": "USD"}
    work.take(work.freelancer, milestone, "refund", amount=part)
    api.settle()
    rest = work.read(milestone["id"])
    assert (rest["state"], tries(api, milestone["id"], "refund")) == ("refund_blocked", 1)


def test_of_several_chargebacks_each_event_says_what_its_own_was_for(api: Api):
    milestone = Work.begun(api).funded(A)
    said = [("a", 5_000, "opened"), ("b", 700, "opened"), ("a", 5_000, "won"), ("b", 700, "lost")]
    for part, amount, state in said:
        bank_says(api, milestone["id"], state, part=part, amount=amount)
    told = {"aggregate": milestone["id"], "type": {"$regex": "chargeback"}}
    rows = api.run(api.store.find(OutboxRow, told, sort=(("_id", 1),)))
    heard = [(row.type.rpartition("_")[2], row.body["moved"]["amount"]) for row in rows]
    assert heard == [(state, amount) for _, amount, state in said]
