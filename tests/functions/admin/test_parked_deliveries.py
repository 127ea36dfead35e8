"""Admins see the deliveries that were given up, and put them back; nobody else does."""

from datetime import UTC, datetime
from typing import Any

import pytest

from freehold.documents.delivery import UNREADABLE
from freehold.ids import new_id
from tests.api import Api, Person
from tests.ledgers import fresh_database

PATH = "/api/admin/events/parked"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def api(mongodb_uri, keys):
    """Give an API over a database of its own: nobody else parks anything in it."""
    with fresh_database(mongodb_uri) as name, Api.opened(mongodb_uri, name, keys) as opened:
        yield opened


@pytest.fixture(scope="module")
def admin(api: Api) -> Person:
    return api.admin()


def park(api: Api, reaction: str = "notifications-tell", **fields: Any) -> dict[str, Any]:
    event_id = new_id("evt")
    row = {
        "_id": f"{event_id}:{reaction}", "version": 3, "event_id": event_id, "reaction": reaction, "state": "parked",
        "event": {"id": event_id, "type": "job.posted", "aggregate": "job_1", "body": {"secret": "swordfish"}},
        "attempts": 4, "fence": 4, "error": "answered 422", "due_at": LONG_AGO, "created_at": LONG_AGO, "done_at": None,
        "parked_at": LONG_AGO, **fields,
    }  # fmt: skip
    api.run(api.store.database["deliveries"].insert_one(row))
    return row


def stored(api: Api, identifier: str) -> dict[str, Any] | None:
    return api.run(api.store.database["deliveries"].find_one({"_id": identifier}))


def test_the_list_says_what_was_given_up_and_why_but_not_what_the_event_says(api: Api, admin: Person) -> None:
    row = park(api, "tests-said")
    answer = admin.call("GET", f"{PATH}?reaction=tests-said")
    assert "swordfish" not in answer.text
    assert answer.json()["items"] == [
        {
            "id": row["_id"], "event_id": row["event_id"], "event_type": "job.posted", "aggregate": "job_1",
            "reaction": "tests-said", "attempts": 4, "error": "answered 422",
            "created_at": "2020-01-01T00:00:00Z", "parked_at": "2020-01-01T00:00:00Z",
        }
    ]  # fmt: skip


def test_the_list_comes_in_pages_and_holds_only_what_is_parked(api: Api, admin: Person) -> None:
    rows = [park(api, "tests-paged") for _ in range(5)]
    for state in ("waiting", "claimed", "done"):
        park(api, "tests-paged", state=state)
    first = admin.get(f"{PATH}?reaction=tests-paged&limit=3")
    second = admin.get(f"{PATH}?reaction=tests-paged&limit=3&cursor={first['next_cursor']}")
    listed = [item["id"] for item in first["items"] + second["items"]]
    assert listed == sorted((row["_id"] for row in rows), reverse=True)
    assert second["next_cursor"] is None


@pytest.mark.parametrize("event", [None, "text", {"type": 7}], ids=repr)
def test_a_spoilt_event_can_be_listed(api: Api, admin: Person, event: object) -> None:
    row = park(api, "tests-spoilt", event=event)
    listed = {item["id"]: item for item in admin.get(f"{PATH}?reaction=tests-spoilt")["items"]}
    assert listed[row["_id"]]["event_type"] is None


def test_a_replayed_delivery_waits_again_with_all_its_attempts(api: Api, admin: Person) -> None:
    row = park(api)
    assert admin.post(f"{PATH}/{row['_id']}/replay", status=200) == {"id": row["_id"]}
    after = stored(api, row["_id"])
    assert (after["state"], after["attempts"], after["parked_at"], after["version"]) == ("waiting", 0, None, 4)
    assert (after["fence"], after["error"], after["event"]) == (4, "answered 422", row["event"])
    assert after["due_at"] > LONG_AGO


def test_replaying_an_unreadable_row_sends_it_through_the_outbox_again(api: Api, admin: Person) -> None:
    row = park(api, UNREADABLE)
    api.run(api.store.database["outbox"].insert_one({"_id": row["event_id"], "sent": LONG_AGO}))
    admin.post(f"{PATH}/{row['_id']}/replay", status=200)
    assert stored(api, row["_id"]) is None
    assert api.run(api.store.database["outbox"].find_one({"_id": row["event_id"]}))["sent"] is None


def test_replaying_an_unreadable_row_that_is_gone_is_not_found_and_keeps_the_parked_delivery(api: Api, admin: Person) -> None:
    row = park(api, UNREADABLE)
    assert admin.post(f"{PATH}/{row['_id']}/replay", status=404)["code"] == "not_found"
    assert stored(api, row["_id"])["state"] == "parked"


@pytest.mark.parametrize("state", ["waiting", "claimed", "done"])
def test_what_is_not_parked_cannot_be_replayed(api: Api, admin: Person, state: str) -> None:
    row = park(api, state=state)
    assert admin.post(f"{PATH}/{row['_id']}/replay", status=409)["code"] == "not_parked"
    assert stored(api, row["_id"]) == row


def test_an_unknown_delivery_is_not_found(admin: Person) -> None:
    assert admin.post(f"{PATH}/{new_id('evt')}:nobody/replay", status=404)["code"] == "not_found"


@pytest.mark.parametrize("roles", [["freelancer"], ["employer"]])
def test_others_than_admins_are_refused(api: Api, roles: list[str]) -> None:
    row = park(api)
    person = api.register(roles=roles)
    assert person.call("GET", PATH).status_code == 403
    assert person.call("POST", f"{PATH}/{row['_id']}/replay").status_code == 403
    assert api.call("GET", PATH).status_code == 401
    assert stored(api, row["_id"])["state"] == "parked"
