"""Two operators book a refund as paid outside: once, all of it, never beside the gateway, and known to the audit."""

import asyncio

import pytest

from freehold.documents import HandRefund, Journal
from freehold.store.audit import audit_ledger
from tests.api import Api, Person
from tests.escrow import Work, amounts
from tests.hiring import fields_at_fault
from tests.payees import due

PLACE = "/api/admin/refunds-by-hand"
A = 19_005
pytestmark = pytest.mark.own_ledger


def blocked(api: Api) -> tuple[Work, str]:
    """Let the gateway refuse to give back what a milestone held."""
    work = Work.begun(api)
    milestone = work.funded(A, method="refund_refused")
    work.take(work.freelancer, milestone, "refund")
    api.settle()
    assert work.read(milestone["id"])["state"] == "refund_blocked"
    return work, milestone["id"]


def propose(admin: Person, milestone_id: str, *, status: int = 201, **body):
    good = {"milestone_id": milestone_id, "reason": "Their card is closed.", "reference": "SEPA 2026-11-28 / 17"}
    return admin.post(PLACE, {**good, **body}, status=status)


def decide(admin: Person, proposal, how: str = "approve", *, status: int = 200):
    return admin.post(f"{PLACE}/{proposal['id']}/{how}", {"note": "Seen on the bank's statement."}, status=status)


def codes(api: Api) -> set[str]:
    return {each.code for each in api.run(audit_ledger(api.store)).violations}


def test_a_refund_that_the_gateway_refuses_is_booked_once_another_operator_has_approved_it(api: Api):
    work, milestone_id = blocked(api)
    one, other = api.admin(), api.admin()
    (waiting,) = one.get("/api/admin/refunds")["items"]
    assert (waiting["milestone_id"], waiting["money"]["amount"], waiting["reason"]) == (
        milestone_id,
        A,
        "account_cannot_be_paid",
    )
    proposal = propose(one, milestone_id)
    assert (proposal["state"], proposal["money"]["amount"], proposal["reference"]) == ("proposed", A, "SEPA 2026-11-28 / 17")
    assert decide(one, proposal, status=409)["code"] == "own_proposal"
    assert decide(other, proposal)["state"] == "approved"
    assert decide(other, proposal, status=409)["code"] == "proposal_decided"
    api.settle()
    assert amounts(work.read(milestone_id)) == {"deposited": A, "refunded": A}
    (journal,) = api.run(api.store.find(Journal, {"key": f"refund_by_hand:{milestone_id}:1"}))
    assert [(line.account, line.amount) for line in journal.lines] == [
        (f"refund_due:{milestone_id}", A),
        ("platform_funds", -A),
    ]
    assert codes(api) == set()
    assert one.get("/api/admin/refunds")["items"] == []
    assert [each["id"] for each in one.get(f"{PLACE}?state=approved")["items"]] == [proposal["id"]]
    for person in (work.client, work.freelancer):
        told = [each["data"].get("movement") for each in person.get("/api/notifications?limit=100")["items"]]
        assert "refunded" in told


def test_while_it_is_proposed_the_refund_is_not_tried_again_at_the_gateway(api: Api):
    work, milestone_id = blocked(api)
    one, other = api.admin(), api.admin()
    proposal = propose(one, milestone_id)
    assert propose(other, milestone_id, status=409)["code"] == "refunded_by_hand"
    waiting = work.read(milestone_id)
    assert work.take(work.client, waiting, "retry_refund", status=409)["code"] == "refunded_by_hand"
    decide(one, proposal, "reject")
    work.take(work.client, work.read(milestone_id), "retry_refund")
    api.settle()
    assert amounts(work.read(milestone_id)) == {"deposited": A, "refunded": A}
    assert propose(one, milestone_id, status=409)["code"] == "refund_not_blocked"
    assert codes(api) == set()


