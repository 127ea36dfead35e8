"""Idempotency keys, for every endpoint that takes them: one effect, whatever happens on the way."""

import asyncio
import secrets

import httpx
import pytest

from tests.security.calls import Token, asend, authorisation, effect_of_one, send, what
from tests.security.people import ROLES
from tests.security.references import references, with_missing
from tests.security.snapshots import effect, fingerprints, snapshot
from tests.security.table import KEYED, RECIPES, WRITES, Request, address, declaration_of
from tests.security.world import World

REPLAYED = "idempotent-replayed"
TWINS = 8
BAD_KEYS = [[""], [" "], ["a b"], ["k" * 256], ["\xe9"], ["tab\there"], ["one", "two"]]


def keyed(key: str | None = None) -> dict[str, str]:
    return {"Idempotency-Key": key or secrets.token_hex(8)}


def test_every_write_takes_a_key_but_those_that_hand_out_tokens_and_webhooks():
    exempt = {name for name in WRITES if not declaration_of(name).idempotent}
    tokens = {"auth-login", "auth-logout", "auth-refresh-token", "auth-register", "realtime-create-ticket"}
    others = {"payments-receive-webhook", "payouts-check-payout-account"}
    assert exempt == tokens | others, "an event of a gateway has an id of its own; to ask how an account stands changes nothing"


@pytest.mark.parametrize("name", KEYED)
def test_a_repeated_request_gets_the_stored_answer_and_has_no_second_effect(world: World, name: str):
    request, key, owner = RECIPES[name].make(world), keyed(), RECIPES[name].owner
    first = send(world, name, request, as_=owner, headers=key)
    assert (first.status_code, first.headers.get(REPLAYED)) == (declaration_of(name).status, None)
    before = fingerprints(world.api)
    for _ in range(2):
        again = send(world, name, request, as_=owner, headers=key)
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert again.headers[REPLAYED] == "true"
    assert fingerprints(world.api) == before


@pytest.mark.parametrize("name", KEYED)
def test_the_same_key_with_another_request_is_refused(world: World, name: str):
    request, other, key = RECIPES[name].make(world), RECIPES[name].make(world), keyed()
    owner = RECIPES[name].owner
    assert send(world, name, request, as_=owner, headers=key).is_success
    before = fingerprints(world.api)
    refused = send(world, name, other, as_=owner, headers=key)
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")
    assert fingerprints(world.api) == before
    assert send(world, name, other, as_=owner, headers=keyed()).is_success


@pytest.mark.parametrize("name", KEYED)
def test_twins_at_the_same_time_have_one_effect_and_equal_answers(world: World, name: str):
    alone = effect_of_one(world, name)
    request, key, owner = RECIPES[name].make(world), keyed(), RECIPES[name].owner

    async def storm() -> list[httpx.Response]:
        return await asyncio.gather(*(asend(world, name, request, as_=owner, headers=key) for _ in range(TWINS)))

    before = snapshot(world.api)
    answers = world.api.run(storm())
    assert {(answer.status_code, answer.content) for answer in answers} == {(answers[0].status_code, answers[0].content)}
    assert answers[0].status_code == declaration_of(name).status, answers[0].text
    assert sorted(answer.headers.get(REPLAYED, "") for answer in answers) == ["", *["true"] * (TWINS - 1)]
    assert effect(before, snapshot(world.api)) == alone


@pytest.mark.parametrize("name", KEYED)
def test_a_key_gives_nobody_the_answer_of_somebody_else(world: World, name: str):
    request, key, owner = RECIPES[name].make(world), keyed(), RECIPES[name].owner
    assert send(world, name, request, as_=owner, headers=key).is_success
    for person in ROLES:
        if person != owner:
            answer = send(world, name, request, as_=person, headers=key)
            assert REPLAYED not in answer.headers, person
            assert world.leaks(person, answer.text) == []
    dead = world.dead_tokens(owner or "")
    assert {send(world, name, request, as_=Token(token), headers=key).status_code for token in dead.values()} == {401}


@pytest.mark.parametrize("name", [name for name in KEYED if references(declaration_of(name))])
def test_a_refusal_leaves_the_key_as_it_was(world: World, name: str):
    request, key, owner = RECIPES[name].make(world), keyed(), RECIPES[name].owner
    before = fingerprints(world.api)
    missing = with_missing(request, references(declaration_of(name))[0])
    assert send(world, name, missing, as_=owner, headers=key).status_code == 404
    assert fingerprints(world.api) == before
    answer = send(world, name, request, as_=owner, headers=key)
    assert (answer.status_code, answer.headers.get(REPLAYED)) == (declaration_of(name).status, None)


@pytest.mark.parametrize("name", KEYED)
def test_a_key_that_is_none_is_refused(world: World, name: str):
    request, owner = RECIPES[name].make(world), RECIPES[name].owner
    before = fingerprints(world.api)
    for keys in BAD_KEYS:
        answer = world.api.run(_send_keys(world, name, request, keys))
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_idempotency_key"), keys
    assert fingerprints(world.api) == before
    assert send(world, name, request, as_=owner, headers=keyed("!" + secrets.token_hex(127))).is_success


def test_one_key_serves_two_endpoints(world: World):
    key = keyed()
    for name in ("jobs-create-job", "users-update-user"):
        answer = send(world, name, RECIPES[name].make(world), as_="client", headers=key)
        assert (answer.is_success, answer.headers.get(REPLAYED)) == (True, None)


def test_without_a_key_the_same_request_is_another_one(world: World):
    request = RECIPES["jobs-create-job"].make(world)
    answers = [what(send(world, "jobs-create-job", request, as_="client"))[1]["id"] for _ in range(2)]
    assert len(set(answers)) == 2


async def _send_keys(world: World, name: str, request: Request, keys: list[str]) -> httpx.Response:
    headers = [*authorisation(world, request, RECIPES[name].owner).items()]
    headers += [("Idempotency-Key", key.encode("latin-1")) for key in keys]
    path, method = address(name, request), declaration_of(name).method
    sent = {} if request.body is None else {"json": request.body}
    return await world.api.client.request(method, path, headers=headers, **sent)
