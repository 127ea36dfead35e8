"""From a posted job to two published reviews, over the API, with every event carried to every reaction."""

from tests.api import Api
from tests.hiring import completed, new_application, new_job

SCORES = {"quality": 5, "communication": 4, "timeliness": 5, "fairness": 5}


def kinds(person) -> list[tuple[str, str | None]]:
    items = person.get("/api/notifications")["items"]
    return [(item["kind"], item["data"].get("status")) for item in items]


def test_a_job_is_posted_won_and_reviewed_and_everybody_is_told(api: Api):
    employer = api.register(roles=["employer"], name="Employer")
    winner, other, stranger = (api.register(name=name) for name in ("Winner", "Other", "Stranger"))
    for person in (winner, other):
        person.put(f"/api/users/{person.id}", {"profile": {"skills": ["italian", "English"]}})

    job = employer.post("/api/jobs", new_job(skills=["Italian"]))
    api.settle()
    assert kinds(winner) == kinds(other) == [("newJob", None)]
    assert kinds(stranger) == []

    first = winner.post("/api/applications", new_application(job))
    second = other.post("/api/applications", new_application(job))
    api.settle()
    assert kinds(employer) == [("applicationStatusUpdate", "submitted")] * 2

    after = employer.put(f"/api/applications/{first['id']}", {"transition": "accept", "version": first["version"]})
    api.settle()
    assert kinds(winner)[0] == ("applicationStatusUpdate", "accepted")
    assert kinds(other)[0] == ("applicationStatusUpdate", "declined")
    assert other.get("/api/applications")["items"][0]["reason"] == "job_filled"
    assert other.get(f"/api/applications/{job['id']}")["items"][0]["id"] == second["id"]

    project = winner.get(f"/api/projects/{after['project_id']}")
    assert project["terms"]["amount"] == first["budget"]
    completed(api, project)
    winner.post("/api/reviews", {"project_id": project["id"], "scores": SCORES, "comment": "Clear and quick."})
    assert employer.get(f"/api/reviews/{employer.id}")["items"] == []
    employer.post("/api/reviews", {"project_id": project["id"], "scores": {**SCORES, "quality": 4}})
    api.settle()
    assert [review["author_id"] for review in stranger.get(f"/api/reviews/{winner.id}")["items"]] == [employer.id]
    assert stranger.get(f"/api/users/{winner.id}")["rating"] == {"count": 1, "average": 450}
    assert stranger.get(f"/api/users/{employer.id}")["rating"] == {"count": 1, "average": 475}
    assert kinds(winner)[0] == kinds(employer)[0] == ("reviewPublished", None)
