"""`PUT /api/applications/{id}`: accept, decline, withdraw; and what is declined when a job ends."""

import msgspec
import pytest

from freehold.events import EventEnvelope
from tests.api import Api
from tests.hiring import fields_at_fault, new_application, new_job, together


def take(transition: str, version: int = 1) -> dict:
    return {"transition": transition, "version": version}


def events_of(api: Api, aggregate: str) -> list[dict]:
    return api.run(api.store.database["outbox"].find({"aggregate": aggregate}).sort("_id", 1).to_list())


@pytest.fixture
def scene(api: Api):
    """An employer, two freelancers, their applications to one job."""
    employer, one, two = api.register(roles=["employer"]), api.register(), api.register()
    job = employer.post("/api/jobs", new_job(inspection_period_s=7_200))
    first, second = (person.post("/api/applications", new_application(job)) for person in (one, two))
    return employer, one, two, job, first, second


def test_accepting_opens_the_project_and_fills_the_job(api: Api, scene):
    employer, one, _, job, first, _ = scene
    after = employer.put(f"/api/applications/{first['id']}", take("accept"))
    assert (after["state"], after["version"], after["actions"]) == ("accepted", 2, [])
    assert employer.get(f"/api/jobs/{job['id']}")["state"] == "filled"
    project = one.get(f"/api/projects/{after['project_id']}")
    expected = {
        "job_id": job["id"],
        "application_id": first["id"],
        "client_id": employer.id,
        "freelancer_id": one.id,
        "side": "freelancer",
        "title": job["title"],
        "state": "active",
    }
    terms = {"amount": first["budget"], "timeline_days": 10, "inspection_period_s": 7_200, "number": 1}
    assert {name: project["terms"][name] for name in terms} == terms
    assert {value for name, value in project["terms"].items() if name not in terms} <= {None}
    assert {name: project[name] for name in expected} == expected
    (accepted,) = [row for row in events_of(api, first["id"]) if row["type"] == "application.accepted"]
    assert accepted["body"]["project_id"] == project["id"]
    assert [(row["type"], row["body"]["state"]) for row in events_of(api, job["id"])[1:]] == [("job.closed", "filled")]


def test_declining_and_withdrawing_leave_the_job_open(api: Api, scene):
    employer, _, two, job, first, second = scene
    declined = employer.put(f"/api/applications/{first['id']}", take("decline"))
    assert (declined["state"], declined["reason"]) == ("declined", "declined_by_employer")
    withdrawn = two.put(f"/api/applications/{second['id']}", take("withdraw"))
    assert (withdrawn["state"], withdrawn["reason"]) == ("withdrawn", None)
    assert employer.get(f"/api/jobs/{job['id']}")["state"] == "open"
    assert [row["type"] for row in events_of(api, first["id"])] == ["application.submitted", "application.declined"]
    assert [row["type"] for row in events_of(api, second["id"])] == ["application.submitted", "application.withdrawn"]


def test_nobody_takes_the_step_of_the_other_side(api: Api, scene):
    employer, one, two, _, first, _ = scene
    path = f"/api/applications/{first['id']}"
    for step in ("accept", "decline"):
        assert one.put(path, take(step), status=403)["code"] == "forbidden"
        two.put(path, take(step), status=404)
    assert employer.put(path, take("withdraw"), status=403)["code"] == "forbidden"
    two.put(path, take("withdraw"), status=404)
    assert api.call("PUT", path, json=take("accept")).status_code == 401
    assert one.get("/api/applications")["items"] == [first]


def test_an_answer_is_final(scene):
    employer, one, _, _, first, _ = scene
    path = f"/api/applications/{first['id']}"
    employer.put(path, take("decline"))
    for version in (1, 2):
        problem = employer.put(path, take("accept", version), status=409)
        assert problem["code"] == "not_in_this_state"
        assert one.put(path, take("withdraw", version), status=409)["code"] == "not_in_this_state"


def test_an_old_version_is_refused(scene):
    employer, _, _, _, first, _ = scene
    path = f"/api/applications/{first['id']}"
    assert employer.put(path, take("accept", 2), status=409)["code"] == "stale_version"
    assert employer.put(path, take("accept", 1))["state"] == "accepted"


def test_a_filled_or_closed_job_is_not_filled_again(scene):
    employer, _, _, job, first, second = scene
    employer.put(f"/api/applications/{first['id']}", take("accept"))
    problem = employer.put(f"/api/applications/{second['id']}", take("accept"), status=409)
    assert (problem["code"], problem["detail"].partition(";")[0]) == ("not_in_this_state", "the job is filled")
    assert len(employer.get("/api/projects")["items"]) == 1
    assert employer.get(f"/api/jobs/{job['id']}")["version"] == 2


