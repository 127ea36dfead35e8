"""Registering, logging in, refreshing, logging out."""

import asyncio
import time

import jwt
import pytest

from tests.api import PASSWORD, Api, Person


def refresh(api: Api, token: str, **extra):
    return api.call("POST", "/api/auth/refresh-token", json={"refresh_token": token, **extra})


def test_a_new_user_is_signed_in_and_can_log_in_again(api: Api):
    ada = api.register(roles=["freelancer", "employer"], name="  Ada \t Lovelace ")
    assert ada.signed_in["roles"] == ["employer", "freelancer"]
    assert ada.signed_in["name"] == "Ada Lovelace"
    again = ada.signed_in_again()
    assert again.id == ada.id
    assert again.signed_in["refresh_token"] != ada.signed_in["refresh_token"]


def test_an_address_is_taken_once_whatever_its_case(api: Api):
    ada = api.register()
    body = {"email": ada.email.upper(), "password": PASSWORD, "name": "Eve", "roles": ["freelancer"]}
    response = api.call("POST", "/api/auth/register", json=body)
    assert (response.status_code, response.json()["code"]) == (409, "email_taken")


@pytest.mark.parametrize("password", ["password1234", "qwertyuiop", "iloveyou123", "aaaaaaaaaaaa"])
def test_a_password_that_is_guessed_soon_is_refused(api: Api, password: str):
    body = {"email": "weak@example.org", "password": password, "name": "Weak", "roles": ["freelancer"]}
    response = api.call("POST", "/api/auth/register", json=body)
    assert response.status_code == 422
    assert [fault["field"] for fault in response.json()["faults"]] == ["body.password"]


def test_nobody_registers_as_an_admin(api: Api):
    body = {"email": "root@example.org", "password": PASSWORD, "name": "Root", "roles": ["admin"]}
    response = api.call("POST", "/api/auth/register", json=body)
    assert response.status_code == 422
    assert "roles" in response.json()["faults"][0]["field"]


def test_a_wrong_address_and_a_wrong_password_get_the_same_answer(api: Api):
    ada = api.register()
    answers = [
        api.call("POST", "/api/auth/login", json={"email": email, "password": "not the right one"})
        for email in (ada.email, "nobody@example.org")
    ]
    assert [answer.status_code for answer in answers] == [401, 401]
    first, second = ({**answer.json(), "trace_id": ""} for answer in answers)
    assert first == second


def test_the_stored_password_is_an_argon2id_hash(api: Api):
    ada = api.register()
    stored = api.run(api.store.database["users"].find_one({"_id": ada.id}))
    assert stored["password_hash"].startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_every_refresh_gives_a_new_pair_and_the_old_token_is_spent(api: Api):
    ada = api.register()
    first = refresh(api, ada.signed_in["refresh_token"]).json()
    second = refresh(api, first["refresh_token"]).json()
    assert len({ada.signed_in["refresh_token"], first["refresh_token"], second["refresh_token"]}) == 3
    assert Person(api, ada.email, second).call("GET", f"/api/users/{ada.id}").status_code != 401


def test_a_repeat_within_the_grace_gets_the_same_refresh_token_again(api: Api):
    ada = api.register(device="phone")
    token = ada.signed_in["refresh_token"]
    first, second = refresh(api, token, device="phone"), refresh(api, token, device="phone")
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json()["refresh_token"] == second.json()["refresh_token"]


def test_a_token_used_again_later_ends_the_whole_session(api: Api):
    ada = api.register()
    stolen = ada.signed_in["refresh_token"]
    newest = refresh(api, refresh(api, stolen).json()["refresh_token"]).json()
    assert refresh(api, stolen).status_code == 401
    assert refresh(api, newest["refresh_token"]).status_code == 401
    assert Person(api, ada.email, newest).call("POST", "/api/auth/logout").status_code == 401


def test_a_repeat_from_another_device_ends_the_session(api: Api):
    ada = api.register(device="phone")
    token = ada.signed_in["refresh_token"]
    newest = refresh(api, token, device="phone").json()
    assert refresh(api, token, device="laptop").status_code == 401
    assert refresh(api, newest["refresh_token"], device="phone").status_code == 401


