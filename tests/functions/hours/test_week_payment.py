"""Charging a week: tries and their pauses, a project that stands still, payment by hand, small bills, what is never doubled."""

import asyncio

import pytest
from bson import Int64

from freehold.documents import Command, Milestone, OutboxRow, WorkWeek
from freehold.domain.money import Money
from freehold.domain.settlement import Report
from freehold.store import now
from freehold.store.audit import audit_ledger
from freehold.store.commands import take_in
from tests.api import Api
from tests.escrow import overdue, tick, usd
from tests.hiring import fields_at_fault
from tests.hours import RATE, Hours, move_clock, save_method

RETRY = "hours-charge-due-weeks"


def due(api: Api, method: str | None = "card", *, minutes: int = 60) -> Hours:
    """Bring a week to the end of its review."""
    hours = Hours.begun(api, method=method)
    hours.work(0, minutes)
    hours.closed()
    return hours


def milestones(api: Api, hours: Hours) -> list[Milestone]:
    return api.run(api.store.find(Milestone, {"project_id": hours.project["id"]}))


def paused(hours: Hours) -> bool:
    return hours.client.get(f"/api/projects/{hours.project['id']}")["paused_at"] is not None


def retry(api: Api, hours: Hours) -> dict:
    move_clock(api, hours.week()["id"], "retry_at")
    assert tick(api, RETRY) == 1
    api.settle()
    return hours.week()


@pytest.mark.own_ledger
def test_a_refused_charge_is_tried_three_times_and_then_the_project_stands_still_until_the_client_pays(api: Api):
    hours = due(api, "card_declined")
    hours.billed()
    api.settle()
    week = hours.week()
    assert (week["state"], week["charges"], week["refusal"]) == ("retrying", 1, "card_declined")
    assert not paused(hours)
    assert tick(api, RETRY) == 0
    first = pause_of(api, week)
    week = retry(api, hours)
    assert (week["state"], week["charges"]) == ("retrying", 2)
    assert (round(first / 86_400), round(pause_of(api, week) / 86_400)) == (1, 2)
    week = retry(api, hours)
    assert (week["state"], week["charges"], week["retry_at"], paused(hours)) == ("payment_failed", 3, None, True)
    assert hours.work(100, 110, status=409)["code"] == "project_paused"
    assert hours.start(status=409)["code"] == "project_paused"
    after = hours.step(hours.client, "pay", gateway="sandbox", method="card")
    assert (after["state"], after["charges"]) == ("billing", 4)
    api.settle()
    assert (hours.week()["state"], paused(hours), len(milestones(api, hours))) == ("funded", False, 1)
    assert api.run(audit_ledger(api.store)).violations == ()


def pause_of(api: Api, week: dict) -> float:
    stored = api.run(api.store.require(WorkWeek, week["id"]))
    return (stored.retry_at - api.run(api.store.database_now())).total_seconds()


def test_a_charge_that_goes_through_at_the_second_try_pauses_nothing(api: Api):
    hours = due(api, "card_declined")
    hours.billed()
    api.settle()
    save_method(api, hours.client)
    assert retry(api, hours)["state"] == "funded"
    assert not paused(hours)


def test_without_a_saved_method_the_client_is_asked_at_once(api: Api):
    hours = due(api, None)
    week = hours.billed()
    assert (week["state"], week["refusal"], week["milestone_id"], paused(hours)) == (
        "payment_failed", "no_payment_method", None, True,
    )  # fmt: skip
    assert fields_at_fault(hours.step(hours.client, "pay", status=422)) == ["body.gateway"]
    assert fields_at_fault(hours.step(hours.client, "pay", status=422, method="card")) == ["body.gateway"]
    assert fields_at_fault(hours.step(hours.client, "pay", status=422, gateway="sandbox", method="shells")) == ["body.method"]
    assert hours.step(hours.client, "pay", status=409, gateway="nowhere")["code"] == "gateway_not_available"
    hours.step(hours.freelancer, "pay", status=403, gateway="sandbox")
    save_method(api, hours.client)
    hours.step(hours.client, "pay")
    api.settle()
    assert (hours.week()["state"], paused(hours)) == ("funded", False)


def test_a_payment_that_is_cancelled_can_be_made_anew(api: Api):
    hours = due(api, "never_paid")
    week = hours.billed()
    api.settle()
    assert hours.week()["state"] == "billing"
    overdue(api, week["milestone_id"], "funding_expires_at")
    tick(api, "escrow-expire-fundings")
    api.settle()
    assert (hours.week()["state"], hours.week()["refusal"]) == ("payment_failed", "payment_cancelled")
    hours.step(hours.client, "pay", gateway="sandbox", method="card")
    api.settle()
    assert sorted(each.state for each in milestones(api, hours)) == ["cancelled", "submitted"]
    assert hours.week()["milestone_id"] != week["milestone_id"]