def test_a_paused_job_can_be_filled(scene):
    employer, _, _, job, first, _ = scene
    employer.put(f"/api/jobs/{job['id']}", take("pause"))
    assert employer.put(f"/api/applications/{first['id']}", take("accept"))["state"] == "accepted"


def test_of_two_acceptances_at_once_exactly_one_wins(api: Api):
    for _ in range(4):
        employer, people = api.register(roles=["employer"]), [api.register() for _ in range(3)]
        job = employer.post("/api/jobs", new_job())
        made = [person.post("/api/applications", new_application(job))["id"] for person in people]
        calls = [(employer, "PUT", f"/api/applications/{one}", take("accept")) for one in (*made, made[0])]
        answers = together(api, *calls)
        assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
        assert len(employer.get("/api/projects")["items"]) == 1
        states = [item["state"] for item in employer.get(f"/api/applications/{job['id']}")["items"]]
        assert sorted(states) == ["accepted", "submitted", "submitted"]


def test_of_accepting_and_withdrawing_at_once_exactly_one_wins(api: Api):
    employer, freelancer = api.register(roles=["employer"]), api.register()
    for _ in range(5):
        job = employer.post("/api/jobs", new_job())
        made = freelancer.post("/api/applications", new_application(job))
        path = f"/api/applications/{made['id']}"
        answers = together(api, (employer, "PUT", path, take("accept")), (freelancer, "PUT", path, take("withdraw")))
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        (application,) = employer.get(f"/api/applications/{job['id']}")["items"]
        is_filled = employer.get(f"/api/jobs/{job['id']}")["state"] == "filled"
        assert (application["state"] == "accepted") is is_filled
        projects = api.run(api.store.database["projects"].count_documents({"job_id": job["id"]}))
        assert projects == int(is_filled)


def test_filling_a_job_declines_what_remains_and_nothing_else(api: Api, scene, monkeypatch):
    employer, _, two, job, first, second = scene
    monkeypatch.setattr("functions.applications.decline_remaining.BATCH", 2)
    others = [api.register() for _ in range(4)]
    made = [person.post("/api/applications", new_application(job)) for person in others]
    others[0].put(f"/api/applications/{made[0]['id']}", take("withdraw"))
    employer.put(f"/api/applications/{first['id']}", take("accept"))
    api.settle()
    states = {item["id"]: (item["state"], item["reason"]) for item in employer.get(f"/api/applications/{job['id']}")["items"]}
    assert states == {
        first["id"]: ("accepted", None),
        second["id"]: ("declined", "job_filled"),
        made[0]["id"]: ("withdrawn", None),
        **{each["id"]: ("declined", "job_filled") for each in made[1:]},
    }
    assert [row["type"] for row in events_of(api, second["id"])] == ["application.submitted", "application.declined"]
    told = two.get("/api/notifications")["items"][0]["data"]
    assert (told["status"], told["reason"], told["application_id"]) == ("declined", "job_filled", second["id"])


def test_of_withdrawing_and_being_passed_over_at_once_each_application_has_one_end(api: Api):
    employer, people = api.register(roles=["employer"]), [api.register() for _ in range(8)]
    for _ in range(3):
        job = employer.post("/api/jobs", new_job())
        made = [person.post("/api/applications", new_application(job))["id"] for person in people]
        employer.put(f"/api/jobs/{job['id']}", take("close"))
        (closed,) = [row for row in events_of(api, job["id"]) if row["type"] == "job.closed"]
        event = msgspec.convert({**closed, "id": closed["_id"]}, EventEnvelope)
        withdrawals = [
            (person, "PUT", f"/api/applications/{one}", take("withdraw")) for person, one in zip(people, made, strict=True)
        ]
        *answers, delivered = together(api, *withdrawals, beside=[api.delivery("applications-decline-remaining", event)])
        assert (delivered.status_code, delivered.json()[0]["result"]) == (200, "done")
        states = {item["id"]: item["state"] for item in employer.get(f"/api/applications/{job['id']}")["items"]}
        ends = {200: "withdrawn", 409: "declined"}
        assert states == {one: ends[answer.status_code] for one, answer in zip(made, answers, strict=True)}


@pytest.mark.parametrize(
    ("body", "at_fault"),
    [
        ({}, ["body.transition", "body.version"]),
        ({"transition": "pass_over", "version": 1}, ["body.transition"]),
        ({"transition": "accept", "version": 0}, ["body.version"]),
        ({"transition": ["accept"], "version": "1"}, ["body.transition", "body.version"]),
        ({"transition": "accept", "version": 1, "budget": {}}, ["body.budget"]),
    ],
)
def test_every_faulty_field_is_named_and_nothing_changes(scene, body, at_fault):
    employer, one, _, _, first, _ = scene
    assert fields_at_fault(employer.put(f"/api/applications/{first['id']}", body, status=422)) == at_fault
    assert one.get("/api/applications")["items"] == [first]