def test_a_made_up_refresh_token_harms_no_session(api: Api):
    ada = api.register()
    session, generation, mac = ada.signed_in["refresh_token"].split(".")
    for forged in (f"{session}.{generation}.{'A' * 43}", f"{session}.99.{mac}", "nonsense", ""):
        assert refresh(api, forged).status_code in {401, 422}
    assert refresh(api, ada.signed_in["refresh_token"]).status_code == 200


def test_after_logging_out_neither_token_works(api: Api):
    ada = api.register()
    assert ada.call("POST", "/api/auth/logout").status_code == 204
    assert ada.call("POST", "/api/auth/logout").status_code == 401
    assert refresh(api, ada.signed_in["refresh_token"]).status_code == 401


def _forged(person: Person, *, header=None, key=None, **claims):
    real = jwt.decode(person.signed_in["access_token"], options={"verify_signature": False})
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415

    kid = jwt.get_unverified_header(person.signed_in["access_token"])["kid"]
    return jwt.encode(
        {**real, **claims}, key or Ed25519PrivateKey.generate(), algorithm="EdDSA",
        headers={"kid": kid, "typ": "at+jwt", **(header or {})},
    )  # fmt: skip


@pytest.mark.parametrize("what", ["foreign_key", "foreign_kid", "none", "garbage", "basic", "hmac_with_public_key"])
def test_a_forged_access_token_is_refused(api: Api, what: str):
    ada = api.register()
    real = ada.signed_in["access_token"]
    tokens = {
        "foreign_key": f"Bearer {_forged(ada)}",
        "foreign_kid": f"Bearer {_forged(ada, header={'kid': 'other', 'jku': 'http://127.0.0.1:1/x'})}",
        "none": "Bearer " + jwt.encode(jwt.decode(real, options={"verify_signature": False}), None, algorithm="none"),
        "garbage": "Bearer a.b.c",
        "basic": "Basic YTpi",
        "hmac_with_public_key": "Bearer "
        + jwt.encode({"sub": ada.id}, "k" * 32, algorithm="HS256", headers=jwt.get_unverified_header(real) | {"alg": "HS256"}),
    }
    response = api.call("POST", "/api/auth/logout", headers={"Authorization": tokens[what]})
    assert response.status_code == 401
    assert response.headers["content-type"] == "application/problem+json"


def test_a_cached_token_is_refused_once_it_has_expired(api: Api, monkeypatch):
    ada = api.register()
    verifier = api.app.services.access_tokens
    assert verifier.verify(ada.signed_in["access_token"]).user_id == ada.id
    later = time.time() + 601
    monkeypatch.setattr("freehold.edge.tokens.time.time", lambda: later)
    assert api.call("POST", "/api/auth/logout", headers=ada.headers).status_code == 401


def test_the_published_keys_check_our_tokens_and_hold_nothing_private(api: Api):
    ada = api.register()
    keys = api.call("GET", "/api/auth/jwks.json").json()["keys"]
    assert all("d" not in key for key in keys)
    claims = jwt.decode(ada.signed_in["access_token"], jwt.PyJWK(keys[0]).key, algorithms=["EdDSA"], audience="freehold-api")
    assert claims["sub"] == ada.id
    assert claims["exp"] - claims["iat"] <= 600


def test_signing_in_too_often_at_one_address_is_slowed_down(mongodb_uri, database, keys):
    with Api.opened(mongodb_uri, database, keys, rate_auth_per_minute="3") as api:
        body = {"email": "nobody@example.org", "password": "whatever it is"}
        answers = [api.call("POST", "/api/auth/login", json=body) for _ in range(5)]
    assert [answer.status_code for answer in answers[:3]] == [401, 401, 401]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) >= 1


def test_a_sign_in_that_meets_a_change_of_roles_keeps_no_right_that_was_taken(api: Api):
    for _ in range(5):
        ada = api.register(roles=["freelancer", "employer"])

        async def both(person: Person = ada):
            login = api.client.post("/api/auth/login", json={"email": person.email, "password": PASSWORD})
            change = api.client.put(f"/api/users/{person.id}", json={"roles": ["freelancer"]}, headers=person.headers)
            return await asyncio.gather(login, change)

        login, change = api.run(both())
        assert (login.status_code, change.status_code) == (200, 200)
        later = Person(api, ada.email, login.json())
        answer = later.call("PUT", f"/api/users/{ada.id}", {"name": "Ada"})
        assert answer.status_code == 401 or later.signed_in["roles"] == ["freelancer"]
