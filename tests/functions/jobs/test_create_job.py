"""`POST /api/jobs` and `GET /api/jobs/{id}`."""

import secrets

import pytest

from tests.api import Api
from tests.hiring import fields_at_fault, in_days, new_job, together


def outbox(api: Api, aggregate: str) -> list[str]:
    rows = api.run(api.store.database["outbox"].find({"aggregate": aggregate}).sort("_id", 1).to_list())
    return [row["type"] for row in rows]


def test_a_job_is_kept_in_its_normal_form_and_anybody_can_read_it(api: Api):
    employer = api.register(roles=["employer"])
    body = new_job(
        title="  Translate\ta manual \n",
        description="One. \r\n Two.",
        skills=["Italian", "ITALIAN", "Legal  texts"],
        place={"remote": False, "country": " Italy ", "city": "Turin"},
        deadline=in_days(3),
        inspection_period_s=120,
    )
    job = employer.post("/api/jobs", body)
    assert (job["title"], job["description"]) == ("Translate a manual", "One.\n Two.")
    assert job["skills"] == ["Italian", "Legal texts"]
    assert job["place"] == {"remote": False, "country": "Italy", "city": "Turin"}
    assert (job["state"], job["version"], job["application_count"]) == ("open", 1, 0)
    assert job["inspection_period_s"] == 120
    assert job["posted_at"] is not None
    assert outbox(api, job["id"]) == ["job.posted"]
    seen = api.call("GET", f"/api/jobs/{job['id']}").json()
    assert {**seen, "actions": job["actions"]} == job
    assert (job["actions"], seen["actions"]) == (["pause", "close", "edit"], [])


def test_without_a_word_on_inspection_the_operators_period_holds(api: Api):
    job = api.register(roles=["employer"]).post("/api/jobs", new_job())
    assert job["inspection_period_s"] == 14 * 86_400


def test_a_draft_is_seen_by_its_employer_only_and_announces_nothing(api: Api):
    employer, stranger = api.register(roles=["employer"]), api.register()
    draft = employer.post("/api/jobs", new_job(state="draft"))
    assert (draft["state"], draft["posted_at"], draft["actions"]) == ("draft", None, ["publish", "edit"])
    assert employer.get(f"/api/jobs/{draft['id']}") == draft
    stranger.get(f"/api/jobs/{draft['id']}", status=404)
    assert api.call("GET", f"/api/jobs/{draft['id']}").status_code == 404
    assert outbox(api, draft["id"]) == []


def test_hourly_jobs_may_name_a_range(api: Api):
    employer = api.register(roles=["employer"])
    hourly = {"least": {"amount": 2_000, "currency": "EUR"}, "most": {"amount": 3_500, "currency": "EUR"}}
    assert employer.post("/api/jobs", new_job(kind="hourly", budget=None, hourly=hourly))["hourly"] == hourly
    assert employer.post("/api/jobs", new_job(kind="hourly", budget=None))["hourly"] is None


def test_only_employers_post_jobs(api: Api):
    assert api.register(roles=["freelancer"]).post("/api/jobs", new_job(), status=403)["code"] == "forbidden"
    assert api.call("POST", "/api/jobs", json=new_job()).status_code == 401


@pytest.mark.parametrize(
    ("fields", "at_fault"),
    [
        ({"title": "\u200b "}, ["body.title"]),
        ({"title": "Bell\u0007"}, ["body.title"]),
        ({"title": "x" * 201, "description": ""}, ["body.description", "body.title"]),
        ({"title": None, "kind": "barter"}, ["body.kind", "body.title"]),
        ({"title": {"$gt": ""}, "category": ["x"]}, ["body.category", "body.title"]),
        ({"budget": None}, ["body.budget"]),
        ({"budget": {"amount": 0, "currency": "ABC"}}, ["body.budget.amount", "body.budget.currency"]),
        ({"budget": {"amount": "100", "currency": "USD"}}, ["body.budget.amount"]),
        ({"budget": {"amount": 2**53, "currency": "USD"}}, ["body.budget.amount"]),
        ({"kind": "hourly"}, ["body.budget"]),
        ({"hourly": {"least": {"amount": 1, "currency": "USD"}, "most": {"amount": 2, "currency": "USD"}}}, ["body.hourly"]),
        ({"deadline": in_days(-1), "budget": None}, ["body.budget", "body.deadline"]),
        ({"deadline": "2030-01-01T00:00:00"}, ["body.deadline"]),
        ({"deadline": "0001-01-01T00:00:00+14:00"}, ["body.deadline"]),
        ({"deadline": 5}, ["body.deadline"]),
        ({"inspection_period_s": 0}, ["body.inspection_period_s"]),
        ({"inspection_period_s": 30 * 86_400 + 1}, ["body.inspection_period_s"]),
        ({"skills": ["a"] * 21}, ["body.skills"]),
        ({"skills": ["ok", "", 5]}, ["body.skills[1]", "body.skills[2]"]),
        ({"skills": "python"}, ["body.skills"]),
        ({"place": {"planet": "Mars"}}, ["body.place.planet"]),
        ({"place": {"country": "\u0958" * 60}}, ["body.place.country"]),
        ({"state": "filled"}, ["body.state"]),
        ({"employer_id": "usr_" + "0" * 32, "application_count": 5}, ["body.application_count", "body.employer_id"]),
    ],
)  # fmt: skip
def test_every_faulty_field_is_named_and_nothing_is_stored(api: Api, fields, at_fault):
    employer = api.register(roles=["employer"])
    assert fields_at_fault(employer.post("/api/jobs", new_job(**fields), status=422)) == at_fault
    assert employer.get("/api/jobs?mine=true")["items"] == []


