"""Hours that the two sides argue about: the freelancer answers, both add evidence, operators find what waits for them."""

import base64
from datetime import datetime

import pytest

from freehold.documents import Received, TimeEntry
from freehold.domain.process import NotInThisState
from freehold.store import Unit, now
from freehold.store.evidence import FILES_PER_SIDE, keep_evidence
from tests.api import Api, Person
from tests.hiring import fields_at_fault, pages
from tests.hours import Hours, at
from tests.uploads.samples import PDF

FILE = {"name": "log.pdf", "content": base64.b64encode(PDF).decode()}


def objected(api: Api) -> tuple[Hours, dict]:
    """Let the client object to an hour of work."""
    hours = Hours.begun(api)
    hours.work(0, 60)
    hours.closed()
    return hours, hours.take(hours.client, hours.entries()[0], "object", reason="We did not agree on this.")


def evidence(entry: dict) -> str:
    return f"/api/time-tracking/{entry['id']}/evidence"


def heard(person: Person) -> list[str]:
    items = person.get("/api/notifications?limit=100")["items"]
    return [each["data"]["happened"] for each in reversed(items) if each["kind"] == "hoursUpdate"]


def test_the_freelancer_answers_an_objection_and_may_say_it_better(api: Api):
    hours, entry = objected(api)
    assert hours.take(hours.client, entry, "answer", status=403, reason="No.")["code"] == "forbidden"
    assert fields_at_fault(hours.take(hours.freelancer, entry, "answer", status=422)) == ["body.reason"]
    first = hours.take(hours.freelancer, entry, "answer", reason="We did.")
    assert (first["state"], first["objection"], first["answer"]) == ("objected", entry["objection"], "We did.")
    assert "answer" in first["actions"]
    hours.billed()
    (disputed,) = hours.entries()
    better = hours.take(hours.freelancer, disputed, "answer", reason="We did, on Monday.")
    assert (better["state"], better["answer"]) == ("disputed", "We did, on Monday.")
    assert hours.stored_entry(entry).answered_at > datetime.fromisoformat(first["answered_at"])


def test_what_nobody_objects_to_is_not_answered_and_takes_no_evidence(api: Api):
    hours = Hours.begun(api)
    entry = hours.work(0, 60)
    assert hours.take(hours.freelancer, entry, "answer", status=409, reason="It was work.")["code"] == "not_in_this_state"
    assert hours.client.post(evidence(entry), FILE, status=409)["code"] == "not_in_this_state"
    assert hours.client.get(evidence(entry))["items"] == []


def test_an_objection_made_anew_has_no_answer_yet_and_what_lies_beside_it_nothing(api: Api):
    hours, entry = objected(api)
    answered = hours.take(hours.freelancer, entry, "answer", reason="We did.")
    back = hours.take(hours.client, answered, "withdraw")
    assert hours.take(hours.client, back, "object", reason="But not this.", ends_at=at(20))["answer"] is None
    (beside,) = [each for each in hours.entries() if each["id"] != entry["id"]]
    assert (beside["minutes"], beside["state"], beside["objection"], beside["answer"]) == (40, "recorded", None, None)


def test_both_sides_add_evidence_that_both_and_operators_see_and_nobody_else(api: Api):
    hours, entry = objected(api)
    made = [person.post(evidence(entry), FILE) for person in (hours.client, hours.freelancer)]
    assert [(each["added_by"], each["entry_id"], each["dispute_id"]) for each in made] == [
        ("client", entry["id"], None), ("freelancer", entry["id"], None),
    ]  # fmt: skip
    for person in (hours.client, hours.freelancer, api.admin()):
        assert person.get(evidence(entry))["items"] == made
        assert person.call("GET", f"/api/evidence/{made[1]['id']}").content == PDF
    stranger = api.register(roles=["employer", "freelancer"])
    stranger.get(evidence(entry), status=404)
    stranger.post(evidence(entry), FILE, status=404)
    assert stranger.call("GET", f"/api/evidence/{made[0]['id']}").status_code == 404
    assert api.admin().post(evidence(entry), FILE, status=404)["code"] == "not_found", "an operator adds none"


