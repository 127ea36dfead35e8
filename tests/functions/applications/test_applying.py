"""`POST /api/applications`, and the two lists."""

import pytest

from tests.api import Api
from tests.hiring import fields_at_fault, new_application, new_job, pages, together


def take(transition: str, version: int = 1) -> dict:
    return {"transition": transition, "version": version}


def test_an_application_is_seen_by_its_two_sides(api: Api):
    employer, freelancer = api.register(roles=["employer"]), api.register()
    job = employer.post("/api/jobs", new_job())
    made = freelancer.post("/api/applications", new_application(job, proposal=" I was born\r\nin Turin. "))
    assert made["proposal"] == "I was born\nin Turin."
    assert (made["job_id"], made["job_title"], made["employer_id"]) == (job["id"], job["title"], employer.id)
    assert (made["freelancer_id"], made["state"], made["actions"]) == (freelancer.id, "submitted", ["withdraw"])
    assert freelancer.get("/api/applications")["items"] == [made]
    assert freelancer.get(f"/api/applications/{job['id']}")["items"] == [made]
    (seen,) = employer.get(f"/api/applications/{job['id']}")["items"]
    assert seen == {**made, "actions": ["accept", "decline"]}
    assert employer.get("/api/applications")["items"] == []
    assert employer.get(f"/api/jobs/{job['id']}")["application_count"] == 1


def test_only_the_employer_sees_the_applications_of_others(api: Api):
    employer, one, two, stranger = (api.register(roles=["employer", "freelancer"]) for _ in range(4))
    job = employer.post("/api/jobs", new_job())
    first, second = (person.post("/api/applications", new_application(job)) for person in (one, two))
    path = f"/api/applications/{job['id']}"
    assert [item["id"] for item in employer.get(path)["items"]] == [second["id"], first["id"]]
    assert [item["id"] for item in one.get(path)["items"]] == [first["id"]]
    stranger.get(path, status=404)
    assert api.call("GET", path).status_code == 401
    employer.get(f"/api/applications/job_{'0' * 32}", status=404)
    assert fields_at_fault(employer.get(f"/api/applications/{first['id']}", status=422)) == ["path.id"]


def test_applications_are_filtered_by_state_and_walked_in_pages(api: Api):
    employer = api.register(roles=["employer"])
    job = employer.post("/api/jobs", new_job())
    people = [api.register() for _ in range(5)]
    made = [person.post("/api/applications", new_application(job))["id"] for person in people]
    employer.put(f"/api/applications/{made[0]}", take("decline"))
    path = f"/api/applications/{job['id']}"
    assert pages(employer, path, limit=2) == [made[:2:-1], made[2:0:-1], made[:1]]
    assert [item["id"] for item in employer.get(f"{path}?state=declined")["items"]] == made[:1]
    assert pages(employer, f"{path}?state=submitted", limit=3) == [made[:1:-1], made[1:2]]
    assert [item["id"] for item in people[0].get("/api/applications?state=declined")["items"]] == made[:1]
    assert people[0].get("/api/applications?state=submitted")["items"] == []
    assert fields_at_fault(employer.get(f"{path}?state=lost", status=422)) == ["query.state"]


def test_only_freelancers_apply(api: Api):
    employer, other = api.register(roles=["employer"]), api.register(roles=["employer"])
    job = employer.post("/api/jobs", new_job())
    assert other.post("/api/applications", new_application(job), status=403)["code"] == "forbidden"
    assert api.call("POST", "/api/applications", json=new_application(job)).status_code == 401


def test_nobody_applies_to_a_job_of_their_own(api: Api):
    both = api.register(roles=["employer", "freelancer"])
    job = both.post("/api/jobs", new_job())
    assert both.post("/api/applications", new_application(job), status=409)["code"] == "own_job"
    assert both.get(f"/api/jobs/{job['id']}")["application_count"] == 0


def test_one_application_per_freelancer_and_job_also_after_withdrawing(api: Api):
    employer, freelancer = api.register(roles=["employer"]), api.register()
    job = employer.post("/api/jobs", new_job())
    made = freelancer.post("/api/applications", new_application(job))
    assert freelancer.post("/api/applications", new_application(job), status=409)["code"] == "already_applied"
    freelancer.put(f"/api/applications/{made['id']}", take("withdraw"))
    assert freelancer.post("/api/applications", new_application(job), status=409)["code"] == "already_applied"
    assert employer.get(f"/api/jobs/{job['id']}")["application_count"] == 1


