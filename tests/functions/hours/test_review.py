"""The client's review: objections to a segment, the bill without them, and how one is settled before and after it."""

import pytest

from freehold.documents import OutboxRow, TimeEntry
from tests.api import Api
from tests.escrow import tick, usd
from tests.hiring import fields_at_fault
from tests.hours import RATE, Hours, at, move_clock, open_week, week_name


def reviewed(api: Api, *spans: tuple[int, int]) -> Hours:
    hours = Hours.begun(api)
    for first, last in spans:
        hours.work(first, last)
    hours.closed()
    return hours


def by_state(hours: Hours) -> dict[str, int]:
    minutes: dict[str, int] = {}
    for entry in hours.entries():
        minutes[entry["state"]] = minutes.get(entry["state"], 0) + entry["minutes"]
    return minutes


def events(api: Api, kind: str, about: str) -> list[dict]:
    rows = api.run(api.store.find(OutboxRow, {"type": kind, "aggregate": about}))
    return [row.body for row in rows]


def test_what_the_client_objects_to_stays_off_the_bill_and_the_rest_is_billed(api: Api):
    hours = reviewed(api, (0, 60), (60, 90))
    long, short = sorted(hours.entries(), key=lambda entry: -entry["minutes"])
    objected = hours.take(hours.client, short, "object", reason="We did not agree on this.")
    assert (objected["state"], objected["objection"]) == ("objected", "We did not agree on this.")
    billed = hours.billed()
    assert (billed["amount"], [line["minutes"] for line in billed["lines"]]) == (usd(RATE), [60])
    assert by_state(hours) == {"billed": 60, "disputed": 30}
    (disputed,) = events(api, "hours.segment_disputed", short["id"])
    assert (disputed["amount"], disputed["work_week_id"], disputed["reason"]) == (
        usd(RATE // 2), billed["id"], "We did not agree on this.",
    )  # fmt: skip
    assert hours.stored_entry(long).billed_in == billed["week"]


def test_a_part_of_an_entry_is_cut_out_and_nothing_is_lost(api: Api):
    hours = reviewed(api, (0, 60))
    (entry,) = hours.entries()
    part = hours.take(hours.client, entry, "object", reason="A break.", starts_at=at(20), ends_at=at(35))
    assert (part["id"], part["minutes"]) == (entry["id"], 15)
    pieces = sorted((each["starts_at"], each["minutes"], each["cut_from"]) for each in hours.entries())
    assert [minutes for _, minutes, _ in pieces] == [20, 15, 25]
    assert [cut for _, _, cut in pieces] == [entry["id"], None, entry["id"]]
    assert (hours.week()["minutes"], by_state(hours)) == (60, {"recorded": 45, "objected": 15})
    assert hours.billed()["amount"] == usd(RATE * 45 // 60)


PARTS = [(-5, 10, ["body.starts_at"]), (10, 61, ["body.ends_at"]), (10, 10, ["body.ends_at"])]


@pytest.mark.parametrize(("first", "last", "at_fault"), PARTS)
def test_a_part_that_does_not_lie_in_the_entry_is_refused(api: Api, first, last, at_fault):
    hours = reviewed(api, (0, 60))
    (entry,) = hours.entries()
    answer = hours.take(hours.client, entry, "object", status=422, reason="No.", starts_at=at(first), ends_at=at(last))
    assert fields_at_fault(answer) == at_fault
    assert hours.entries() == [{**entry, "actions": entry["actions"]}]


def test_an_objection_that_is_withdrawn_in_time_is_billed_as_if_it_had_never_been(api: Api):
    hours = reviewed(api, (0, 60))
    (entry,) = hours.entries()
    objected = hours.take(hours.client, entry, "object", reason="No.")
    hours.take(hours.freelancer, objected, "withdraw", status=403)
    back = hours.take(hours.client, objected, "withdraw")
    assert (back["state"], back["owed"]) == ("recorded", False)
    assert hours.billed()["amount"] == usd(RATE)


def test_a_segment_that_the_freelancer_drops_is_never_billed_and_its_time_is_free(api: Api):
    hours = reviewed(api, (0, 60), (60, 80))
    entry = hours.entries()[0]
    objected = hours.take(hours.client, entry, "object", reason="No.")
    hours.take(hours.client, objected, "drop", status=403)
    assert hours.take(hours.freelancer, objected, "drop")["state"] == "dropped"
    assert hours.week()["minutes"] == 60
    assert hours.billed()["amount"] == usd(RATE)
    Hours.begun(api, freelancer=hours.freelancer).work(60, 80)


def test_an_objection_that_is_withdrawn_after_the_bill_stands_on_the_next_one(api: Api):
    hours = reviewed(api, (0, 60), (60, 90))
    entry = hours.entries()[0]
    hours.take(hours.client, entry, "object", reason="No.")
    first = hours.billed()
    disputed = next(each for each in hours.entries() if each["state"] == "disputed")
    moved_back(api, hours, first["id"])
    back = hours.take(hours.client, disputed, "withdraw")
    assert (back["state"], back["owed"]) == ("recorded", True)
    fresh = next(week for week in hours.weeks() if week["id"] != first["id"])
    assert (fresh["state"], fresh["minutes"]) == ("open", 0)
    move_clock(api, fresh["id"], "edits_end_at")
    tick(api, "hours-close-due-weeks")
    move_clock(api, fresh["id"], "review_ends_at")
    tick(api, "hours-bill-due-weeks")
    billed = next(week for week in hours.weeks() if week["id"] == fresh["id"])
    assert (billed["state"], billed["amount"], [line["minutes"] for line in billed["lines"]]) == ("billing", usd(2_250), [30])
    assert hours.stored_entry(disputed).billed_in == fresh["week"]


def disputed(api: Api, minutes: int) -> tuple[Hours, dict, dict]:
    """Bring a segment into dispute, in a week of long ago that was billed without it."""
    hours = reviewed(api, (0, 60), (60, 60 + minutes))
    hours.take(hours.client, hours.entries()[0], "object", reason="No.")
    billed = hours.billed()
    moved_back(api, hours, billed["id"])
    return hours, billed, next(each for each in hours.entries() if each["state"] == "disputed")


RULINGS = [(0, {"dropped": 30}), (30, {"recorded": 30}), (10, {"recorded": 10, "dropped": 20})]


@pytest.mark.parametrize(("awarded", "states"), RULINGS)
def test_an_operator_rules_how_much_of_a_disputed_segment_is_billed_next(api: Api, awarded, states):
    hours, billed, segment = disputed(api, 30)
    ruling = {"awarded_minutes": awarded, "reason": "The messages show it.", "version": segment["version"]}
    path = f"/api/admin/segments/{segment['id']}/settle"
    hours.client.post(path, ruling, status=403)
    admin = api.admin()
    after = admin.post(path, ruling, status=200)
    assert (after["ruling"], after["owed"]) == ("The messages show it.", awarded > 0)
    assert by_state(hours) == {"billed": 60, **states}
    assert next(week for week in hours.weeks() if week["id"] == billed["id"])["minutes"] == 60 + awarded
    later = [week for week in hours.weeks() if week["id"] != billed["id"]]
    assert [(week["state"], week["minutes"]) for week in later] == ([("open", 0)] if awarded else [])
    admin.post(path, {**ruling, "version": after["version"]}, status=409)


def test_nobody_awards_more_than_there_is_or_without_a_reason(api: Api):
    _, _, segment = disputed(api, 30)
    path, admin = f"/api/admin/segments/{segment['id']}/settle", api.admin()
    ruling = {"awarded_minutes": 31, "reason": "Why not.", "version": segment["version"]}
    assert fields_at_fault(admin.post(path, ruling, status=422)) == ["body.awarded_minutes"]
    assert fields_at_fault(admin.post(path, {**ruling, "reason": " "}, status=422)) == ["body.reason"]
    assert admin.post(path, {**ruling, "awarded_minutes": 1, "version": 1}, status=409)["code"] == "stale_version"


def moved_back(api: Api, hours: Hours, week_id: str) -> None:
    """Let a week have been an earlier one, with its entries, so that the present one is still to come."""
    earlier = week_name(open_week().replace(year=open_week().year - 1))
    starts_at = {"$dateSubtract": {"startDate": "$starts_at", "unit": "day", "amount": 364}}
    weeks, entries = api.store.database["work_weeks"], api.store.database["time_entries"]
    api.run(weeks.update_one({"_id": week_id}, [{"$set": {"starts_at": starts_at, "week": earlier}}]))
    api.run(entries.update_many({"project_id": hours.project["id"]}, {"$set": {"week": earlier}}))


def test_nothing_is_objected_to_before_the_review_and_after_it(api: Api):
    hours = Hours.begun(api)
    entry = hours.work(0, 60)
    assert hours.take(hours.client, entry, "object", status=409, reason="No.")["code"] == "review_over"
    hours.take(hours.freelancer, entry, "object", status=403, reason="No.")
    hours.closed()
    move_clock(api, hours.week()["id"], "review_ends_at")
    assert hours.take(hours.client, entry, "object", status=409, reason="No.")["code"] == "review_over"
    tick(api, "hours-bill-due-weeks")
    assert hours.take(hours.client, hours.entries()[0], "object", status=409, reason="No.")["code"] == "not_in_this_state"


def test_the_client_approves_early_and_the_freelancer_closes_a_week_that_is_over(api: Api):
    hours = Hours.begun(api)
    hours.work(0, 60)
    move_clock(api, hours.week()["id"], "edits_end_at", by_s=-14 * 86_400)
    assert hours.step(hours.freelancer, "submit", status=409)["code"] == "week_not_over"
    assert hours.step(hours.client, "approve", status=409)["code"] == "not_in_this_state"
    move_clock(api, hours.week()["id"], "edits_end_at", by_s=-3_600)
    hours.step(hours.client, "submit", status=403)
    assert hours.step(hours.freelancer, "submit")["state"] == "review"
    hours.step(hours.freelancer, "approve", status=403)
    approved = hours.step(hours.client, "approve")
    assert (approved["state"], approved["amount"]) == ("billing", usd(RATE))
    assert hours.step(hours.client, "approve", status=409)["code"] == "not_in_this_state"


def test_a_review_that_begins_late_still_lasts_two_days(api: Api):
    hours = Hours.begun(api)
    hours.work(0, 60)
    move_clock(api, hours.week()["id"], "review_ends_at", by_s=60)
    hours.closed()
    tick(api, "hours-bill-due-weeks")
    assert hours.week()["state"] == "review"
    database_now = api.run(api.store.database_now())
    stored = api.run(api.store.database["work_weeks"].find_one({"_id": hours.week()["id"]}))
    left_s = (stored["review_ends_at"] - database_now).total_seconds()
    assert 2 * 86_400 - 600 < left_s <= 2 * 86_400


def test_the_other_side_hears_of_each_step(api: Api):
    hours = reviewed(api, (0, 60), (60, 90))
    objected = hours.take(hours.client, hours.entries()[0], "object", reason="No.")
    hours.take(hours.freelancer, objected, "drop")
    hours.billed()
    api.settle()
    told = {
        name: [(entry["kind"], entry["data"].get("state")) for entry in reversed(person.get("/api/notifications")["items"])]
        for name, person in (("client", hours.client), ("freelancer", hours.freelancer))
    }
    assert [each for each in told["client"] if each[0] in {"weekUpdate", "hoursUpdate"}] == [
        ("weekUpdate", "review"), ("hoursUpdate", "dropped"), ("weekUpdate", "billing"), ("weekUpdate", "funded"),
    ]  # fmt: skip
    assert [each for each in told["freelancer"] if each[0] in {"weekUpdate", "hoursUpdate"}] == [
        ("weekUpdate", "review"), ("hoursUpdate", "objected"), ("weekUpdate", "billing"), ("weekUpdate", "funded"),
    ]  # fmt: skip


def test_a_timer_that_runs_when_its_week_is_closed_is_stopped_first(api: Api):
    hours = Hours.begun(api)
    timer = hours.start()
    move_clock(api, hours.week()["id"], "edits_end_at")
    ran = {"$set": {"starts_at": {"$dateSubtract": {"startDate": "$starts_at", "unit": "minute", "amount": 3}}}}
    api.run(api.store.database["time_entries"].update_one({"_id": timer["id"]}, [ran]))
    tick(api, "hours-close-due-weeks")
    assert hours.stored_entry(timer).state == "recorded"
    states = {week["state"] for week in hours.weeks()}
    assert "review" in states
    assert api.run(api.store.first(TimeEntry, {"project_id": hours.project["id"], "state": "running"})) is None
