import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from freehold.documents import Ticket
from freehold.edge.discovery import find
from freehold.store.tickets import take_ticket
from tests.api import Api

FUNCTIONS = ["auth-register", "auth-login", "auth-logout", "realtime-create-ticket"]


@pytest.fixture
def api(mongodb_uri: str, database: str, keys: Path) -> Iterator[Api]:
    with Api.opened(mongodb_uri, database, keys, find(FUNCTIONS), relay_url="https://live.example.org") as opened:
        yield opened


def test_a_ticket_is_for_the_callers_session_and_lives_30_seconds_by_the_databases_clock(api: Api) -> None:
    person = api.register(roles=["employer"])
    before = api.run(api.store.database_now())
    answer = person.post("/api/realtime/tickets")
    after = api.run(api.store.database_now())
    assert answer["expires_in_s"] == 30
    assert answer["url"] == "https://live.example.org"
    stored = api.run(api.store.require(Ticket, hashlib.sha256(answer["ticket"].encode()).hexdigest()))
    assert (stored.user_id, stored.roles, stored.sign_in_version) == (person.id, ("employer",), 1)
    assert before + timedelta(seconds=30) <= stored.expires_at <= after + timedelta(seconds=30)


def test_the_database_never_holds_a_tickets_text(api: Api) -> None:
    text = api.register().post("/api/realtime/tickets")["ticket"]
    stored = api.run(api.store.database["tickets"].find().to_list())
    assert stored
    assert text not in repr(stored)


def test_a_ticket_can_be_taken_once(api: Api) -> None:
    person = api.register()
    text = person.post("/api/realtime/tickets")["ticket"]
    taken = api.run(take_ticket(api.store, text))
    assert taken is not None
    assert taken.user_id == person.id
    assert api.run(take_ticket(api.store, text)) is None


def test_an_expired_ticket_cannot_be_taken(api: Api) -> None:
    text = api.register().post("/api/realtime/tickets")["ticket"]
    identifier = hashlib.sha256(text.encode()).hexdigest()
    a_moment_ago = api.run(api.store.database_now()) - timedelta(milliseconds=1)
    api.run(api.store.database["tickets"].update_one({"_id": identifier}, {"$set": {"expires_at": a_moment_ago}}))
    assert api.run(take_ticket(api.store, text)) is None


@pytest.mark.parametrize("text", ["", "unknown", "x" * 101, "x" * 1_000_000, "é\x00"])
def test_what_is_no_ticket_is_not_taken(api: Api, text: str) -> None:
    assert api.run(take_ticket(api.store, text)) is None


def test_two_tickets_are_never_the_same(api: Api) -> None:
    person = api.register()
    tickets = {person.post("/api/realtime/tickets")["ticket"] for _ in range(5)}
    assert len(tickets) == 5
    assert all(len(ticket) >= 43 for ticket in tickets)


def test_nobody_gets_a_ticket_without_signing_in(api: Api) -> None:
    assert api.call("POST", "/api/realtime/tickets").status_code == 401


def test_nobody_gets_a_ticket_after_signing_out(api: Api) -> None:
    person = api.register()
    assert person.call("POST", "/api/auth/logout").status_code < 300
    assert person.call("POST", "/api/realtime/tickets").status_code == 401