def test_a_deadline_at_the_end_of_the_calendar_is_no_fault_of_ours(api: Api):
    job = api.register(roles=["employer"]).post("/api/jobs", new_job(deadline="9999-12-31T23:59:59.999999-14:00"))
    assert job["deadline"].startswith("9999-12-30")


def test_an_inspection_period_below_the_operators_floor_is_refused(mongodb_uri, database, keys):
    with Api.opened(mongodb_uri, database, keys, inspection_floor_s="3600") as api:
        employer = api.register(roles=["employer"])
        problem = employer.post("/api/jobs", new_job(inspection_period_s=3_599), status=422)
        assert problem["faults"] == [{"field": "body.inspection_period_s", "expected": "3600 to 2592000 seconds"}]
        assert employer.post("/api/jobs", new_job(inspection_period_s=3_600))["inspection_period_s"] == 3_600


def test_a_repeated_post_with_the_same_key_makes_one_job(api: Api):
    employer = api.register(roles=["employer"])
    key = secrets.token_hex(8)
    one, two = (employer.post("/api/jobs", new_job(), key=key) for _ in range(2))
    assert one == two
    assert len(employer.get("/api/jobs?mine=true")["items"]) == 1


@pytest.fixture
def strict(mongodb_uri, database, keys):
    """An operator who allows three open jobs per employer."""
    with Api.opened(mongodb_uri, database, keys, open_jobs_limit="3") as api:
        yield api


def open_jobs(employer) -> int:
    return len(employer.get("/api/jobs?mine=true&state=open")["items"])


def test_an_employer_has_no_more_open_jobs_than_allowed(strict: Api):
    employer = strict.register(roles=["employer"])
    jobs = [employer.post("/api/jobs", new_job()) for _ in range(3)]
    problem = employer.post("/api/jobs", new_job(), status=409)
    assert (problem["code"], problem["detail"]) == ("quota_exceeded", "3 jobs are open; close or pause one first")
    draft = employer.post("/api/jobs", new_job(state="draft"))
    publish = {"transition": "publish", "version": draft["version"]}
    assert employer.put(f"/api/jobs/{draft['id']}", publish, status=409)["code"] == "quota_exceeded"
    paused = employer.put(f"/api/jobs/{jobs[0]['id']}", {"transition": "pause", "version": 1})
    employer.put(f"/api/jobs/{draft['id']}", publish)
    resume = {"transition": "resume", "version": paused["version"]}
    assert employer.put(f"/api/jobs/{jobs[0]['id']}", resume, status=409)["code"] == "quota_exceeded"
    employer.put(f"/api/jobs/{jobs[1]['id']}", {"transition": "close", "version": 1})
    employer.put(f"/api/jobs/{jobs[0]['id']}", resume)
    assert open_jobs(employer) == 3


def test_the_quota_of_one_employer_is_not_anothers(strict: Api):
    one, two = strict.register(roles=["employer"]), strict.register(roles=["employer"])
    for employer in (one, two):
        for _ in range(3):
            employer.post("/api/jobs", new_job())
    assert (open_jobs(one), open_jobs(two)) == (3, 3)


def test_jobs_that_are_posted_and_published_at_once_cannot_race_past_the_quota(strict: Api):
    employer = strict.register(roles=["employer"])
    drafts = [employer.post("/api/jobs", new_job(state="draft")) for _ in range(4)]
    publish = {"transition": "publish", "version": 1}
    posts = [(employer, "POST", "/api/jobs", new_job()) for _ in range(4)]
    answers = together(strict, *posts, *[(employer, "PUT", f"/api/jobs/{draft['id']}", publish) for draft in drafts])
    assert sum(answer.status_code in {200, 201} for answer in answers) == open_jobs(employer)
    assert {answer.status_code for answer in answers} <= {200, 201, 409, 503}
    assert open_jobs(employer) <= 3
    for _ in range(3 - open_jobs(employer)):
        employer.post("/api/jobs", new_job())
    assert employer.post("/api/jobs", new_job(), status=409)["code"] == "quota_exceeded"