def test_of_one_freelancer_applying_many_times_at_once_one_is_taken(api: Api):
    employer, freelancer = api.register(roles=["employer"]), api.register()
    job = employer.post("/api/jobs", new_job())
    answers = together(api, *[(freelancer, "POST", "/api/applications", new_application(job))] * 4)
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"already_applied"}
    assert employer.get(f"/api/jobs/{job['id']}")["application_count"] == 1


def test_applications_that_come_at_once_are_all_counted(api: Api):
    employer = api.register(roles=["employer"])
    job = employer.post("/api/jobs", new_job())
    people = [api.register() for _ in range(30)]
    answers = together(api, *[(person, "POST", "/api/applications", new_application(job)) for person in people])
    assert [answer.status_code for answer in answers] == [201] * 30
    assert employer.get(f"/api/jobs/{job['id']}")["application_count"] == 30


@pytest.mark.parametrize("transition", ["pause", "close"])
def test_only_open_jobs_take_applications(api: Api, transition):
    employer, freelancer = api.register(roles=["employer"]), api.register()
    job = employer.post("/api/jobs", new_job())
    employer.put(f"/api/jobs/{job['id']}", take(transition))
    assert freelancer.post("/api/applications", new_application(job), status=409)["code"] == "job_not_open"
    assert freelancer.get("/api/applications")["items"] == []


def test_a_draft_and_a_job_that_does_not_exist_are_not_found(api: Api):
    employer, freelancer = api.register(roles=["employer"]), api.register()
    draft = employer.post("/api/jobs", new_job(state="draft"))
    freelancer.post("/api/applications", new_application(draft), status=404)
    freelancer.post("/api/applications", new_application({"id": f"job_{'0' * 32}"}), status=404)


def test_of_applying_and_closing_at_once_no_application_is_left_without_an_answer(api: Api):
    employer, freelancer = api.register(roles=["employer"]), api.register()
    for _ in range(5):
        job = employer.post("/api/jobs", new_job())
        applying = (freelancer, "POST", "/api/applications", new_application(job))
        together(api, applying, (employer, "PUT", f"/api/jobs/{job['id']}", take("close")))
        api.settle()
        assert employer.get(f"/api/jobs/{job['id']}")["state"] == "closed"
    states = {item["state"] for item in freelancer.get("/api/applications")["items"]}
    assert states <= {"declined"}


@pytest.mark.parametrize(
    ("fields", "at_fault"),
    [
        ({"proposal": ""}, ["body.proposal"]),
        ({"proposal": "x" * 5_001, "timeline_days": 0}, ["body.proposal", "body.timeline_days"]),
        ({"timeline_days": 3_651}, ["body.timeline_days"]),
        ({"timeline_days": "10"}, ["body.timeline_days"]),
        ({"budget": {"amount": 0, "currency": "USD"}}, ["body.budget.amount"]),
        ({"budget": {"amount": 100, "currency": "EUR"}}, ["body.budget.currency"]),
        ({"budget": {"amount": -1, "currency": "QQQ"}}, ["body.budget.amount", "body.budget.currency", "body.budget.currency"]),
        ({"budget": None, "state": "accepted"}, ["body.budget", "body.state"]),
        ({"job_id": {"$ne": None}}, ["body.job_id"]),
        ({"job_id": "usr_" + "0" * 32}, ["body.job_id"]),
    ],
)
def test_every_faulty_field_is_named_and_nothing_is_stored(api: Api, fields, at_fault):
    employer, freelancer = api.register(roles=["employer"]), api.register()
    job = employer.post("/api/jobs", new_job())
    problem = freelancer.post("/api/applications", {**new_application(job), **fields}, status=422)
    assert fields_at_fault(problem) == at_fault
    assert freelancer.get("/api/applications")["items"] == []
    assert employer.get(f"/api/jobs/{job['id']}")["application_count"] == 0
