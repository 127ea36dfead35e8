"""The acceptance checklist: written with the milestone, ticked by both sides, and nothing is submitted that is not done."""

import pytest

from tests.api import Api, Person
from tests.escrow import Work, usd
from tests.hiring import fields_at_fault

ITEMS = ["All pages are there", "It passes  the accessibility check", "The source is handed over"]


@pytest.fixture
def work(api: Api) -> Work:
    return Work.begun(api)


def funded(work: Work) -> dict:
    """Pay for a milestone with three items."""
    milestone = work.created(checklist=ITEMS)
    work.client.post("/api/escrow/deposit", {"milestone_id": milestone["id"], "method": "card"}, status=202)
    work.api.settle()
    return work.read(milestone["id"])


def mark(person: Person, milestone: dict, *numbers: int, checked: bool = True, status: int = 200) -> dict:
    """Set ticks."""
    items = [{"number": number, "checked": checked} for number in numbers]
    body = {"version": milestone["version"], "items": items}
    return person.put(f"/api/milestones/{milestone['id']}/checklist", body, status=status)


def ticks(milestone: dict) -> list[tuple[bool, bool]]:
    return [(item["done"], item["accepted"]) for item in milestone["checklist"]]


def test_the_client_writes_it_until_the_milestone_is_funded(work: Work):
    milestone = work.created(checklist=ITEMS)
    assert [item["text"] for item in milestone["checklist"]] == [ITEMS[0], "It passes the accessibility check", ITEMS[2]]
    path = f"/api/milestones/{milestone['id']}"
    edited = work.client.put(path, {"version": milestone["version"], "checklist": ["Only this"]})
    assert edited["checklist"] == [{"text": "Only this", "done": False, "accepted": False}]
    work.client.post("/api/escrow/deposit", {"milestone_id": milestone["id"], "method": "card"}, status=202)
    work.api.settle()
    paid = work.read(milestone["id"])
    assert work.client.put(path, {"version": paid["version"], "checklist": []}, status=409)["code"] == "not_in_this_state"
    assert work.read(milestone["id"])["checklist"] == edited["checklist"]


def test_work_is_submitted_once_every_item_is_done(work: Work):
    milestone = funded(work)
    refused = work.take(work.freelancer, milestone, "submit", note="Here it is.", status=409)
    assert refused["code"] == "checklist_open"
    some = mark(work.freelancer, milestone, 1, 3)
    assert ticks(some) == [(True, False), (False, False), (True, False)]
    assert work.take(work.freelancer, some, "submit", note="Here it is.", status=409)["code"] == "checklist_open"
    submitted = work.take(work.freelancer, mark(work.freelancer, some, 2), "submit", note="Here it is.")
    assert submitted["state"] == "submitted"


def test_the_client_accepts_items_and_what_they_did_not_accept_is_to_be_done_again_after_changes(work: Work):
    submitted = work.take(work.freelancer, mark(work.freelancer, funded(work), 1, 2, 3), "submit", note="Here it is.")
    accepted = mark(work.client, submitted, 1, 3)
    assert ticks(accepted) == [(True, True), (True, False), (True, True)]
    assert mark(work.freelancer, accepted, 2, checked=False, status=409)["code"] == "not_in_this_state"
    back = work.take(work.client, accepted, "request_changes", reason="Contrast.")
    assert ticks(back) == [(True, True), (False, False), (True, True)]
    again = work.take(work.freelancer, mark(work.freelancer, back, 2), "submit", note="Mended.")
    released = work.take(work.client, again, "release")
    assert released["state"] == "releasing"
    assert ticks(released) == [(True, True), (True, False), (True, True)]
    assert mark(work.client, released, 2, status=409)["code"] == "not_in_this_state"


def test_the_other_side_hears_of_ticks(work: Work):
    milestone = funded(work)
    before = len(work.client.get("/api/notifications")["items"])
    mark(work.freelancer, milestone, 1)
    work.api.settle()
    assert len(work.client.get("/api/notifications")["items"]) == before + 1


@pytest.mark.parametrize(
    ("items", "field"),
    [
        ([{"number": 4, "checked": True}], "body.items[0].number"),
        ([{"number": 1, "checked": True}, {"number": 1, "checked": False}], "body.items[1].number"),
        ([{"number": 0, "checked": True}], "body.items[0].number"),
        ([], "body.items"),
        ([{"number": 1, "checked": "yes"}], "body.items[0].checked"),
    ],
)
def test_items_that_are_not_there_are_refused(work: Work, items, field):
    milestone = funded(work)
    body = {"version": milestone["version"], "items": items}
    refused = work.freelancer.put(f"/api/milestones/{milestone['id']}/checklist", body, status=422)
    assert fields_at_fault(refused) == [field]
    assert work.read(milestone["id"])["version"] == milestone["version"]


def test_ticks_on_what_has_changed_since_are_refused(work: Work):
    milestone = funded(work)
    mark(work.freelancer, milestone, 1)
    assert mark(work.client, milestone, 1, status=409)["code"] == "stale_version"
    assert ticks(work.read(milestone["id"])) == [(True, False), (False, False), (False, False)]


def test_a_checklist_has_at_most_thirty_items_with_something_in_them(work: Work):
    body = {"project_id": work.project["id"], "title": "First half", "amount": usd(1_000)}
    for checklist in (["x"] * 31, [" "], ["x" * 301], "x"):
        work.client.post("/api/milestones", {**body, "checklist": checklist}, status=422)
