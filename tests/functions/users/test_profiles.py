"""`GET/PUT /api/users/{id}`: what is public, what one may change, what changing roles does."""

import pytest

from tests.api import Api
from tests.hiring import fields_at_fault, together

FULL = {
    "headline": "  Translator   and\teditor ",
    "about": "First line.  \r\n\r\nSecond line.",
    "skills": ["Italian", "Legal  texts", "italian"],
    "hourly_rate": {"amount": 4_500, "currency": "EUR"},
    "availability_hours_per_week": 30,
    "experience": [{"title": "Editor", "organisation": "Feltrinelli", "from_year": 2015, "description": "Books."}],
    "education": [{"title": "MA Translation", "from_year": 2010, "to_year": 2012}],
    "portfolio": [{"title": "A novel", "url": "https://example.org/novel"}],
    "languages": [{"tag": "it", "level": "native"}, {"tag": "en-GB", "level": "fluent"}],
    "country": "Italy",
    "time_zone": "Europe/Rome",
}


def test_a_profile_is_kept_in_its_normal_form_and_read_back(api: Api):
    ada = api.register()
    after = ada.put(f"/api/users/{ada.id}", {"profile": FULL, "name": " Ada  Rossi "})
    assert after == ada.get(f"/api/users/{ada.id}")
    assert after["name"] == "Ada Rossi"
    profile = after["profile"]
    assert profile["headline"] == "Translator and editor"
    assert profile["about"] == "First line.\n\nSecond line."
    assert profile["skills"] == ["Italian", "Legal texts"]
    assert profile["hourly_rate"] == {"amount": 4_500, "currency": "EUR"}
    assert profile["experience"][0]["organisation"] == "Feltrinelli"
    assert profile["languages"][1] == {"tag": "en-GB", "level": "fluent"}


def test_what_is_not_mentioned_stays(api: Api):
    ada = api.register()
    ada.put(f"/api/users/{ada.id}", {"profile": FULL})
    after = ada.put(f"/api/users/{ada.id}", {"profile": {"headline": "New", "hourly_rate": None}})
    assert after["profile"]["headline"] == "New"
    assert after["profile"]["hourly_rate"] is None
    assert after["profile"]["skills"] == ["Italian", "Legal texts"]
    assert after["name"] == "Ada Test"


def test_the_address_is_shown_to_oneself_and_to_admins_only(api: Api):
    ada, stranger, admin = api.register(), api.register(), api.admin()
    private = {"email", "suspended", "version"}
    assert ada.get(f"/api/users/{ada.id}")["email"] == ada.email
    assert admin.get(f"/api/users/{ada.id}")["email"] == ada.email
    for seen in (stranger.get(f"/api/users/{ada.id}"), api.call("GET", f"/api/users/{ada.id}").json()):
        assert seen["name"] == "Ada Test"
        assert private & seen.keys() == set()
        assert ada.email not in str(seen)
        assert "password" not in str(seen)


def test_what_is_private_is_never_cached(api: Api):
    ada = api.register()
    assert ada.call("GET", f"/api/users/{ada.id}").headers["Cache-Control"] == "no-store"


def test_who_is_an_admin_is_not_public(api: Api):
    admin, stranger = api.admin(), api.register()
    assert stranger.get(f"/api/users/{admin.id}")["roles"] == ["employer"]
    assert admin.get(f"/api/users/{admin.id}")["roles"] == ["admin", "employer"]


def test_nobody_changes_the_profile_of_somebody_else(api: Api):
    ada, stranger, admin = api.register(), api.register(), api.admin()
    for other in (stranger, admin):
        other.put(f"/api/users/{ada.id}", {"name": "Mallory"}, status=404)
    assert api.call("PUT", f"/api/users/{ada.id}", json={"name": "Mallory"}).status_code == 401
    assert ada.get(f"/api/users/{ada.id}")["name"] == "Ada Test"


def test_a_person_who_does_not_exist_is_not_found(api: Api):
    ada = api.register()
    ada.get(f"/api/users/usr_{'0' * 32}", status=404)
    assert fields_at_fault(ada.get(f"/api/users/job_{'0' * 32}", status=422)) == ["path.id"]


def test_a_change_that_starts_from_an_old_version_is_refused(api: Api):
    ada = api.register()
    seen = ada.get(f"/api/users/{ada.id}")["version"]
    after = ada.put(f"/api/users/{ada.id}", {"name": "Ada One", "version": seen})
    assert after["version"] == seen + 1
    assert ada.put(f"/api/users/{ada.id}", {"name": "Ada Two", "version": seen}, status=409)["code"] == "stale_version"
    assert ada.get(f"/api/users/{ada.id}")["name"] == "Ada One"


