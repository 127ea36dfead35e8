"""`PUT /api/jobs/{id}`: edits and transitions."""

import pytest

from tests.api import Api
from tests.hiring import fields_at_fault, in_days, new_application, new_job, together


def take(transition: str, version: int = 1) -> dict:
    return {"transition": transition, "version": version}


def test_edited_fields_change_and_the_rest_stays(api: Api):
    employer = api.register(roles=["employer"])
    job = employer.post("/api/jobs", new_job(deadline=in_days(2)))
    after = employer.put(f"/api/jobs/{job['id']}", {"title": " New  title ", "skills": ["Latin"], "deadline": None})
    changed = {"title": "New title", "skills": ["Latin"], "deadline": None, "version": 2, "updated_at": after["updated_at"]}
    assert after == {**job, **changed}
    assert employer.get(f"/api/jobs/{job['id']}") == after
    assert [item["id"] for item in employer.get(f"/api/jobs?skills=LATIN&employer_id={employer.id}")["items"]] == [job["id"]]
    assert employer.get(f"/api/jobs?skills=Italian&employer_id={employer.id}")["items"] == []


def test_a_fixed_job_becomes_an_hourly_one_only_with_its_whole_price(api: Api):
    employer = api.register(roles=["employer"])
    job = employer.post("/api/jobs", new_job())
    path = f"/api/jobs/{job['id']}"
    assert fields_at_fault(employer.put(path, {"kind": "hourly"}, status=422)) == ["body.budget"]
    after = employer.put(path, {"kind": "hourly", "budget": None})
    assert (after["kind"], after["budget"]) == ("hourly", None)


def test_a_job_goes_through_its_states(api: Api):
    employer = api.register(roles=["employer"])
    draft = employer.post("/api/jobs", new_job(state="draft"))
    path = f"/api/jobs/{draft['id']}"
    states = [
        employer.put(path, take(transition, version))["state"]
        for version, transition in enumerate(["publish", "pause", "resume", "close"], start=1)
    ]
    assert states == ["open", "paused", "open", "closed"]
    posted_at = employer.get(path)["posted_at"]
    assert posted_at is not None
    rows = api.run(api.store.database["outbox"].find({"aggregate": draft["id"]}).sort("_id", 1).to_list())
    assert [(row["type"], row["aggregate_version"]) for row in rows] == [("job.posted", 2), ("job.closed", 5)]
    problem = employer.put(path, take("resume", 5), status=409)
    assert (problem["code"], problem["detail"]) == ("not_in_this_state", "the job is closed; to resume it, it must be paused")
    assert employer.put(path, {"title": "Late"}, status=409)["code"] == "not_in_this_state"


def test_a_paused_job_is_not_listed_and_comes_back(api: Api):
    employer, stranger = api.register(roles=["employer"]), api.register()
    job = employer.post("/api/jobs", new_job())
    employer.put(f"/api/jobs/{job['id']}", take("pause"))
    listed = f"/api/jobs?employer_id={employer.id}"
    assert stranger.get(listed)["items"] == []
    assert stranger.get(f"/api/jobs/{job['id']}")["state"] == "paused"
    employer.put(f"/api/jobs/{job['id']}", take("resume", 2))
    assert [item["id"] for item in stranger.get(listed)["items"]] == [job["id"]]


def test_a_draft_with_a_past_deadline_is_not_published(api: Api):
    employer = api.register(roles=["employer"])
    draft = employer.post("/api/jobs", new_job(state="draft", deadline=in_days(1)))
    past = {"$set": {"deadline": api.run(api.store.database_now())}}
    api.run(api.store.database["jobs"].update_one({"_id": draft["id"]}, past))
    problem = employer.put(f"/api/jobs/{draft['id']}", take("publish"), status=422)
    assert fields_at_fault(problem) == ["body.deadline"]