def test_a_payment_that_comes_late_and_goes_back_pays_no_week(api: Api):
    hours = due(api, "never_paid")
    milestone_id = hours.billed()["milestone_id"]
    api.settle()
    overdue(api, milestone_id, "funding_expires_at")
    tick(api, "escrow-expire-fundings")
    api.settle()
    pay_after_all(api, milestone_id)
    api.settle()
    assert [each.state for each in milestones(api, hours)] == ["refunded"]
    assert (hours.week()["state"], paused(hours)) == ("payment_failed", True)
    hours.step(hours.client, "pay", gateway="sandbox", method="card")
    api.settle()
    assert (hours.week()["state"], paused(hours)) == ("funded", False)


def test_a_payment_of_another_amount_goes_back_and_the_week_can_be_paid_by_hand(api: Api):
    hours = due(api, "never_paid")
    milestone_id = hours.billed()["milestone_id"]
    api.settle()
    pay_after_all(api, milestone_id, amount=RATE - 100)
    api.settle()
    assert [each.state for each in milestones(api, hours)] == ["refunded"]
    assert (hours.week()["state"], hours.week()["refusal"], paused(hours)) == ("payment_failed", "payment_given_back", True)
    hours.step(hours.client, "pay", gateway="sandbox", method="card")
    api.settle()
    assert (hours.week()["state"], paused(hours)) == ("funded", False)


def pay_after_all(api: Api, milestone_id: str, *, amount: int = RATE) -> None:
    """Let the bank pay what nobody waits for any more, and the gateway tell of it."""
    objects = api.store.database["sandbox_objects"]
    paid = {"$set": {"state": "done", "money.amount": Int64(amount)}}
    api.run(objects.update_one({"group": milestone_id, "kind": "payment"}, paid))
    report = Report(outcome="done", reference="late", money=Money(amount, "USD"))

    async def tell(unit):
        await take_in(unit, await unit.require(Command, f"fund:{milestone_id}"), report, now=now())

    api.run(api.store.transact(tell, deadline_s=5))


def test_a_bill_too_small_to_be_moved_is_carried_over(api: Api):
    hours = due(api, minutes=1)
    week = hours.billed()
    assert (week["state"], week["amount"], milestones(api, hours)) == ("carried", None, [])
    (entry,) = hours.entries()
    assert (entry["state"], entry["owed"]) == ("recorded", True)


def test_a_week_of_which_every_entry_was_removed_bothers_nobody(api: Api):
    hours = Hours.begun(api)
    hours.freelancer.delete(f"/api/time-tracking/{hours.work(0, 60)['id']}")
    assert hours.closed()["state"] == "carried"
    api.settle()
    assert [each for each in hours.client.get("/api/notifications")["items"] if each["kind"] == "weekUpdate"] == []


def test_the_bill_says_what_an_invoice_needs(api: Api):
    hours = due(api)
    week = hours.billed()
    (row,) = api.run(api.store.find(OutboxRow, {"type": "week.billed", "aggregate": week["id"]}))
    assert {name: row.body[name] for name in ("minutes", "rate", "amount", "milestone_id", "week", "project_id")} == {
        "minutes": 60, "rate": usd(RATE), "amount": usd(RATE), "milestone_id": week["milestone_id"], "week": week["week"],
        "project_id": hours.project["id"],
    }  # fmt: skip
    assert row.body["lines"] == [
        {"week": week["week"], "minutes": 60, "manual_minutes": 60, "rate": usd(RATE), "amount": usd(RATE)}
    ]


@pytest.mark.parametrize("field", ["edits_end_at", "review_ends_at"])
@pytest.mark.parametrize("value", [None, 0, "2001-01-01T00:00:00Z", "later"])
def test_the_clock_does_nothing_before_a_date_that_has_passed(api: Api, field, value):
    hours = Hours.begun(api)
    hours.work(0, 60)
    if field == "review_ends_at":
        hours.closed()
    before = hours.week()
    if value == "later":
        move_clock(api, before["id"], field, by_s=-60)
    else:
        api.run(api.store.database["work_weeks"].update_one({"_id": before["id"]}, {"$set": {field: value}}))
    for name in ("hours-close-due-weeks", "hours-bill-due-weeks", RETRY):
        tick(api, name)
    stored = api.run(api.store.database["work_weeks"].find_one({"_id": before["id"]}))
    assert stored["state"] == before["state"]
    api.run(api.store.database["work_weeks"].delete_one({"_id": before["id"]}))


def test_a_doubled_tick_charges_once(api: Api):
    hours = due(api)
    move_clock(api, hours.week()["id"], "review_ends_at")

    async def ticks():
        return await asyncio.gather(*(api.ticking("hours-bill-due-weeks") for _ in range(6)))

    answers = api.run(ticks())
    assert sum(answer.json()["done"] for answer in answers) == 1
    assert [each.holding.amount.amount for each in milestones(api, hours)] == [RATE]
