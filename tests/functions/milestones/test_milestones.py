"""Milestones over the API: planned, edited, submitted, sent back, released; and what is refused, with nothing stored."""

from typing import Any

import pytest

from freehold.documents import Milestone, Project
from freehold.domain.milestones import MILESTONES_PER_PROJECT
from tests.api import Api
from tests.escrow import Work, amounts, usd
from tests.hiring import fields_at_fault, in_days

CLIENTS_OF_SUBMITTED = ["request_changes", "release", "propose_split", "dispute"]


def test_a_milestone_is_planned_funded_submitted_and_released(api: Api):
    work = Work.begun(api)
    milestone = work.created()
    assert (milestone["state"], milestone["actions"], amounts(milestone)) == ("created", ["edit", "fund", "cancel"], {})
    asked = work.client.post("/api/escrow/deposit", {"milestone_id": milestone["id"]}, status=202)
    assert (asked["state"], asked["actions"]) == ("funding", ["cancel"])
    api.settle()
    funded = work.read(milestone["id"])
    assert (funded["state"], amounts(funded)) == ("funded", {"deposited": 19_005, "held": 19_005})
    submitted = work.take(work.freelancer, funded, "submit", note=" Here\r\nit is. ")
    assert submitted["submission_note"] == "Here\nit is."
    assert submitted["auto_release_at"] > submitted["submitted_at"]
    released = work.take(work.client, submitted, "release")
    assert released["state"] == "releasing"
    assert amounts(released) == {"deposited": 19_005, "releasing": 17_104, "fees": 1_901}
    api.settle()
    done = work.read(milestone["id"])
    assert (done["state"], done["actions"]) == ("released", [])
    assert amounts(done) == {"deposited": 19_005, "released": 17_104, "fees": 1_901}
    (leg,) = done["legs"]
    assert leg == {
        "number": 1, "kind": "release", "state": "done", "gross": usd(19_005), "fee": usd(1_901), "tax": usd(0),
        "net": usd(17_104), "offset": usd(0), "returned": usd(0), "reason": None, "conversion": None,
    }  # fmt: skip


def test_each_party_sees_the_buttons_that_work_for_it(api: Api):
    work = Work.begun(api)
    milestone = work.created()
    assert work.actions(milestone["id"], work.freelancer) == []
    funded = work.funded()
    assert work.actions(funded["id"], work.client) == ["release", "propose_split", "dispute"]
    assert work.actions(funded["id"], work.freelancer) == ["submit", "propose_split", "refund", "dispute"]
    submitted = work.take(work.freelancer, funded, "submit", note="Done.")
    assert work.actions(submitted["id"], work.client) == CLIENTS_OF_SUBMITTED
    assert submitted["actions"] == ["propose_split", "refund", "dispute"]


def test_requesting_changes_stops_the_clock_and_a_new_submission_starts_it_again(api: Api):
    work = Work.begun(api)
    first = work.submitted()
    back = work.take(work.client, first, "request_changes", reason="Page 3 is missing.")
    assert (back["state"], back["auto_release_at"], back["requested_changes"]) == ("funded", None, "Page 3 is missing.")
    second = work.take(work.freelancer, back, "submit", note="Page 3.")
    assert (second["state"], second["requested_changes"]) == ("submitted", None)
    assert second["auto_release_at"] > first["auto_release_at"]


def test_the_inspection_period_is_the_agreed_one_by_the_databases_clock(api: Api):
    work = Work.begun(api, inspection_period_s=7_200)
    before = api.run(api.store.database_now())
    submitted = work.submitted()
    after = api.run(api.store.database_now())
    stored = api.run(api.store.require(Milestone, submitted["id"]))
    assert before.timestamp() + 7_200 <= stored.auto_release_at.timestamp() <= after.timestamp() + 7_200


def test_the_inspection_period_is_never_below_the_operators_floor(mongodb_uri, database, keys):
    with Api.opened(mongodb_uri, database, keys) as lax:
        work = Work.begun(lax, inspection_period_s=60)
        funded = work.funded()
    with Api.opened(mongodb_uri, database, keys, inspection_floor_s="86400") as strict:
        freelancer, clock = work.freelancer, strict.run(strict.store.database_now())
        freelancer.api = strict
        submitted = work.take(freelancer, funded, "submit", note="Done.")
        stored = strict.run(strict.store.require(Milestone, submitted["id"]))
    assert stored.auto_release_at.timestamp() >= clock.timestamp() + 86_400