def test_nobody_else_changes_a_job(api: Api):
    employer, other = api.register(roles=["employer"]), api.register(roles=["employer", "freelancer"])
    job = employer.post("/api/jobs", new_job())
    for body in ({"title": "Mine now"}, take("close")):
        other.put(f"/api/jobs/{job['id']}", body, status=404)
        assert api.call("PUT", f"/api/jobs/{job['id']}", json=body).status_code == 401
    assert employer.get(f"/api/jobs/{job['id']}") == job


def test_an_old_version_is_refused_for_edits_and_transitions(api: Api):
    employer = api.register(roles=["employer"])
    job = employer.post("/api/jobs", new_job())
    path = f"/api/jobs/{job['id']}"
    employer.put(path, {"title": "Second", "version": 1})
    assert employer.put(path, {"title": "Third", "version": 1}, status=409)["code"] == "stale_version"
    assert employer.put(path, take("close", 1), status=409)["code"] == "stale_version"
    assert employer.get(path)["title"] == "Second"


def test_of_two_transitions_at_once_one_wins(api: Api):
    employer = api.register(roles=["employer"])
    job = employer.post("/api/jobs", new_job())
    path = f"/api/jobs/{job['id']}"
    answers = together(api, *[(employer, "PUT", path, take(step)) for step in ("close", "pause", "close")])
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    assert employer.get(path)["version"] == 2


def test_an_application_is_no_change_of_the_job_that_its_employer_sees(api: Api):
    employer, freelancer = api.register(roles=["employer"]), api.register()
    job = employer.post("/api/jobs", new_job())
    freelancer.post("/api/applications", new_application(job))
    after = employer.put(f"/api/jobs/{job['id']}", {"title": "Still mine to edit", "version": 1})
    assert (after["version"], after["application_count"]) == (2, 1)


@pytest.mark.parametrize(
    "edit",
    [
        {"budget": {"amount": 1, "currency": "USD"}},
        {"kind": "hourly", "budget": None},
        {"inspection_period_s": 7_200},
    ],
)
def test_what_applicants_relied_on_is_settled_once_somebody_has_applied(api: Api, edit):
    employer, freelancer = api.register(roles=["employer"]), api.register()
    job = employer.post("/api/jobs", new_job(inspection_period_s=3_600))
    freelancer.post("/api/applications", new_application(job))
    assert employer.put(f"/api/jobs/{job['id']}", edit, status=409)["code"] == "terms_settled"
    unchanged = {"budget": job["budget"], "inspection_period_s": 3_600, "description": "More words."}
    assert employer.put(f"/api/jobs/{job['id']}", unchanged)["description"] == "More words."


@pytest.mark.parametrize(
    ("body", "at_fault"),
    [
        ({}, ["body.transition"]),
        ({"version": 1}, ["body.transition"]),
        ({"transition": "close"}, ["body.version"]),
        ({"transition": "close", "title": "x"}, ["body.title", "body.version"]),
        ({"transition": "fill", "version": 1}, ["body.transition"]),
        ({"transition": "expire", "version": 1}, ["body.transition"]),
        ({"transition": "close", "version": "1"}, ["body.version"]),
        ({"title": None}, ["body.title"]),
        ({"title": " ", "skills": [" "]}, ["body.skills[0]", "body.title"]),
        ({"state": "open", "application_count": 0}, ["body.application_count", "body.state"]),
        ({"deadline": in_days(-1), "budget": {"amount": -5, "currency": "USD"}}, ["body.budget.amount", "body.deadline"]),
        ({"place": {"country": "\u0958" * 60}}, ["body.place.country"]),
    ],
)
def test_every_faulty_field_is_named_and_nothing_changes(api: Api, body, at_fault):
    employer = api.register(roles=["employer"])
    job = employer.post("/api/jobs", new_job())
    assert fields_at_fault(employer.put(f"/api/jobs/{job['id']}", body, status=422)) == at_fault
    assert employer.get(f"/api/jobs/{job['id']}") == job
