"""`GET/PUT /api/notifications`: the list, what is unread, marking as read."""

import pytest

from freehold.realtime_events import ReviewPublished
from freehold.store.notices import notify
from tests.api import Api, Person
from tests.hiring import fields_at_fault, pages


def tell(api: Api, *people: Person, review_id: str = "rev_x") -> None:
    async def work(unit) -> None:
        event = ReviewPublished(review_id=review_id, project_id="prj_x", author_id="usr_x")
        notify(unit, await unit.database_now(), [person.id for person in people], event)

    api.run(api.store.transact(work, deadline_s=5))


def test_what_one_is_told_stands_in_the_list_and_goes_out_live(api: Api):
    ada, bob = api.register(), api.register()
    tell(api, ada, ada)
    (entry,) = ada.get("/api/notifications")["items"]
    assert (entry["kind"], entry["read_at"]) == ("reviewPublished", None)
    payload = {"notification_id": entry["id"], "review_id": "rev_x", "project_id": "prj_x", "author_id": "usr_x"}
    assert entry["data"] == payload
    rows = api.run(api.store.database["realtime_log"].find({"channel": f"user:{ada.id}"}).to_list())
    assert [(row["namespace"], row["event"], row["payload"]) for row in rows] == [
        ("/notifications", "reviewPublished", payload)
    ]
    assert bob.get("/api/notifications") == {"items": [], "unread": 0, "next_cursor": None}
    assert api.call("GET", "/api/notifications").status_code == 401


def test_an_entry_is_marked_as_read_and_unread_again(api: Api):
    ada, bob = api.register(), api.register()
    for _ in range(2):
        tell(api, ada)
    newest, older = ada.get("/api/notifications")["items"]
    after = ada.put(f"/api/notifications/{older['id']}", {"read": True})
    assert after["id"] == older["id"]
    assert after["read_at"] is not None
    assert ada.put(f"/api/notifications/{older['id']}", {"read": True}) == after
    listed = ada.get("/api/notifications")
    assert (listed["unread"], listed["items"][1]["read_at"]) == (1, after["read_at"])
    assert [item["id"] for item in ada.get("/api/notifications?unread_only=true")["items"]] == [newest["id"]]
    bob.put(f"/api/notifications/{older['id']}", {"read": False}, status=404)
    assert ada.put(f"/api/notifications/{older['id']}", {"read": False})["read_at"] is None
    assert ada.get("/api/notifications")["unread"] == 2


def test_everything_up_to_an_entry_is_marked_as_read_and_nothing_of_others(api: Api):
    ada, bob = api.register(), api.register()
    for _ in range(4):
        tell(api, ada, bob)
    newest, seen, *_ = ada.get("/api/notifications")["items"]
    assert ada.put("/api/notifications", {"read_up_to": seen["id"]}) == {"marked": 3, "unread": 1}
    assert ada.put("/api/notifications", {"read_up_to": seen["id"]}) == {"marked": 0, "unread": 1}
    assert [item["id"] for item in ada.get("/api/notifications?unread_only=true")["items"]] == [newest["id"]]
    assert bob.get("/api/notifications")["unread"] == 4


def test_marking_is_done_in_bounded_batches_the_newest_first(api: Api, monkeypatch):
    ada = api.register()
    for _ in range(5):
        tell(api, ada)
    monkeypatch.setattr("freehold.store.notices.MARKED_AT_ONCE", 3)
    newest = ada.get("/api/notifications")["items"][0]["id"]
    answers = [ada.put("/api/notifications", {"read_up_to": newest}) for _ in range(3)]
    assert [(answer["marked"], answer["unread"]) for answer in answers] == [(3, 2), (2, 0), (0, 0)]


def test_pages_stay_true_while_new_entries_come_in(api: Api):
    ada = api.register()
    for _ in range(5):
        tell(api, ada)
    whole = [item["id"] for item in ada.get("/api/notifications")["items"]]
    first = ada.get("/api/notifications?limit=2")
    tell(api, ada)
    second = ada.get(f"/api/notifications?limit=2&cursor={first['next_cursor']}")
    assert [item["id"] for item in first["items"] + second["items"]] == whole[:4]
    assert [len(page) for page in pages(ada, "/api/notifications", limit=4)] == [4, 2]
    assert ada.get(f"/api/notifications?unread_only=true&cursor={first['next_cursor']}", status=400)["code"] == "invalid_cursor"


@pytest.mark.parametrize(
    ("path", "body", "at_fault"),
    [
        ("/api/notifications", {"read_up_to": "now"}, ["body.read_up_to"]),
        ("/api/notifications", {"read_up_to": {"$gt": ""}, "all": True}, ["body.all", "body.read_up_to"]),
        ("/api/notifications/ntf_" + "0" * 32, {"read": "yes"}, ["body.read"]),
        ("/api/notifications/evt_" + "0" * 32, {"read": True}, ["path.id"]),
    ],
)
def test_every_faulty_field_is_named(api: Api, path, body, at_fault):
    assert fields_at_fault(api.register().put(path, body, status=422)) == at_fault


def test_an_entry_that_does_not_exist_is_not_found(api: Api):
    api.register().put(f"/api/notifications/ntf_{'0' * 32}", {"read": True}, status=404)