def test_each_side_adds_so_many_files_and_none_once_it_is_settled_in_the_meantime(api: Api):
    hours, entry = objected(api)
    full = {"$set": {"client_files": FILES_PER_SIDE}}
    api.run(api.store.database["time_entries"].update_one({"_id": entry["id"]}, full))
    assert hours.client.post(evidence(entry), FILE, status=409)["code"] == "too_many_files"
    hours.freelancer.post(evidence(entry), FILE)
    seen = hours.stored_entry(entry)
    hours.take(hours.client, entry, "withdraw")
    received = Received(data=PDF, media_type="application/pdf", name="log.pdf", sha256="", scanned="clean")

    async def late(unit: Unit) -> None:
        await keep_evidence(unit, seen, received, owner_id=hours.freelancer.id, now=now())

    with pytest.raises(NotInThisState, match="in the meantime"):
        api.run(api.store.transact(late, deadline_s=5))
    assert len(hours.client.get(evidence(entry))["items"]) == 1


def test_the_other_side_hears_of_an_answer_and_of_evidence(api: Api):
    hours, entry = objected(api)
    hours.freelancer.post(evidence(entry), FILE)
    hours.client.post(evidence(entry), FILE)
    hours.take(hours.freelancer, entry, "answer", reason="We did.")
    api.settle()
    assert heard(hours.client) == ["evidence_added", "segment_answered"]
    assert heard(hours.freelancer) == ["segment_objected", "evidence_added"]


def test_a_part_that_an_operator_strikes_does_not_count_the_files_of_the_segment(api: Api):
    hours, entry = objected(api)
    hours.client.post(evidence(entry), FILE)
    hours.billed()
    admin = api.admin()
    ruling = {"awarded_minutes": 20, "reason": "By the log.", "version": hours.entries()[0]["version"]}
    admin.post(f"/api/admin/segments/{entry['id']}/settle", ruling, status=200)
    stored = {each.state: each for each in api.run(api.store.find(TimeEntry, {"project_id": hours.project["id"]}))}
    assert (stored["recorded"].client_files, stored["dropped"].client_files) == (1, 0)
    assert hours.client.post(evidence(entry), FILE, status=409)["code"] == "not_in_this_state"
    assert len(hours.client.get(evidence(entry))["items"]) == 1


@pytest.mark.parametrize("whose", ["project_id", "party_id"])
def test_operators_find_what_waits_for_them(api: Api, whose):
    hours, entry = objected(api)
    about = {"project_id": hours.project["id"], "party_id": hours.freelancer.id}[whose]
    admin = api.admin()

    def listed(state: str) -> list[dict]:
        return admin.get(f"/api/admin/segments?state={state}&{whose}={about}")["items"]

    assert ([each["id"] for each in listed("objected")], listed("disputed")) == ([entry["id"]], [])
    hours.billed()
    hours.freelancer.post(evidence(entry), FILE)
    (waiting,) = listed("disputed")
    assert (waiting["id"], waiting["freelancer_id"], waiting["freelancer_files"]) == (entry["id"], hours.freelancer.id, 1)
    assert (waiting["objection"], waiting["actions"]) == (entry["objection"], ["award", "strike"])
    assert listed("objected") == []
    hours.client.get("/api/admin/segments", status=403)


def test_operators_do_not_find_their_own_hours_and_walk_the_rest_page_by_page(api: Api):
    cases = [objected(api) for _ in range(3)]
    for hours, _ in cases:
        hours.billed()
    ids = [entry["id"] for _, entry in cases]
    found = [each for page in pages(api.admin(), "/api/admin/segments", limit=2) for each in page]
    assert [each for each in found if each in ids] == ids[::-1]
    judge = api.made_admin(cases[0][0].client)
    assert [each for page in pages(judge, "/api/admin/segments", limit=50) for each in page if each in ids] == ids[:0:-1]
