"""`GET /api/users`: for admins only, with filters and pages."""

import secrets

import pytest

from tests.api import Api
from tests.hiring import fields_at_fault, pages


def test_only_admins_list_people(api: Api):
    ada = api.register(roles=["freelancer", "employer"])
    assert ada.get("/api/users", status=403)["code"] == "forbidden"
    assert api.call("GET", "/api/users").status_code == 401


def test_an_admin_finds_people_by_what_they_are(api: Api):
    admin = api.admin()
    skill = f"Skill {secrets.token_hex(6)}"
    one = api.register(roles=["freelancer"])
    two = api.register(roles=["employer", "freelancer"])
    for person in (one, two):
        person.put(f"/api/users/{person.id}", {"profile": {"skills": [skill]}})

    def found(query: str) -> list[str]:
        return [item["id"] for item in admin.get(f"/api/users?{query}")["items"]]

    assert found(f"skill={skill.upper()}") == [two.id, one.id]
    assert found(f"skill={skill}&role=employer") == [two.id]
    assert found(f"skill={skill}&suspended=true") == []
    assert found(f"email={one.email.upper()}") == [one.id]
    assert admin.get(f"/api/users?email={one.email}")["items"][0]["email"] == one.email


def test_pages_go_on_where_the_last_one_ended_while_people_register(api: Api):
    admin = api.admin()
    skill = f"skill{secrets.token_hex(6)}"

    def register() -> str:
        person = api.register()
        person.put(f"/api/users/{person.id}", {"profile": {"skills": [skill]}})
        return person.id

    people = [register() for _ in range(5)]
    first = admin.get(f"/api/users?skill={skill}&limit=2")
    register()
    second = admin.get(f"/api/users?skill={skill}&limit=2&cursor={first['next_cursor']}")
    assert [item["id"] for item in first["items"] + second["items"]] == people[:0:-1]
    assert [len(page) for page in pages(admin, f"/api/users?skill={skill}", limit=4)] == [4, 2]


def test_a_cursor_of_another_question_is_refused(api: Api):
    admin = api.admin()
    cursor = admin.get("/api/users?limit=1")["next_cursor"]
    for query in (f"role=admin&cursor={cursor}", "cursor=nonsense", f"cursor={cursor[:-2]}"):
        assert admin.get(f"/api/users?{query}", status=400)["code"] == "invalid_cursor"


@pytest.mark.parametrize(
    ("query", "at_fault"),
    [
        ("role=boss", ["query.role"]),
        ("limit=0&suspended=maybe", ["query.limit", "query.suspended"]),
        ("limit=101", ["query.limit"]),
        ("nonsense=1", ["query.nonsense"]),
        ("email[$ne]=x", ["query.email[$ne]"]),
    ],
)
def test_every_faulty_parameter_is_named(api: Api, query, at_fault):
    assert fields_at_fault(api.admin().get(f"/api/users?{query}", status=422)) == at_fault
