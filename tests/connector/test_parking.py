"""What was given up is seen by an admin over the API, put back, and then delivered."""

from pathlib import Path

from freehold.documents.delivery import UNREADABLE
from tests.api import Api
from tests.connector.world import World, eventually

PATH = "/api/admin/events/parked"


def test_an_admin_replays_what_was_parked_and_it_has_its_effect_once(steady: World, mongodb_uri: str, keys: Path) -> None:
    event = steady.emit("thing.grew", script={"tests-first": {"statuses": [409, 200]}})
    eventually(lambda: steady.state(event) == "parked")
    with Api.opened(mongodb_uri, steady.database.name, keys) as api:
        admin = api.admin()
        (parked,) = admin.get(f"{PATH}?reaction=tests-first")["items"]
        assert (parked["event_id"], parked["event_type"], parked["attempts"]) == (event, "thing.grew", 1)
        assert parked["error"].startswith("answered 409")
        admin.post(f"{PATH}/{parked['id']}/replay", status=200)
        eventually(lambda: steady.state(event) == "done")
        assert admin.get(f"{PATH}?reaction=tests-first")["items"] == []
    assert (steady.calls(event), steady.effects(event)) == (2, 1)


def test_a_repaired_row_is_delivered_after_its_replay_and_an_unrepaired_one_is_parked_again(
    steady: World, mongodb_uri: str, keys: Path
) -> None:
    repaired, broken = ({**steady.row("thing.grew"), "body": "no event"} for _ in range(2))
    steady.database.outbox.insert_many([repaired, broken])
    identifiers = [f"{row['_id']}:{UNREADABLE}" for row in (repaired, broken)]
    eventually(lambda: steady.database.deliveries.count_documents({"_id": {"$in": identifiers}, "state": "parked"}) == 2)
    steady.database.outbox.update_one({"_id": repaired["_id"]}, {"$set": {"body": {}}})
    first_parked = steady.delivery(broken["_id"], UNREADABLE)["parked_at"]
    with Api.opened(mongodb_uri, steady.database.name, keys) as api:
        admin = api.admin()
        for identifier in identifiers:
            admin.post(f"{PATH}/{identifier}/replay", status=200)
    eventually(lambda: steady.state(repaired["_id"]) == "done")
    eventually(lambda: steady.delivery(broken["_id"], UNREADABLE).get("parked_at", first_parked) > first_parked)
    assert (steady.effects(repaired["_id"]), steady.state(broken["_id"])) == (1, None)
