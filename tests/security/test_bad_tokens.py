"""Forged, damaged, borrowed and expired tokens: 401 at every endpoint, and nothing is stored."""

import pytest

from tests.security.calls import Token, send
from tests.security.forgeries import forged_tokens, strange_headers
from tests.security.snapshots import fingerprints
from tests.security.table import ENDPOINTS, RECIPES, WRITES, Request, declaration_of
from tests.security.world import World


@pytest.fixture(scope="module")
def forged(world: World) -> dict[str, str]:
    """Give forged tokens of an admin, who has every right that a forger could want."""
    return forged_tokens(world["admin"], world["client"])


@pytest.mark.parametrize("name", ENDPOINTS)
def test_no_forged_token_opens_an_endpoint(world: World, forged: dict[str, str], name: str):
    request = RECIPES[name].make(world)
    before = fingerprints(world.api)
    for told, token in forged.items():
        response = send(world, name, request, as_=Token(token))
        assert (response.status_code, response.json()["code"]) == (401, "unauthenticated"), (told, response.text)
        assert response.headers["www-authenticate"] == "Bearer"
        assert world.leaks("anonymous", response.text) == []
    assert fingerprints(world.api) == before


@pytest.mark.parametrize("name", ENDPOINTS)
def test_no_strange_authorisation_opens_an_endpoint(world: World, name: str):
    request = RECIPES[name].make(world)
    before = fingerprints(world.api)
    for told, header in strange_headers(world["admin"]).items():
        response = send(world, name, request, headers={"Authorization": header.encode("latin-1")})
        assert (response.status_code, response.json()["code"]) == (401, "unauthenticated"), (told, response.text)
    assert fingerprints(world.api) == before


@pytest.mark.parametrize("name", [name for name in WRITES if declaration_of(name).auth != "anyone"])
def test_a_write_does_not_trust_what_was_read_a_moment_ago(world: World, monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.setattr("freehold.edge.sessions.FRESH_FOR_S", 3_600.0)
    owner = world[RECIPES[name].owner or ""]
    request = RECIPES[name].make(world)
    session = owner.signed_in_again()
    assert session.call("GET", "/api/notifications").status_code == 200
    session.post("/api/auth/logout", status=204)
    response = send(world, name, Request(request.id, request.body, request.query, by=session), as_=RECIPES[name].owner)
    assert (response.status_code, response.json()["code"]) == (401, "unauthenticated")


def test_two_authorisations_are_none(world: World):
    good = world["client"].headers["Authorization"]
    for second in (good, world["admin"].headers["Authorization"], "Bearer x", ""):
        headers = [("Authorization", good), ("Authorization", second)]
        assert world.api.call("GET", "/api/notifications", headers=headers).status_code == 401


def test_the_scheme_is_read_whatever_its_case(world: World):
    token = world["client"].signed_in["access_token"]
    for scheme in ("Bearer", "bearer", "BEARER"):
        assert world.api.call("GET", "/api/notifications", headers={"Authorization": f"{scheme} {token}"}).status_code == 200


def test_a_token_in_the_address_is_none(world: World):
    token = world["client"].signed_in["access_token"]
    for field in ("access_token", "token", "authorization"):
        assert world.api.call("GET", f"/api/notifications?{field}={token}").status_code == 401
    assert world.api.call("GET", "/api/notifications", headers={"Cookie": f"access_token={token}"}).status_code == 401
