"""The reactions that tell people: whom, what, and once however often the event comes."""

import secrets

import pytest

from freehold.events import EventEnvelope
from tests.api import Api, Person
from tests.hiring import accepted, new_application, new_job


def with_skills(api: Api, *skills: str, roles=("freelancer",)) -> Person:
    person = api.register(roles=roles)
    person.put(f"/api/users/{person.id}", {"profile": {"skills": list(skills)}})
    return person


def told(person: Person) -> list[dict]:
    return [item["data"] for item in person.get("/api/notifications")["items"]]


@pytest.fixture
def skill() -> str:
    """A skill of this test's own."""
    return f"Skill {secrets.token_hex(6)}"


def test_freelancers_who_share_a_skill_are_told_of_a_new_job(api: Api, skill: str):
    matching, other = with_skills(api, skill.upper(), "Cooking"), with_skills(api, "Cooking")
    only_employer = with_skills(api, skill, roles=("employer",))
    employer = with_skills(api, skill, roles=("employer", "freelancer"))
    job = employer.post("/api/jobs", new_job(skills=[f"  {skill.lower()} ", "Latin"]))
    api.settle()
    (news,) = told(matching)
    expected = {"job_id": job["id"], "title": job["title"], "category": "Translation", "kind": "fixed", "hourly": None}
    assert {name: news[name] for name in expected} == expected
    assert (news["skills"], news["budget"]) == (job["skills"], job["budget"])
    assert told(other) == told(only_employer) == told(employer) == []


def test_the_suspended_are_told_nothing(api: Api, skill: str):
    person, employer = with_skills(api, skill), api.register(roles=["employer"])
    api.run(api.store.database["users"].update_one({"_id": person.id}, {"$set": {"suspended": True}}))
    employer.post("/api/jobs", new_job(skills=[skill]))
    api.settle()
    assert api.run(api.store.database["notifications"].count_documents({"user_id": person.id})) == 0


def test_a_draft_is_announced_when_it_is_published_and_resuming_announces_nothing(api: Api, skill: str):
    person, employer = with_skills(api, skill), api.register(roles=["employer"])
    draft = employer.post("/api/jobs", new_job(skills=[skill], state="draft"))
    api.settle()
    assert told(person) == []
    for version, transition in enumerate(["publish", "pause", "resume"], start=1):
        employer.put(f"/api/jobs/{draft['id']}", {"transition": transition, "version": version})
        api.settle()
    assert [news["job_id"] for news in told(person)] == [draft["id"]]


def test_of_a_job_that_is_gone_or_no_longer_open_nobody_is_told(api: Api, skill: str):
    person, employer = with_skills(api, skill), api.register(roles=["employer"])
    removed, paused = (employer.post("/api/jobs", new_job(skills=[skill])) for _ in range(2))
    employer.delete(f"/api/jobs/{removed['id']}")
    employer.put(f"/api/jobs/{paused['id']}", {"transition": "pause", "version": 1})
    api.settle()
    assert told(person) == []


def test_when_too_many_match_those_who_share_most_are_told(api: Api, skill: str, monkeypatch):
    monkeypatch.setattr("functions.notifications.tell_matching_freelancers.MOST_PEOPLE", 2)
    second = f"{skill} two"
    best, poor, rated = with_skills(api, skill, second), with_skills(api, skill), with_skills(api, skill)
    newest = with_skills(api, skill)
    rating = {"$set": {"rating": {"count": 1, "average": 490}}}
    api.run(api.store.database["users"].update_one({"_id": rated.id}, rating))
    api.register(roles=["employer"]).post("/api/jobs", new_job(skills=[skill, second]))
    api.settle()
    assert [len(told(person)) for person in (best, rated, poor, newest)] == [1, 1, 0, 0]


def test_each_side_is_told_what_the_other_did(api: Api):
    employer, freelancer, withdrawer = api.register(roles=["employer"]), api.register(), api.register()
    project = accepted(employer, freelancer)
    job = employer.post("/api/jobs", new_job(title="Another job"))
    made = withdrawer.post("/api/applications", new_application(job))
    withdrawer.put(f"/api/applications/{made['id']}", {"transition": "withdraw", "version": 1})
    api.settle()
    (to_freelancer,) = told(freelancer)
    assert (to_freelancer["status"], to_freelancer["project_id"]) == ("accepted", project["id"])
    assert to_freelancer["application_id"] == project["application_id"]
    to_employer = told(employer)
    assert [(news["status"], news["job_title"]) for news in to_employer] == [
        ("withdrawn", "Another job"), ("submitted", "Another job"), ("submitted", "Translate a manual"),
    ]  # fmt: skip
    assert told(withdrawer) == []


@pytest.mark.parametrize(
    "reaction",
    ["notifications-tell-about-application", "notifications-tell-matching-freelancers", "notifications-tell-about-review"],
)
def test_an_event_that_comes_twice_is_told_once(api: Api, skill: str, reaction: str):
    person, employer = with_skills(api, skill), api.register(roles=["employer"])
    job = employer.post("/api/jobs", new_job(skills=[skill]))
    about = {"job_id": job["id"], "employer_id": employer.id}
    application = {"application_id": "app_x", "freelancer_id": person.id, "job_title": "x", "reason": "job_closed"}
    bodies = {
        "application": ("application.declined", {**about, **application}),
        "freelancers": ("job.posted", about),
        "review": ("review.published", {"review_id": "rev_x", "project_id": "x", "author_id": "x", "subject_id": person.id}),
    }
    kind, body = bodies[reaction.rpartition("-")[2]]
    event = EventEnvelope(id=f"evt_{secrets.token_hex(16)}", type=kind, aggregate="x", aggregate_version=1, n=0, body=body)
    answers = [api.deliver(reaction, event).json()[0]["result"] for _ in range(3)]
    assert answers == ["done", "duplicate", "duplicate"]
    assert len(told(person)) == 1