def test_a_proposal_that_is_over_lets_the_client_try_again_and_books_nothing(api: Api):
    work, milestone_id = blocked(api)
    one, other = api.admin(), api.admin()
    proposal = propose(one, milestone_id)
    due(api, HandRefund.collection, proposal["id"], "expires_at")
    assert decide(other, proposal, status=409)["code"] == "proposal_expired"
    work.take(work.client, work.read(milestone_id), "retry_refund")
    api.settle()
    assert work.read(milestone_id)["state"] == "refunded"
    assert api.run(api.store.find(Journal, {"key": {"$regex": "^refund_by_hand"}})) == []


def test_of_operators_who_propose_while_the_client_tries_again_one_side_alone_succeeds(api: Api):
    work, milestone_id = blocked(api)
    admins = [api.admin() for _ in range(3)]
    body = {"milestone_id": milestone_id, "reason": "Their card is closed.", "reference": "17"}
    again = {"transition": "retry_refund", "version": work.read(milestone_id)["version"]}

    async def race():
        calls = [api.client.post(PLACE, json=body, headers=each.headers) for each in admins]
        calls.append(api.client.put(f"/api/milestones/{milestone_id}", json=again, headers=work.client.headers))
        return [answer.status_code for answer in await asyncio.gather(*calls)]

    answers = api.run(race())
    assert sum(status < 300 for status in answers) == 1, answers
    assert set(answers) <= {200, 201, 409, 503}


def test_two_who_approve_at_once_write_one_journal(api: Api):
    work, milestone_id = blocked(api)
    proposal = propose(api.admin(), milestone_id)
    admins = [api.admin() for _ in range(3)]

    async def race():
        path = f"{PLACE}/{proposal['id']}/approve"
        calls = (api.client.post(path, json={"note": "Seen."}, headers=each.headers) for each in admins)
        return [answer.status_code for answer in await asyncio.gather(*calls)]

    answers = api.run(race())
    assert (answers.count(200), set(answers) <= {200, 409, 503}) == (1, True)
    assert amounts(work.read(milestone_id)) == {"deposited": A, "refunded": A}
    assert codes(api) == set()


def test_an_operator_decides_nothing_that_they_are_a_party_of(api: Api):
    work, milestone_id = blocked(api)
    proposal = propose(api.admin(), milestone_id)
    change = {"$set": {"roles": ["admin", "employer"]}}
    api.run(api.store.database["users"].update_one({"_id": work.client.id}, change))
    client = work.client.signed_in_again()
    assert propose(client, milestone_id, status=403)["code"] == "party_of_it"
    assert decide(client, proposal, status=403)["code"] == "party_of_it"


def test_the_audit_finds_a_refund_by_hand_that_nobody_approved(api: Api):
    _, milestone_id = blocked(api)
    proposal = propose(api.admin(), milestone_id)
    decide(api.admin(), proposal)
    proposals = api.store.database[HandRefund.collection]
    api.run(proposals.update_one({"_id": proposal["id"]}, {"$set": {"money.amount": A - 1}}))
    assert codes(api) == {"journal_differs"}
    api.run(proposals.update_one({"_id": proposal["id"]}, {"$set": {"state": "rejected"}}))
    assert codes(api) == {"refund_not_approved"}
    api.run(proposals.update_one({"_id": proposal["id"]}, {"$set": {"state": "approved", "leg": 7, "money.amount": A}}))
    assert codes(api) == {"journal_missing", "refund_not_approved"}


def test_bad_proposals_name_what_is_wrong(api: Api):
    admin, funded = api.admin(), Work.begun(api).funded(A)
    assert propose(admin, funded["id"], status=409)["code"] == "refund_not_blocked"
    assert propose(admin, "mst_" + "0" * 32, status=404)["code"] == "not_found"
    good = {"milestone_id": funded["id"], "reason": "Closed.", "reference": "17"}
    for field, value in (("reference", " "), ("reference", "x" * 201), ("reason", ""), ("milestone_id", "mst_1")):
        assert fields_at_fault(admin.post(PLACE, {**good, field: value}, status=422)) == [f"body.{field}"]
