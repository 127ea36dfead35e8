"""`GET /api/projects` and `GET /api/projects/{id}`."""

from tests.api import Api
from tests.hiring import accepted, completed, fields_at_fault, pages


def test_a_project_is_seen_by_its_two_parties_only(api: Api):
    client, freelancer, stranger = api.register(roles=["employer"]), api.register(), api.register(roles=["employer"])
    project = accepted(client, freelancer)
    path = f"/api/projects/{project['id']}"
    assert project["side"] == "client"
    assert freelancer.get(path) == {**project, "side": "freelancer"}
    for other in (stranger, api.admin()):
        other.get(path, status=404)
        assert other.get("/api/projects")["items"] == []
    assert api.call("GET", path).status_code == 401
    client.get(f"/api/projects/prj_{'0' * 32}", status=404)
    assert fields_at_fault(client.get(f"/api/projects/{project['job_id']}", status=422)) == ["path.id"]


def test_projects_are_listed_from_both_sides_newest_first(api: Api):
    both, other = (api.register(roles=["employer", "freelancer"]) for _ in range(2))
    as_client, as_freelancer = accepted(both, other), accepted(other, both)
    completed(api, as_client)

    def listed(query: str = "") -> list[str]:
        return [item["id"] for item in both.get(f"/api/projects?{query}")["items"]]

    assert listed() == [as_freelancer["id"], as_client["id"]]
    assert listed("side=client") == [as_client["id"]]
    assert listed("side=freelancer") == [as_freelancer["id"]]
    assert listed("state=completed") == [as_client["id"]]
    assert listed("side=freelancer&state=completed") == []
    assert pages(both, "/api/projects", limit=1) == [[as_freelancer["id"]], [as_client["id"]]]
    assert fields_at_fault(both.get("/api/projects?side=judge&state=lost", status=422)) == ["query.side", "query.state"]
    cursor = both.get("/api/projects?limit=1")["next_cursor"]
    assert both.get(f"/api/projects?side=client&cursor={cursor}", status=400)["code"] == "invalid_cursor"


def test_whether_one_may_review_is_said_once_the_project_is_completed(api: Api):
    client, freelancer = api.register(roles=["employer"]), api.register()
    project = accepted(client, freelancer)
    assert project["may_review"] is False
    completed(api, project)
    assert client.get(f"/api/projects/{project['id']}")["may_review"] is True
