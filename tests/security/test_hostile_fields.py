"""Every field of every body of hiring, filled with what an attacker or a broken client sends: a 4xx or a harmless text."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api import Api, Person
from tests.hiring import accepted, completed, in_days, new_application, new_job

HOSTILE: list[Any] = [
    None, True, -1, 1.5, 10**30, "", "\x00", "a\u202eb", "x" * 60_000, "=cmd()|'/C calc'!A0", "../../etc/passwd",
    {"$ne": None}, {"$where": "sleep(1000)"}, [], [[None]], {"a": {"b": {}}}, "\u0958" * 300,
    "9999-12-31T23:59:59.999999-14:00", "0001-01-01T00:00:00+14:00",
]  # fmt: skip
SCORES = {"quality": 1, "communication": 1, "timeliness": 1, "fairness": 1}
PROFILE = {
    "headline": "a", "about": "b", "skills": ["c"], "hourly_rate": {"amount": 1, "currency": "USD"}, "country": "d",
    "experience": [{"title": "e", "organisation": "f", "from_year": 2000, "to_year": 2001, "description": "g"}],
    "portfolio": [{"title": "h", "description": "i", "url": "https://example.org"}], "time_zone": "UTC",
    "languages": [{"tag": "en", "level": "basic"}], "availability_hours_per_week": 3, "education": [{"title": "j"}],
}  # fmt: skip
RANGE = {"least": {"amount": 1, "currency": "USD"}, "most": {"amount": 2, "currency": "USD"}}
PLACE = {"remote": True, "country": "Italy", "city": "Turin"}


def places(value: Any, at: tuple = ()) -> Iterator[tuple]:
    """Name every place in a body, the whole of it first."""
    yield at
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*at, key))


def with_hostile(body: Any, at: tuple, hostile: Any) -> Any:
    if not at:
        return hostile
    body = copy.deepcopy(body)
    inner = body
    for key in at[:-1]:
        inner = inner[key]
    inner[at[-1]] = hostile
    return body


def targets(one: Person, other: Person) -> dict[str, tuple[Person, str, str, Any]]:
    """Give, for every write of hiring, a call that is otherwise good: (who, method, path, body)."""
    draft = one.post("/api/jobs", new_job(state="draft"))["id"]
    project = accepted(one, other)
    completed(one.api, project)
    job = one.post("/api/jobs", new_job())
    answer = {"transition": "decline", "version": 1}
    edit = new_job(deadline=in_days(2), place=PLACE, inspection_period_s=5)
    hourly = new_job(kind="hourly", budget=None, hourly=RANGE, state="draft")
    return {
        "create job": (one, "POST", "/api/jobs", hourly),
        "edit job": (one, "PUT", f"/api/jobs/{draft}", edit),
        "move job": (one, "PUT", f"/api/jobs/{draft}", {"transition": "pause", "version": 1}),
        "update user": (one, "PUT", f"/api/users/{one.id}", {"name": "n", "profile": PROFILE, "version": 9}),
        "update profile": (one, "PUT", f"/api/users/{one.id}", {"profile": PROFILE}),
        "apply": (other, "POST", "/api/applications", new_application(job)),
        "answer": (one, "PUT", f"/api/applications/{project['application_id']}", answer),
        "review": (one, "POST", "/api/reviews", {"project_id": project["id"], "scores": SCORES, "comment": "c"}),
        "read all": (one, "PUT", "/api/notifications", {"read_up_to": f"ntf_{'0' * 32}"}),
        "read one": (one, "PUT", f"/api/notifications/ntf_{'0' * 32}", {"read": True}),
    }


WRITES = [
    "create job", "edit job", "move job", "update user", "update profile", "apply", "answer", "review", "read all", "read one",
]  # fmt: skip


@pytest.mark.parametrize("target", WRITES)
def test_no_field_of_a_write_makes_the_server_fail(api: Api, target: str):
    one, other = api.register(roles=["employer", "freelancer"]), api.register()
    who, method, path, body = targets(one, other)[target]
    for at in places(body):
        for hostile in HOSTILE:
            answer = who.call(method, path, with_hostile(body, at, hostile))
            assert answer.status_code < 500, (at, hostile, answer.text)
            if answer.status_code >= 400:
                assert answer.headers["content-type"] == "application/problem+json"
                assert answer.json()["code"]
    for readable in (f"/api/users/{one.id}", "/api/jobs?mine=true&limit=100", "/api/jobs?limit=100", "/api/applications"):
        one.get(readable)


PARAMETERS = [
    "q", "category", "kind", "skills", "budget_min", "budget_max", "currency", "deadline_before", "posted_since", "remote",
    "country", "employer_id", "mine", "state", "sort", "limit", "cursor",
]  # fmt: skip


@pytest.mark.parametrize("name", PARAMETERS)
def test_no_parameter_of_the_search_makes_the_server_fail(api: Api, name: str):
    person = api.register()
    currency = {"currency": "USD"} if name.startswith("budget") else {}
    for hostile in [str(each) for each in HOSTILE if len(str(each)) < 1_000] + [
        '"',
        "-",
        '"a -b',
        "{$ne:1}",
        "%",
        "NaN",
        "1e400",
    ]:
        answer = person.call("GET", "/api/jobs", params={**currency, name: hostile})
        assert answer.status_code in {200, 400, 422}, (hostile, answer.text)
