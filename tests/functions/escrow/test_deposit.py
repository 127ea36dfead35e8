"""Paying for a milestone: paid, refused, late, wrong, cancelled, expired; and never twice."""

import pytest

from freehold.documents import Command
from tests.api import Api
from tests.escrow import Work, amounts, overdue, resume, settle_payment, tick, usd
from tests.hiring import fields_at_fault


def deposit(work, milestone, *, status=202, key=None, **fields):
    return work.client.post("/api/escrow/deposit", {"milestone_id": milestone["id"], **fields}, status=status, key=key)


def test_a_refused_payment_can_be_tried_again_with_another_method(api: Api):
    work = Work.begun(api)
    milestone = work.created()
    deposit(work, milestone, method="card_declined")
    api.settle()
    refused = work.read(milestone["id"])
    assert (refused["state"], refused["actions"], amounts(refused)) == ("funding", ["fund", "cancel"], {})
    deposit(work, milestone, method="card")
    api.settle()
    assert amounts(work.read(milestone["id"])) == {"deposited": 19_005, "held": 19_005}


def test_a_second_deposit_is_refused_while_the_first_is_under_way_and_after_it_is_paid(api: Api):
    work = Work.begun(api)
    milestone = work.created()
    deposit(work, milestone)
    assert deposit(work, milestone, status=409)["code"] == "not_in_this_state"
    api.settle()
    assert deposit(work, milestone, status=409)["code"] == "not_in_this_state"
    assert amounts(work.read(milestone["id"])) == {"deposited": 19_005, "held": 19_005}


def test_the_same_idempotency_key_pays_once_and_gets_the_stored_answer(api: Api):
    work = Work.begun(api)
    milestone = work.created()
    first = deposit(work, milestone, key="pay-1")
    api.settle()
    assert deposit(work, milestone, key="pay-1") == first
    assert deposit(work, milestone, key="pay-1", method="card", status=422)["code"] == "idempotency_key_reused"
    assert api.run(api.store.count(Command, {"milestone_id": milestone["id"]}, limit=10)) == 1


@pytest.mark.own_ledger
def test_a_payment_that_takes_its_time_is_looked_up_until_it_is_there(api: Api):
    work = Work.begun(api)
    milestone = work.created()
    deposit(work, milestone, method="bank_transfer")
    api.settle()
    assert resume(api) == 0
    assert work.read(milestone["id"])["state"] == "funding"
    settle_payment(api, milestone["id"])
    resume(api)
    assert work.read(milestone["id"])["state"] == "funded"


def test_a_funding_that_nobody_pays_expires_by_the_databases_clock(api: Api):
    work = Work.begun(api)
    milestone = work.funding()
    api.settle()
    tick(api, "escrow-expire-fundings")
    assert work.read(milestone["id"])["state"] == "funding"
    overdue(api, milestone["id"], "funding_expires_at")
    assert tick(api, "escrow-expire-fundings") >= 1
    api.settle()
    expired = work.read(milestone["id"])
    assert (expired["state"], expired["actions"], expired["funding_expires_at"]) == ("cancelled", [], None)
    resume(api)
    states = {command.kind: command.state for command in commands_of(api, milestone)}
    assert states == {"fund": "settled", "cancel": "settled"}
    payment = api.run(api.store.database["sandbox_objects"].find_one({"group": milestone["id"]}))
    assert payment["state"] == "cancelled"


def test_a_payment_that_comes_after_the_cancellation_is_given_back_whole(api: Api):
    work = Work.begun(api)
    milestone = work.funding()
    api.settle()
    settle_payment(api, milestone["id"])
    cancelled = work.take(work.client, work.read(milestone["id"]), "cancel")
    assert cancelled["state"] == "cancelled"
    api.settle()
    assert (work.read(milestone["id"])["state"], amounts(work.read(milestone["id"]))) == (
        "refunded",
        {"deposited": 19_005, "refunded": 19_005},
    )
    resume(api)
    assert {command.state for command in commands_of(api, milestone)} == {"settled"}


def test_a_payment_of_another_amount_is_given_back_and_never_held(api: Api):
    work = Work.begun(api)
    milestone = work.funding()
    api.settle()
    settle_payment(api, milestone["id"], money=usd(19_004))
    resume(api)
    done = work.read(milestone["id"])
    assert (done["state"], amounts(done)) == ("refunded", {"deposited": 19_004, "refunded": 19_004})


def test_a_payment_in_another_currency_is_left_for_a_person_and_the_command_is_stuck(api: Api):
    work = Work.begun(api)
    milestone = work.funding()
    api.settle()
    settle_payment(api, milestone["id"], money={"amount": 19_005, "currency": "EUR"})
    resume(api)
    (command,) = commands_of(api, milestone)
    assert (command.state, command.error.partition(":")[0]) == ("stuck", "payment_not_expected")
    assert command.report.money.currency == "EUR"
    assert (work.read(milestone["id"])["state"], amounts(work.read(milestone["id"]))) == ("funding", {})


def test_a_cancelled_milestone_never_asks_for_a_payment_that_was_not_asked_for_yet(api: Api):
    work = Work.begun(api)
    milestone = work.funding(method="card")
    work.take(work.client, milestone, "cancel")
    api.settle()
    assert (work.read(milestone["id"])["state"], amounts(work.read(milestone["id"]))) == ("cancelled", {})
    assert {command.kind: command.state for command in commands_of(api, milestone)} == {
        "fund": "withdrawn",
        "cancel": "settled",
    }
    assert api.run(api.store.database["sandbox_objects"].count_documents({"group": milestone["id"]})) == 0


def test_a_milestone_without_money_is_cancelled_at_once(api: Api):
    work = Work.begun(api)
    cancelled = work.take(work.client, work.created(), "cancel")
    assert (cancelled["state"], cancelled["actions"]) == ("cancelled", [])
    assert deposit(work, cancelled, status=409)["code"] == "not_in_this_state"


@pytest.mark.parametrize(
    ("fields", "at_fault"),
    [
        ({"method": "barter"}, ["body.method"]),
        ({"method": "CARD"}, ["body.method"]),
        ({"gateway": "$where"}, ["body.gateway"]),
        ({"amount": {"amount": 1, "currency": "USD"}}, ["body.amount"]),
        ({"milestone_id": {"$ne": None}}, ["body.milestone_id"]),
        ({"version": "1"}, ["body.version"]),
    ],
)
def test_a_deposit_that_makes_no_sense_names_its_fields_and_stores_nothing(api: Api, fields, at_fault):
    work = Work.begun(api)
    milestone = work.created()
    assert fields_at_fault(deposit(work, milestone, status=422, **fields)) == at_fault
    assert work.read(milestone["id"]) == milestone
    assert commands_of(api, milestone) == []


def test_a_gateway_that_is_not_there_is_refused(api: Api):
    work = Work.begun(api)
    milestone = work.created()
    assert deposit(work, milestone, gateway="stripe", status=409)["code"] == "gateway_not_available"
    assert work.read(milestone["id"]) == milestone


def commands_of(api, milestone):
    return api.run(api.store.find(Command, {"milestone_id": milestone["id"]}))
