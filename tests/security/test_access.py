"""The access matrix, from the declarations: every endpoint, everybody, every object. Nothing leaks, nothing is stored.

Each test ends with the owner, for whom the very same request is carried out: what was refused was refused for who asked.
"""

from dataclasses import replace

import pytest

from tests.security.calls import Token, send, what
from tests.security.people import ROLES
from tests.security.references import references, with_missing
from tests.security.snapshots import fingerprints
from tests.security.table import ENDPOINTS, RECIPES, Recipe, Request, declaration_of
from tests.security.world import World

PROTECTED = [name for name in RECIPES if declaration_of(name).auth != "anyone"]
FOR_A_ROLE = [name for name in PROTECTED if declaration_of(name).auth != "user"]
ABOUT_AN_OBJECT = [
    name
    for name, recipe in RECIPES.items()
    if references(declaration_of(name)) and not recipe.public and declaration_of(name).auth != "admin"
]


def strangers(recipe: Recipe) -> list[str]:
    """Name the people who have nothing to do with the object of a request."""
    return [name for name in ROLES if name != recipe.owner and name not in recipe.parties]


def may_call(name: str, person: str) -> bool:
    auth = declaration_of(name).auth
    return auth in {"anyone", "user"} or auth in ROLES[person]


def wrong_bodies(request: Request) -> list[Request]:
    """Give the request with parts that only the object can tell to be wrong: its version, its currency, its gateway."""
    body = request.body or {}
    changes = [{"version": 999}] if "version" in body else []
    changes += [
        {name: {**part, "currency": "EUR"}} for name, part in body.items() if isinstance(part, dict) and "currency" in part
    ]
    changes += [{name: {**part, "amount": 0}} for name, part in body.items() if isinstance(part, dict) and "amount" in part]
    changes += [{"gateway": "nowhere"}, {"method": "nothing"}] if "method" in body else []
    return [replace(request, body={**body, **change}) for change in [{}, *changes]]


def carried_out(world: World, name: str, request: Request) -> bool:
    """Whether the owner gets what they ask for."""
    response = send(world, name, request, as_=RECIPES[name].owner)
    assert world.leaks(RECIPES[name].owner or "anonymous", response.text) == []
    return response.status_code == declaration_of(name).status


@pytest.mark.parametrize("name", PROTECTED)
def test_nobody_gets_in_without_a_token_that_is_good_now(world: World, name: str):
    request = RECIPES[name].make(world)
    dead = world.dead_tokens(RECIPES[name].owner or "")
    before = fingerprints(world.api)
    for told, token in [("anonymous", None), *dead.items()]:
        response = send(world, name, request, as_=token and Token(token))
        assert (response.status_code, response.json()["code"]) == (401, "unauthenticated"), told
        assert response.headers["www-authenticate"] == "Bearer"
    assert fingerprints(world.api) == before
    assert carried_out(world, name, request)


@pytest.mark.parametrize("name", [name for name in RECIPES if name not in PROTECTED])
def test_what_is_open_to_anyone_is_not_open_to_a_token_that_is_not_good(world: World, name: str):
    request = RECIPES[name].make(world)
    before = fingerprints(world.api)
    for told, token in world.dead_tokens("client").items():
        assert send(world, name, request, as_=Token(token)).status_code == 401, told
    assert fingerprints(world.api) == before
    assert carried_out(world, name, request)


@pytest.mark.parametrize("name", FOR_A_ROLE)
def test_without_the_role_nobody_gets_in(world: World, name: str):
    request = RECIPES[name].make(world)
    others = [person for person in ROLES if not may_call(name, person)]
    assert {"nobody"} < set(others)
    before = fingerprints(world.api)
    for person in others:
        response = send(world, name, request, as_=person)
        assert (response.status_code, response.json()["code"]) == (403, "forbidden"), person
        assert world.leaks(person, response.text) == []
    assert fingerprints(world.api) == before
    assert carried_out(world, name, request)


