"""Hourly contracts: what is agreed when one is hired, other terms later, and an end by either side."""

import pytest

from tests.api import Api
from tests.escrow import overdue, tick, usd
from tests.hiring import accepted, fields_at_fault, new_application, new_job
from tests.hours import LIMIT, RATE, Hours, hourly_application, hourly_job, ran_for


def change(hours: Hours, person, transition: str, *, status: int = 200, **fields):
    version = hours.client.get(f"/api/projects/{hours.project['id']}")["version"]
    body = {"transition": transition, "version": version, **fields}
    return person.put(f"/api/projects/{hours.project['id']}", body, status=status)


def test_an_hourly_application_agrees_on_a_rate_and_a_weekly_limit(api: Api):
    project = Hours.begun(api).project
    terms = project["terms"]
    assert (project["kind"], terms["rate"], terms["weekly_limit_minutes"]) == ("hourly", usd(RATE), LIMIT)
    assert terms["amount"] == usd(RATE * LIMIT // 60)
    assert project["actions"] == ["propose_terms", "end"]


@pytest.mark.parametrize(
    ("fields", "at_fault"),
    [
        ({"budget": usd(5_000)}, ["body.budget"]),
        ({"rate": usd(0)}, ["body.rate.amount"]),
        ({"rate": {"amount": 5_000, "currency": "EUR"}}, ["body.rate.currency"]),
        ({"weekly_limit_minutes": 0}, ["body.weekly_limit_minutes"]),
        ({"weekly_limit_minutes": 10_081}, ["body.weekly_limit_minutes"]),
        ({"rate": None}, ["body.rate"]),
    ],
)
def test_an_hourly_application_without_a_sound_price_is_refused(api: Api, fields, at_fault):
    job = api.register(roles=["employer"]).post("/api/jobs", hourly_job())
    answer = api.register().post("/api/applications", hourly_application(job, **fields), status=422)
    assert fields_at_fault(answer) == at_fault


def test_each_kind_of_job_wants_its_own_price(api: Api):
    employer, freelancer = api.register(roles=["employer"]), api.register()
    fixed, hourly = employer.post("/api/jobs", new_job()), employer.post("/api/jobs", hourly_job())
    answer = freelancer.post("/api/applications", hourly_application(fixed), status=422)
    assert fields_at_fault(answer) == ["body.budget", "body.rate", "body.weekly_limit_minutes"]
    answer = freelancer.post("/api/applications", new_application(hourly), status=422)
    assert fields_at_fault(answer) == ["body.budget", "body.rate", "body.weekly_limit_minutes"]


def test_other_terms_hold_once_the_other_side_agrees_and_for_weeks_that_begin_then(api: Api):
    hours = Hours.begun(api)
    hours.work(0, 10)
    new = {"rate": usd(6_000), "weekly_limit_minutes": 900}
    proposed = change(hours, hours.freelancer, "propose_terms", **new)
    assert proposed["proposed_terms"]["by"] == hours.freelancer.id
    assert proposed["actions"] == ["propose_terms", "withdraw_terms", "end"]
    assert change(hours, hours.freelancer, "accept_terms", status=409)["code"] == "nothing_proposed"
    agreed = change(hours, hours.client, "accept_terms")
    assert (agreed["terms"]["rate"], agreed["terms"]["weekly_limit_minutes"], agreed["terms"]["number"]) == (usd(6_000), 900, 2)
    assert agreed["proposed_terms"] is None
    assert (hours.week()["rate"], hours.week()["limit_minutes"]) == (usd(RATE), LIMIT)
    api.settle()
    assert hours.client.get("/api/notifications")["items"][0]["kind"] == "termsUpdate"
    assert hours.freelancer.get("/api/notifications")["items"][0]["data"]["answer"] == "accept"


@pytest.mark.parametrize(("step", "who"), [("decline_terms", "client"), ("withdraw_terms", "freelancer")])
def test_a_proposal_that_comes_to_nothing_changes_nothing(api: Api, step, who):
    hours = Hours.begun(api)
    change(hours, hours.freelancer, "propose_terms", rate=usd(6_000), weekly_limit_minutes=900)
    after = change(hours, getattr(hours, who), step)
    assert (after["terms"], after["proposed_terms"]) == (hours.project["terms"], None)
    assert change(hours, hours.client, step, status=409)["code"] == "nothing_proposed"


def test_a_proposal_names_both_terms_in_the_agreed_currency_and_nothing_else_does(api: Api):
    hours = Hours.begun(api)
    euros = {"amount": 5_000, "currency": "EUR"}
    answer = change(hours, hours.client, "propose_terms", rate=euros, status=422)
    assert fields_at_fault(answer) == ["body.rate.currency", "body.weekly_limit_minutes"]
    assert fields_at_fault(change(hours, hours.client, "end", rate=usd(5), status=422)) == ["body.rate"]


@pytest.mark.parametrize("who", ["client", "freelancer"])
def test_either_side_ends_an_hourly_project_and_what_was_worked_is_still_billed(api: Api, who):
    hours = Hours.begun(api)
    hours.work(0, 60)
    timer = hours.start()
    ran_for(api, timer, 5)
    ended = change(hours, getattr(hours, who), "end")
    assert (ended["state"], ended["actions"]) == ("completed", [])
    assert ended["review_deadline"] is not None
    assert hours.stored_entry(timer).state == "recorded"
    assert hours.work(100, 110, status=409)["code"] == "project_not_active"
    assert hours.start(status=409)["code"] == "project_not_active"
    assert change(hours, hours.client, "end", status=409)["code"] == "not_in_this_state"
    if len(hours.weeks()) > 1:  # the timer's week is another one than that of the entry, on Mondays
        return
    hours.closed()
    billed = hours.billed()
    api.settle()
    overdue(api, billed["milestone_id"], "auto_release_at")
    tick(api, "escrow-release-due-milestones")
    api.settle()
    assert hours.week()["state"] == "released"
    assert hours.client.get(f"/api/projects/{hours.project['id']}")["may_review"] is True


def test_a_fixed_project_has_no_such_steps_and_a_stranger_none_at_all(api: Api):
    employer, freelancer = api.register(roles=["employer"]), api.register()
    project = accepted(employer, freelancer)
    assert (project["kind"], project["actions"]) == ("fixed", [])
    body = {"transition": "end", "version": project["version"]}
    assert employer.put(f"/api/projects/{project['id']}", body, status=409)["code"] == "not_in_this_state"
    api.register().put(f"/api/projects/{project['id']}", body, status=404)
    hours = Hours.begun(api)
    stale = {"transition": "end", "version": hours.project["version"] + 1}
    hours.client.put(f"/api/projects/{hours.project['id']}", stale, status=409)
