"""The sweep that ends jobs whose deadline has passed, by the database's clock."""

from datetime import timedelta

from tests.api import Api
from tests.hiring import in_days, new_application, new_job, together


def past_deadline(api: Api, job: dict, *, seconds: float = 1) -> None:
    """Move a job's deadline into the database's past (or, below zero, into its future)."""
    when = api.run(api.store.database_now()) - timedelta(seconds=seconds)
    api.run(api.store.database["jobs"].update_one({"_id": job["id"]}, {"$set": {"deadline": when}}))


def tick(api: Api) -> int:
    response = api.tick("jobs-expire-jobs")
    assert response.status_code == 200, response.text
    return response.json()["done"]


def test_only_what_is_due_expires_and_only_once(api: Api):
    api.drain("jobs-expire-jobs")
    employer = api.register(roles=["employer"])
    due, paused, later, undated, draft, closed = (
        employer.post("/api/jobs", new_job(deadline=deadline, state=state))
        for deadline, state in [(in_days(1), "open")] * 3 + [(None, "open"), (in_days(1), "draft"), (in_days(1), "open")]
    )
    employer.put(f"/api/jobs/{paused['id']}", {"transition": "pause", "version": 1})
    employer.put(f"/api/jobs/{closed['id']}", {"transition": "close", "version": 1})
    for job in (due, paused, draft, closed):
        past_deadline(api, job)
    past_deadline(api, later, seconds=-60)
    assert tick(api) == 2
    assert tick(api) == 0
    states = {job["id"]: job["state"] for job in employer.get("/api/jobs?mine=true")["items"]}
    expected = [
        (due, "expired"), (paused, "expired"), (later, "open"), (undated, "open"), (draft, "draft"), (closed, "closed"),
    ]  # fmt: skip
    assert states == {job["id"]: state for job, state in expected}
    rows = api.run(api.store.database["outbox"].find({"aggregate": due["id"], "type": "job.closed"}).to_list())
    assert [row["body"]["state"] for row in rows] == ["expired"]


def test_of_moving_a_deadline_and_expiring_at_once_one_wins(api: Api):
    employer = api.register(roles=["employer"])
    for _ in range(3):
        api.drain("jobs-expire-jobs")
        jobs = [employer.post("/api/jobs", new_job(deadline=in_days(1)))["id"] for _ in range(8)]
        for job in jobs:
            past_deadline(api, {"id": job})
        edits = [(employer, "PUT", f"/api/jobs/{job}", {"deadline": in_days(2)}) for job in reversed(jobs)]
        *answers, swept = together(api, *edits, beside=[api.ticking("jobs-expire-jobs")])
        assert swept.status_code == 200
        states = [employer.get(f"/api/jobs/{job}")["state"] for job in reversed(jobs)]
        assert states == [{200: "open", 409: "expired"}[answer.status_code] for answer in answers]
        for job in jobs:
            employer.put(f"/api/jobs/{job}", {"transition": "close", "version": employer.get(f"/api/jobs/{job}")["version"]})


def test_a_job_past_its_deadline_takes_no_application_even_before_the_sweep(api: Api):
    employer, freelancer = api.register(roles=["employer"]), api.register()
    job = employer.post("/api/jobs", new_job(deadline=in_days(1)))
    past_deadline(api, job)
    assert freelancer.post("/api/applications", new_application(job), status=409)["code"] == "job_not_open"
    assert employer.get(f"/api/jobs/{job['id']}")["application_count"] == 0


def test_an_expired_job_can_still_be_filled_from_what_it_has(api: Api):
    employer, first, second = api.register(roles=["employer"]), api.register(), api.register()
    job = employer.post("/api/jobs", new_job(deadline=in_days(1)))
    application = first.post("/api/applications", new_application(job))
    past_deadline(api, job)
    tick(api)
    api.settle()
    assert second.post("/api/applications", new_application(job), status=409)["code"] == "job_not_open"
    assert first.get("/api/applications")["items"][0]["state"] == "submitted"
    answer = {"transition": "accept", "version": application["version"]}
    assert employer.put(f"/api/applications/{application['id']}", answer)["state"] == "accepted"
    assert employer.get(f"/api/jobs/{job['id']}")["state"] == "filled"


def test_closing_an_expired_job_declines_what_it_has(api: Api):
    employer, freelancer = api.register(roles=["employer"]), api.register()
    job = employer.post("/api/jobs", new_job(deadline=in_days(1)))
    freelancer.post("/api/applications", new_application(job))
    past_deadline(api, job)
    tick(api)
    expired = employer.get(f"/api/jobs/{job['id']}")
    employer.put(f"/api/jobs/{job['id']}", {"transition": "close", "version": expired["version"]})
    api.settle()
    (application,) = freelancer.get("/api/applications")["items"]
    assert (application["state"], application["reason"]) == ("declined", "job_closed")
