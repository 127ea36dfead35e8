"""A keyed write that was cut off has no effect and leaves its key usable; sent again, it has one."""

import secrets
import time
from asyncio import CancelledError
from collections.abc import Sequence
from typing import Any
from zlib import crc32

import pytest

from tests.security.calls import authorisation, effect_of_one, send
from tests.security.interruptions import INTERRUPTIONS
from tests.security.killed import GIVE_UP_S, MOMENTS, Moment, Sent, Where, killed
from tests.security.snapshots import effect, fingerprints, snapshot
from tests.security.table import KEYED, RECIPES, Request, address, declaration_of
from tests.security.world import World

REPLAYED = "idempotent-replayed"
KILLED = [name for name in KEYED if ":" not in name]
MONEY = ("escrow-", "milestones-", "invoices-", "hours-update-week", "disputes-update")


def each_of(names: Sequence[str], ways: Sequence[str]) -> list[tuple[str, str]]:
    """Pair what moves money with every way, and the others with one each: what protects them is the same code in the edge."""
    return [
        (name, way)
        for name in names
        for place, way in enumerate(ways)
        if name.startswith(MONEY) or crc32(name.encode()) % len(ways) == place
    ]


@pytest.mark.parametrize(("name", "how"), each_of(KEYED, tuple(INTERRUPTIONS)))
def test_a_write_that_is_cut_off_leaves_nothing_and_can_be_sent_again(world: World, name: str, how: str):
    request, owner, key = RECIPES[name].make(world), RECIPES[name].owner, {"Idempotency-Key": secrets.token_hex(8)}
    before = fingerprints(world.api)
    with world.fragile.interrupted(INTERRUPTIONS[how]):
        assert _status_when_cut(world, name, request, key) in {500, 503, None}
    assert fingerprints(world.api) == before
    again = send(world, name, request, as_=owner, headers=key)
    assert (again.status_code, again.headers.get(REPLAYED)) == (declaration_of(name).status, None), again.text
    twice = send(world, name, request, as_=owner, headers=key)
    assert (twice.content, twice.headers.get(REPLAYED)) == (again.content, "true")


@pytest.mark.parametrize(("name", "moment"), each_of(KILLED, MOMENTS))
def test_a_write_whose_process_is_killed_has_one_effect_when_it_is_sent_again(world: World, name: str, moment: Moment):
    alone = effect_of_one(world, name)
    request, owner, key = RECIPES[name].make(world), RECIPES[name].owner, {"Idempotency-Key": secrets.token_hex(8)}
    before = snapshot(world.api)
    _end_transaction(world, killed(_here(world), moment, _sent(world, name, request, key)))
    if moment != "after its commit":
        assert snapshot(world.api) == before
    again = send(world, name, request, as_=owner, headers=key)
    assert again.status_code == declaration_of(name).status, again.text
    assert again.headers.get(REPLAYED) == ("true" if moment == "after its commit" else None)
    assert effect(before, snapshot(world.api)) == alone


def test_until_the_database_ends_what_a_killed_process_left_open_a_write_is_told_to_come_back(world: World):
    name, key = "escrow-release", {"Idempotency-Key": secrets.token_hex(8)}
    alone = effect_of_one(world, name)
    request = RECIPES[name].make(world)
    before = snapshot(world.api)
    killed(_here(world), "before its commit", _sent(world, name, request, key))
    answers = [send(world, name, request, as_="client", headers=key)]
    gives_up_at = time.monotonic() + GIVE_UP_S
    while answers[-1].status_code == 503 and time.monotonic() < gives_up_at:
        assert (answers[-1].json()["code"], answers[-1].headers["retry-after"]) == ("unavailable", "1")
        answers.append(send(world, name, request, as_="client", headers=key))
    assert len(answers) > 1, "the dead process held nothing"
    assert answers[-1].status_code == 202, answers[-1].text
    assert effect(before, snapshot(world.api)) == alone


def _status_when_cut(world: World, name: str, request: Request, key: dict[str, str]) -> int | None:
    try:
        return send(world, name, request, as_=RECIPES[name].owner, headers=key).status_code
    except CancelledError:
        return None


def _here(world: World) -> Where:
    return Where(world.api.store.database.name, world.api.keys)


def _sent(world: World, name: str, request: Request, key: dict[str, str]) -> Sent:
    headers = {**authorisation(world, request, RECIPES[name].owner), **key}
    function = declaration_of(name)
    return Sent(function.name, function.method, address(name, request), headers, request.body)


def _end_transaction(world: World, session: dict[str, Any]) -> None:
    """End what the dead process left open, as the database does by itself some seconds later."""
    world.api.run(world.api.store.client.admin.command("killSessions", [session]))
