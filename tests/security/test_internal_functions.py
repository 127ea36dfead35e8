"""Reactions and sweeps are for our own doors: nobody else calls them, with any token; and a door's token fits one call."""

import time

import pytest

from freehold.internal_calls import CallSigner
from tests.security.forgeries import forged_tokens
from tests.security.people import ROLES
from tests.security.snapshots import fingerprints
from tests.security.table import ENDPOINTS, INTERNAL
from tests.security.world import World

BODIES = {"reaction": b"[]", "sweep": b"{}"}


def signer(world: World, door: str) -> CallSigner:
    return CallSigner.from_jwk((world.api.keys / f"{door}-call-key").read_text())


def door_of(name: str) -> str:
    return "connector" if INTERNAL[name].kind == "reaction" else "scheduler"


def status(world: World, name: str, token: str | None, body: bytes | None = None, method: str = "POST") -> int:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    sent = BODIES[INTERNAL[name].kind] if body is None else body
    return world.api.call(method, f"/{name}", content=sent, headers=headers).status_code


@pytest.mark.parametrize("name", INTERNAL)
def test_only_a_door_calls_what_is_internal(world: World, name: str):
    tokens = {person: world[person].signed_in["access_token"] for person in ROLES}
    tokens |= forged_tokens(world["admin"], world["client"])
    before = fingerprints(world.api)
    assert status(world, name, None) == 401
    for told, token in tokens.items():
        assert status(world, name, token) == 401, told
    assert fingerprints(world.api) == before
    good = signer(world, door_of(name)).sign(function=name, method="POST", path=f"/{name}", body=BODIES[INTERNAL[name].kind])
    assert status(world, name, good) == 200


@pytest.mark.parametrize("name", INTERNAL)
def test_a_door_s_token_fits_one_call(world: World, monkeypatch: pytest.MonkeyPatch, name: str):
    body = BODIES[INTERNAL[name].kind]
    door = signer(world, door_of(name))
    call = {"function": name, "method": "POST", "path": f"/{name}", "body": body}
    other = next(each for each in INTERNAL if each != name)
    unfit = {
        "another function": door.sign(**{**call, "function": other}),
        "another path": door.sign(**{**call, "path": f"/{other}"}),
        "another method": door.sign(**{**call, "method": "GET"}),
        "another body": door.sign(**{**call, "body": body + b" "}),
        "another door's name": CallSigner(door="gateway", key=door.key).sign(**call),
        "the other door's key": CallSigner(door=door.door, key=signer(world, _other(door.door)).key).sign(**call),
    }
    earlier = time.time() - 120
    with monkeypatch.context() as patch:
        patch.setattr("freehold.internal_calls.time.time", lambda: earlier)
        unfit["a call of two minutes ago"] = door.sign(**call)
    before = fingerprints(world.api)
    for told, token in unfit.items():
        assert status(world, name, token) == 401, told
    assert fingerprints(world.api) == before
    good = door.sign(**call)
    assert (status(world, name, good, body + b" "), status(world, name, good)) == (401, 200)


@pytest.mark.parametrize("name", INTERNAL)
def test_what_is_internal_has_one_address_and_one_method(world: World, name: str):
    good = signer(world, door_of(name)).sign(function=name, method="POST", path=f"/{name}", body=BODIES[INTERNAL[name].kind])
    assert {status(world, name, good, method=method) for method in ("GET", "PUT", "DELETE", "PATCH")} == {404}
    headers = {"Authorization": f"Bearer {good}"}
    for path in (f"/function/{name}", f"/async-function/{name}", f"/api/{name}", f"/{name.upper()}"):
        response = world.api.call("POST", path, content=BODIES[INTERNAL[name].kind], headers=headers)
        assert response.status_code == 404, path


@pytest.mark.parametrize("name", ENDPOINTS)
def test_an_endpoint_is_not_called_by_its_function_s_name(world: World, name: str):
    token = signer(world, "connector").sign(function=name, method="POST", path=f"/{name}", body=b"{}")
    for headers in ({}, world["admin"].headers, {"Authorization": f"Bearer {token}"}):
        assert world.api.call("POST", f"/{name}", content=b"{}", headers=headers).status_code == 404


def _other(door: str) -> str:
    return "scheduler" if door == "connector" else "connector"
