"""`POST /api/reviews`, `GET /api/reviews/{id}`: double blind, in time, once per side; and the rating on the profile."""

import pytest

from tests.api import Api, Person
from tests.hiring import accepted, completed, fields_at_fault, pages, together

SCORES = {"quality": 5, "communication": 4, "timeliness": 3, "fairness": 5}


def new_review(project: dict, **fields) -> dict:
    return {"project_id": project["id"], "scores": SCORES, "comment": "Good work.", **fields}


def read(person: Person, about: Person) -> list[str]:
    return [review["id"] for review in person.get(f"/api/reviews/{about.id}")["items"]]


def published(api: Api, project: dict) -> list[dict]:
    where = {"type": "review.published", "body.project_id": project["id"]}
    return api.run(api.store.database["outbox"].find(where).to_list())


@pytest.fixture
def parties(api: Api) -> tuple[Person, Person]:
    return api.register(roles=["employer"]), api.register()


@pytest.fixture
def project(api: Api, parties) -> dict:
    """A project that is completed and paid."""
    project = accepted(*parties)
    completed(api, project)
    return project


def test_a_review_is_sealed_until_the_other_side_has_written(api: Api, parties, project):
    client, freelancer = parties
    mine = freelancer.post("/api/reviews", new_review(project))
    assert (mine["state"], mine["published_at"], mine["author_role"]) == ("sealed", None, "freelancer")
    assert (mine["subject_id"], mine["reveal_at"]) == (
        client.id,
        client.get(f"/api/projects/{project['id']}")["review_deadline"],
    )
    assert read(freelancer, client) == read(client, client) == []
    assert freelancer.get(f"/api/projects/{project['id']}")["reviews"] == [mine]
    assert client.get(f"/api/projects/{project['id']}")["reviews"] == []
    assert published(api, project) == []

    theirs = client.post("/api/reviews", new_review(project, comment=""))
    assert (theirs["state"], theirs["author_role"]) == ("published", "client")
    assert theirs["published_at"] is not None
    assert (read(client, client), read(client, freelancer)) == ([mine["id"]], [theirs["id"]])
    anonymous = api.call("GET", f"/api/reviews/{client.id}").json()["items"]
    assert [(review["state"], review["scores"], review["comment"]) for review in anonymous] == [
        ("published", SCORES, "Good work.")
    ]
    for party in parties:
        assert [review["id"] for review in party.get(f"/api/projects/{project['id']}")["reviews"]] == [mine["id"], theirs["id"]]
    assert {row["body"]["review_id"] for row in published(api, project)} == {mine["id"], theirs["id"]}


def test_two_reviews_at_once_end_published(api: Api):
    for _ in range(5):
        client, freelancer = api.register(roles=["employer"]), api.register()
        project = accepted(client, freelancer)
        completed(api, project)
        answers = together(api, *[(party, "POST", "/api/reviews", new_review(project)) for party in (client, freelancer)])
        assert [answer.status_code for answer in answers] == [201, 201]
        assert len(read(client, client)) == len(read(client, freelancer)) == 1
        assert len(published(api, project)) == 2


def test_one_review_per_side_also_when_sent_twice_at_once(api: Api, parties, project):
    client, freelancer = parties
    answers = together(api, *[(client, "POST", "/api/reviews", new_review(project))] * 3)
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    assert client.post("/api/reviews", new_review(project), status=409)["code"] == "already_reviewed"
    assert read(client, freelancer) == []
    freelancer.post("/api/reviews", new_review(project))
    assert client.post("/api/reviews", new_review(project), status=409)["code"] == "already_reviewed"
    assert len(read(client, freelancer)) == 1


def test_a_project_that_is_not_completed_and_paid_is_not_reviewed(api: Api, parties):
    client, freelancer = parties
    project = accepted(client, freelancer)
    for party in parties:
        assert party.post("/api/reviews", new_review(project), status=409)["code"] == "not_reviewable_yet"
    completed(api, project)
    api.run(api.store.database["projects"].update_one({"_id": project["id"]}, {"$set": {"paid_at": None}}))
    assert client.post("/api/reviews", new_review(project), status=409)["code"] == "not_reviewable_yet"


def test_after_the_window_nobody_reviews(api: Api, parties):
    client, freelancer = parties
    project = accepted(client, freelancer)
    completed(api, project, review_window_s=0)
    assert client.post("/api/reviews", new_review(project), status=409)["code"] == "review_window_over"
    assert client.get(f"/api/projects/{project['id']}")["reviews"] == []