@pytest.mark.parametrize("name", ABOUT_AN_OBJECT)
def test_a_foreign_object_is_answered_exactly_as_a_missing_one(world: World, name: str):
    recipe = RECIPES[name]
    request = (recipe.hidden or recipe.make)(world)
    people: list[str | None] = [person for person in strangers(recipe) if may_call(name, person)]
    people += [None] if declaration_of(name).auth == "anyone" else []
    assert people
    before = fingerprints(world.api)
    for place in references(declaration_of(name)):
        for person in people:
            foreign = send(world, name, request, as_=person)
            missing = send(world, name, with_missing(request, place), as_=person)
            assert what(foreign) == what(missing), (place, person)
            assert foreign.status_code == 404, (place, person)
            assert world.leaks(person or "anonymous", foreign.text) == []
            assert dict(foreign.headers) == dict(missing.headers) | {"content-length": foreign.headers["content-length"]}
    assert fingerprints(world.api) == before


@pytest.mark.parametrize("name", [name for name in ABOUT_AN_OBJECT if declaration_of(name).body_type is not None])
def test_a_foreign_object_stays_hidden_whatever_else_is_wrong(world: World, name: str):
    recipe = RECIPES[name]
    request = (recipe.hidden or recipe.make)(world)
    place, person = references(declaration_of(name))[0], next(each for each in strangers(recipe) if may_call(name, each))
    before = fingerprints(world.api)
    for wrong in wrong_bodies(request):
        foreign = send(world, name, wrong, as_=person)
        assert what(foreign) == what(send(world, name, with_missing(wrong, place), as_=person)), wrong.body
        assert foreign.status_code == 404, wrong.body
    assert fingerprints(world.api) == before


@pytest.mark.parametrize("name", ABOUT_AN_OBJECT)
def test_the_owner_of_the_object_gets_it_and_not_one_that_is_missing(world: World, name: str):
    recipe = RECIPES[name]
    request = recipe.make(world)
    before = fingerprints(world.api)
    for place in references(declaration_of(name)):
        assert send(world, name, with_missing(request, place), as_=recipe.owner).status_code == 404, place
    assert fingerprints(world.api) == before
    assert carried_out(world, name, request)


@pytest.mark.parametrize("name", [name for name, recipe in RECIPES.items() if recipe.parties])
def test_the_other_party_sees_its_side_and_takes_only_its_own_steps(world: World, name: str):
    recipe = RECIPES[name]
    request = recipe.make(world)
    for person, status in recipe.parties.items():
        before = fingerprints(world.api)
        response = send(world, name, request, as_=person)
        assert response.status_code == status, (person, response.text)
        assert world.leaks(person, response.text) == []
        if status >= 400:
            assert fingerprints(world.api) == before
        elif not declaration_of(name).reads_only:
            request = recipe.make(world)  # it is done; what comes next is about another object
    assert carried_out(world, name, request)


@pytest.mark.parametrize("name", [name for name, item in ENDPOINTS.items() if item.reads_only and not references(item)])
def test_a_list_shows_nobody_what_is_not_theirs(world: World, name: str):
    world.draft(), world.application(by="applicant"), world.milestone(), world.sealed_review(), world.notification()
    world.dispute("ruling"), world.evidence()
    request = RECIPES[name].make(world)
    answers = {person: send(world, name, request, as_=person) for person in ROLES if may_call(name, person)}
    assert answers
    for person, response in answers.items():
        assert response.status_code == 200, (person, response.text)
        assert world.leaks(person, response.text) == [], person


@pytest.mark.parametrize("name", [name for name, recipe in RECIPES.items() if recipe.public])
def test_what_is_public_shows_nobody_what_is_private(world: World, name: str):
    world.sealed_review()
    request = RECIPES[name].make(world)
    for person in (None, *ROLES):
        response = send(world, name, request, as_=person)
        assert response.status_code == 200, person
        assert world.leaks(person or "anonymous", response.text) == [], person