def test_of_two_changes_from_the_same_version_one_wins(api: Api):
    ada = api.register()
    path, seen = f"/api/users/{ada.id}", ada.get(f"/api/users/{ada.id}")["version"]
    answers = together(api, *[(ada, "PUT", path, {"name": f"Ada {n}", "version": seen}) for n in range(5)])
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409]


def test_changing_roles_ends_the_old_tokens_and_a_refreshed_one_has_the_new_roles(api: Api):
    ada = api.register(roles=["freelancer"])
    elsewhere = ada.signed_in_again()
    after = ada.put(f"/api/users/{ada.id}", {"roles": ["employer", "freelancer"]})
    assert after["roles"] == ["employer", "freelancer"]
    for session in (ada, elsewhere):
        session.put(f"/api/users/{ada.id}", {"name": "Too Late"}, status=401)
    body = {"refresh_token": ada.signed_in["refresh_token"]}
    refreshed = api.call("POST", "/api/auth/refresh-token", json=body).json()
    assert refreshed["roles"] == ["employer", "freelancer"]
    headers = {"Authorization": f"Bearer {refreshed['access_token']}"}
    assert api.call("GET", "/api/jobs?mine=true", headers=headers).status_code == 200


def test_changing_anything_else_ends_no_token(api: Api):
    ada = api.register(roles=["freelancer"])
    ada.put(f"/api/users/{ada.id}", {"name": "Ada Again", "roles": ["freelancer", "freelancer"]})
    assert ada.put(f"/api/users/{ada.id}", {"name": "Ada Still"})["name"] == "Ada Still"


def test_a_role_can_be_given_up_but_not_the_last_one(api: Api):
    ada = api.register(roles=["employer", "freelancer"])
    assert fields_at_fault(ada.put(f"/api/users/{ada.id}", {"roles": []}, status=422)) == ["body.roles"]
    assert ada.put(f"/api/users/{ada.id}", {"roles": ["employer"]})["roles"] == ["employer"]


def test_nobody_makes_themselves_an_admin_and_an_admin_stays_one(api: Api):
    ada, admin = api.register(), api.admin()
    problem = ada.put(f"/api/users/{ada.id}", {"roles": ["admin"]}, status=422)
    assert fields_at_fault(problem) == ["body.roles[0]"]
    assert ada.get(f"/api/users/{ada.id}")["roles"] == ["freelancer"]
    assert admin.put(f"/api/users/{admin.id}", {"roles": ["freelancer"]})["roles"] == ["admin", "freelancer"]


@pytest.mark.parametrize(
    ("body", "at_fault"),
    [
        ({"name": "   "}, ["body.name"]),
        ({"name": "A\u0000b"}, ["body.name"]),
        ({"name": 7, "email": "new@example.org"}, ["body.email", "body.name"]),
        ({"name": {"$ne": ""}}, ["body.name"]),
        ({"rating": {"count": 1, "average": 500}}, ["body.rating"]),
        ({"profile": {"skills": ["ok", ""]}}, ["body.profile.skills[1]"]),
        ({"profile": {"skills": [f"skill {n}" for n in range(51)]}}, ["body.profile.skills"]),
        ({"profile": {"hourly_rate": {"amount": 0, "currency": "QQQ"}}},
         ["body.profile.hourly_rate.amount", "body.profile.hourly_rate.currency"]),
        ({"profile": {"hourly_rate": {"amount": 1.5, "currency": "usd"}}},
         ["body.profile.hourly_rate.amount", "body.profile.hourly_rate.currency"]),
        ({"profile": {"portfolio": [{"title": "x", "url": "javascript:alert(1)"}]}}, ["body.profile.portfolio[0].url"]),
        ({"profile": {"portfolio": [{"title": "x", "url": "https://a\u0000b"}]}}, ["body.profile.portfolio[0].url"]),
        ({"profile": {"languages": [{"tag": "english", "level": "perfect"}]}},
         ["body.profile.languages[0].level", "body.profile.languages[0].tag"]),
        ({"profile": {"experience": [{"title": "x", "from_year": 1066}]}}, ["body.profile.experience[0].from_year"]),
        ({"profile": {"country": "\u0958" * 60}}, ["body.profile.country"]),
    ],
)  # fmt: skip
def test_every_faulty_field_is_named_and_nothing_is_stored(api: Api, body, at_fault):
    ada = api.register()
    before = ada.get(f"/api/users/{ada.id}")
    assert fields_at_fault(ada.put(f"/api/users/{ada.id}", body, status=422)) == at_fault
    assert ada.get(f"/api/users/{ada.id}") == before


def test_a_name_that_is_faulty_is_described_in_words(api: Api):
    ada = api.register()
    problem = ada.put(f"/api/users/{ada.id}", {"name": " "}, status=422)
    assert problem["faults"][0]["expected"] == "`str`: Text with something to see in it, without control characters."