def test_the_client_edits_a_milestone_until_it_is_funded(api: Api):
    work = Work.begun(api)
    milestone = work.created()
    path = f"/api/milestones/{milestone['id']}"
    edits = {"title": "  Second  half ", "description": "All of it.", "amount": usd(500), "due_at": in_days(9)}
    edited = work.client.put(path, {"version": milestone["version"], **edits})
    assert (edited["title"], edited["description"], edited["amount"]) == ("Second half", "All of it.", usd(500))
    assert edited["due_at"] is not None
    bare = work.client.put(path, {"version": edited["version"], "due_at": None})
    assert (bare["due_at"], bare["title"]) == (None, "Second half")
    funded = work.funded()
    refusal = work.client.put(f"/api/milestones/{funded['id']}", {"version": funded["version"], "title": "x"}, status=409)
    assert refusal["code"] == "not_in_this_state"


def test_milestones_are_listed_in_the_order_of_their_planning_page_by_page(api: Api):
    work = Work.begun(api)
    ids = [work.created(title=str(number))["id"] for number in range(5)]
    path, seen = f"/api/milestones/{work.project['id']}?limit=2", []
    page = work.freelancer.get(path)
    while True:
        seen += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        page = work.freelancer.get(f"{path}&cursor={page['next_cursor']}")
    assert seen == ids


def test_strangers_see_and_change_nothing(api: Api):
    work, stranger = Work.begun(api), api.register(roles=["employer", "freelancer"], name="Stranger")
    milestone = work.submitted()
    stranger.get(f"/api/milestones/{work.project['id']}", status=404)
    stranger.get(f"/api/escrow/{milestone['id']}", status=404)
    for transition in ("release", "cancel", "retry_payout", "retry_refund"):
        work.take(stranger, milestone, transition, status=404)
    stranger.put(f"/api/milestones/{milestone['id']}", {"version": milestone["version"], "title": "x"}, status=404)
    stranger.post("/api/escrow/release", {"milestone_id": milestone["id"]}, status=404)
    stranger.post("/api/escrow/deposit", {"milestone_id": milestone["id"]}, status=404)
    stranger.post("/api/milestones", {"project_id": work.project["id"], "title": "x", "amount": usd(500)}, status=404)
    assert work.read(milestone["id"]) == {**milestone, "side": "client", "actions": CLIENTS_OF_SUBMITTED}


def test_nobody_takes_the_other_partys_step(api: Api):
    work = Work.begun(api)
    created, submitted = work.created(), work.submitted()
    work.freelancer.post("/api/milestones", {"project_id": work.project["id"], "title": "x", "amount": usd(500)}, status=403)
    work.freelancer.put(f"/api/milestones/{created['id']}", {"version": 1, "title": "x"}, status=403)
    work.freelancer.post("/api/escrow/deposit", {"milestone_id": created["id"]}, status=403)
    work.freelancer.post("/api/escrow/release", {"milestone_id": submitted["id"]}, status=403)
    for transition in ("release", "cancel"):
        work.take(work.freelancer, submitted, transition, status=403)
    work.take(work.freelancer, submitted, "request_changes", reason="I want more.", status=403)
    work.take(work.client, submitted, "submit", note="I did it.", status=403)
    work.take(work.client, submitted, "retry_payout", status=403)
    assert amounts(work.read(submitted["id"])) == {"deposited": 19_005, "held": 19_005}


def test_a_step_from_an_old_version_is_refused(api: Api):
    work = Work.begun(api)
    funded = work.funded()
    work.take(work.freelancer, funded, "submit", note="Done.")
    assert work.take(work.client, funded, "release", status=409)["code"] == "stale_version"
    body = {"milestone_id": funded["id"], "version": funded["version"]}
    assert work.client.post("/api/escrow/release", body, status=409)["code"] == "stale_version"


BAD_AMOUNTS: dict[str, Any] = {
    "negative": usd(-1),
    "zero": usd(0),
    "too small": usd(99),
    "too large": usd(10_000_000_001),
    "past 2^53": usd(2**53),
    "past 64 bits": usd(2**70),
    "a fraction": {"amount": 100.5, "currency": "USD"},
    "a float": {"amount": 500.0, "currency": "USD"},
    "a text": {"amount": "500", "currency": "USD"},
    "true": {"amount": True, "currency": "USD"},
    "null": {"amount": None, "currency": "USD"},
    "a bare number": 500,
    "another currency": {"amount": 500, "currency": "EUR"},
    "an unknown currency": {"amount": 500, "currency": "ZZZ"},
    "gold": {"amount": 500, "currency": "XAU"},
    "small letters": {"amount": 500, "currency": "usd"},
    "no currency": {"amount": 500},
    "an extra field": {"amount": 500, "currency": "USD", "$inc": 1},
    "an operator": {"$gt": 0},
}