def test_strangers_review_nothing(api: Api, project):
    for other in (api.register(roles=["employer", "freelancer"]), api.admin()):
        other.post("/api/reviews", new_review(project), status=404)
    assert api.call("POST", "/api/reviews", json=new_review(project)).status_code == 401


def test_the_sweep_unseals_what_is_due_and_only_once(api: Api, parties, project):
    client, freelancer = parties
    api.drain("reviews-reveal-due-reviews")
    later = accepted(client, freelancer)
    completed(api, later)
    sealed = client.post("/api/reviews", new_review(later))
    due = client.post("/api/reviews", new_review(project))
    now = api.run(api.store.database_now())
    api.run(api.store.database["reviews"].update_one({"_id": due["id"]}, {"$set": {"reveal_at": now}}))
    api.run(api.store.database["projects"].update_one({"_id": project["id"]}, {"$set": {"review_deadline": now}}))
    assert api.tick("reviews-reveal-due-reviews").json()["done"] == 1
    assert api.tick("reviews-reveal-due-reviews").json()["done"] == 0
    assert read(client, freelancer) == [due["id"]]
    assert [row["body"]["review_id"] for row in published(api, project)] == [due["id"]]
    assert freelancer.post("/api/reviews", new_review(project), status=409)["code"] == "review_window_over"
    assert freelancer.get(f"/api/projects/{later['id']}")["reviews"] == []
    assert client.get(f"/api/projects/{later['id']}")["reviews"][0]["id"] == sealed["id"]


def test_the_rating_is_the_average_of_all_published_reviews(api: Api, parties, project):
    client, freelancer = parties
    assert freelancer.get(f"/api/users/{freelancer.id}")["rating"] == {"count": 0, "average": None}
    second = accepted(client, freelancer)
    completed(api, second)
    client.post("/api/reviews", new_review(project, scores=dict.fromkeys(SCORES, 5)))
    client.post("/api/reviews", new_review(second, scores={**dict.fromkeys(SCORES, 1), "quality": 2}))
    freelancer.post("/api/reviews", new_review(project))
    api.settle()
    assert freelancer.get(f"/api/users/{freelancer.id}")["rating"] == {"count": 1, "average": 500}
    freelancer.post("/api/reviews", new_review(second))
    api.settle()
    assert freelancer.get(f"/api/users/{freelancer.id}")["rating"] == {"count": 2, "average": 313}
    assert client.get(f"/api/users/{client.id}")["rating"] == {"count": 2, "average": 425}


def test_reviews_are_walked_in_pages_and_of_nobody_there_are_none(api: Api, parties):
    client, freelancer = parties
    made = []
    for _ in range(3):
        project = accepted(client, freelancer)
        completed(api, project)
        made.append(client.post("/api/reviews", new_review(project))["id"])
        freelancer.post("/api/reviews", new_review(project))
    assert pages(client, f"/api/reviews/{freelancer.id}", limit=2) == [made[:0:-1], made[:1]]
    client.get(f"/api/reviews/usr_{'0' * 32}", status=404)
    assert fields_at_fault(client.get("/api/reviews/everybody", status=422)) == ["path.id"]


@pytest.mark.parametrize(
    ("fields", "at_fault"),
    [
        ({"scores": {**SCORES, "quality": 0, "fairness": 6}}, ["body.scores.fairness", "body.scores.quality"]),
        ({"scores": {**SCORES, "quality": 4.5}}, ["body.scores.quality"]),
        ({"scores": {"quality": 5}}, ["body.scores.communication", "body.scores.fairness", "body.scores.timeliness"]),
        ({"scores": {**SCORES, "humour": 5}}, ["body.scores.humour"]),
        ({"scores": 5, "comment": "x" * 5_001}, ["body.comment", "body.scores"]),
        ({"comment": "bell \u0007"}, ["body.comment"]),
        ({"subject_id": "usr_" + "0" * 32, "state": "published"}, ["body.state", "body.subject_id"]),
        ({"project_id": {"$gt": ""}}, ["body.project_id"]),
    ],
)
def test_every_faulty_field_is_named_and_nothing_is_stored(parties, project, fields, at_fault):
    client, _ = parties
    assert fields_at_fault(client.post("/api/reviews", new_review(project, **fields), status=422)) == at_fault
    after = client.get(f"/api/projects/{project['id']}")
    assert (after["reviews"], after["may_review"]) == ([], True)