@pytest.mark.parametrize("amount", BAD_AMOUNTS.values(), ids=BAD_AMOUNTS.keys())
def test_money_that_cannot_be_held_is_refused_by_name_and_nothing_is_stored(api: Api, amount):
    work = Work.begun(api)
    milestone = work.created()
    body = {"project_id": work.project["id"], "title": "x", "amount": amount}
    for problem in (
        work.client.post("/api/milestones", body, status=422),
        work.client.put(f"/api/milestones/{milestone['id']}", {"version": 1, "amount": amount}, status=422),
    ):
        assert problem["code"] == "invalid"
        assert all(field.startswith("body.amount") for field in fields_at_fault(problem))
    assert work.client.get(f"/api/milestones/{work.project['id']}")["items"] == [milestone]


@pytest.mark.parametrize(
    ("fields", "at_fault"),
    [
        ({}, ["body.transition"]),
        ({"transition": "submit"}, ["body.note"]),
        ({"transition": "submit", "note": " \n"}, ["body.note"]),
        ({"transition": "submit", "note": "x", "title": "y"}, ["body.title"]),
        ({"transition": "request_changes", "note": "x"}, ["body.note", "body.reason"]),
        ({"transition": "release", "due_at": None}, ["body.due_at"]),
        ({"transition": "release", "amount": {"amount": 500, "currency": "EUR"}}, ["body.amount.currency"]),
        ({"title": "x", "reason": "y"}, ["body.reason"]),
        ({"transition": "fund"}, ["body.transition"]),
        ({"transition": "auto_release"}, ["body.transition"]),
        ({"transition": "deposit_paid"}, ["body.transition"]),
        ({"state": "released"}, ["body.state"]),
        ({"title": "x\x00"}, ["body.title"]),
        ({"due_at": "2001-01-01T00:00:00Z"}, ["body.due_at"]),
        ({"due_at": "2031-01-01T00:00:00"}, ["body.due_at"]),
        ({"version": "1", "title": "x"}, ["body.version"]),
        ({"version": 0, "title": "x"}, ["body.version"]),
    ],
)
def test_a_change_that_says_nothing_sensible_names_its_fields(api: Api, fields, at_fault):
    work = Work.begun(api)
    milestone = work.created()
    problem = work.client.put(f"/api/milestones/{milestone['id']}", {"version": 1, **fields}, status=422)
    assert fields_at_fault(problem) == at_fault
    assert work.read(milestone["id"]) == milestone


def test_a_change_needs_the_version_that_was_seen(api: Api):
    work = Work.begun(api)
    milestone = work.created()
    assert fields_at_fault(work.client.put(f"/api/milestones/{milestone['id']}", {"title": "x"}, status=422)) == [
        "body.version"
    ]


def test_identifiers_of_other_kinds_are_refused_by_their_prefix(api: Api):
    work = Work.begun(api)
    milestone = work.created()
    work.client.get(f"/api/milestones/{milestone['id']}", status=422)
    work.client.put(f"/api/milestones/{work.project['id']}", {"version": 1, "title": "x"}, status=422)
    work.client.get(f"/api/milestones/prj_{'0' * 32}", status=404)
    work.client.put(f"/api/milestones/mst_{'0' * 32}", {"version": 1, "title": "x"}, status=404)


def test_a_project_that_is_over_takes_no_new_milestone_and_no_deposit(api: Api):
    work = Work.begun(api)
    waiting = work.created()
    done = work.take(work.client, work.funded(38_000), "release")
    api.settle()
    assert work.read(done["id"])["state"] == "released"
    body = {"project_id": work.project["id"], "title": "x", "amount": usd(500)}
    assert work.client.post("/api/milestones", body, status=409)["code"] == "project_not_active"
    refusal = work.client.post("/api/escrow/deposit", {"milestone_id": waiting["id"]}, status=409)
    assert refusal["code"] == "project_not_active"


def test_a_project_has_a_limit_of_milestones(api: Api):
    work = Work.begun(api)
    projects = api.store.database[Project.collection]
    api.run(projects.update_one({"_id": work.project["id"]}, {"$set": {"milestone_count": MILESTONES_PER_PROJECT - 1}}))
    work.created()
    body = {"project_id": work.project["id"], "title": "x", "amount": usd(500)}
    assert work.client.post("/api/milestones", body, status=409)["code"] == "too_many_milestones"
