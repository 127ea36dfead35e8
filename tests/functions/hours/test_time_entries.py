"""Writing hours down: what an entry must be, that none overlap, limits, timers, corrections, and when it is too late."""

import pytest

from tests.api import Api
from tests.escrow import tick, usd
from tests.hiring import accepted, fields_at_fault, in_days, pages
from tests.hours import LIMIT, Hours, at, move_clock, open_week, ran_for, week_name


def test_an_entry_is_kept_in_whole_minutes_of_utc_with_its_week(api: Api):
    hours = Hours.begun(api)
    body = {"starts_at": at(0).replace("00:00+00:00", "00:59+00:00"), "ends_at": at(60).replace("+00:00", "Z")}
    entry = hours.work(0, 60, **body, memo="  Two   pages.\r\n")
    assert (entry["minutes"], entry["kind"], entry["state"]) == (60, "manual", "recorded")
    assert (entry["memo"], entry["week"]) == ("Two   pages.", week_name(open_week()))
    week = hours.week()
    assert (week["state"], week["minutes"], week["limit_minutes"], week["rate"]) == ("open", 60, LIMIT, usd(4_500))


@pytest.mark.parametrize(
    ("fields", "at_fault"),
    [
        ({"memo": ""}, ["body.memo"]),
        ({"memo": " \n "}, ["body.memo"]),
        ({"ends_at": None}, ["body.ends_at"]),
        ({"starts_at": None}, ["body.starts_at"]),
        ({"ends_at": in_days(0.1)}, ["body.ends_at"]),
        ({"starts_at": in_days(1), "ends_at": in_days(2)}, ["body.ends_at"]),
        ({"starts_at": "9999-12-31T23:00:00Z", "ends_at": "9999-12-31T23:59:59Z"}, ["body.ends_at"]),
        ({"ends_at": "1970-01-01T00:00:00Z"}, ["body.ends_at"]),
    ],
)
def test_an_entry_that_is_none_is_refused_with_its_fields(api: Api, fields, at_fault):
    hours = Hours.begun(api)
    assert fields_at_fault(hours.work(0, 10, status=422, **fields)) == at_fault
    assert (hours.entries(), hours.weeks()) == ([], [])


def test_two_entries_lie_in_the_same_minute_in_no_project_of_a_freelancers(api: Api):
    one = Hours.begun(api)
    other = Hours.begun(api, freelancer=one.freelancer)
    one.work(100, 200)
    for first, last in ((100, 200), (150, 160), (50, 101), (199, 250), (0, 300)):
        for hours in (one, other):
            assert hours.work(first, last, status=409)["code"] == "time_overlaps"
    one.work(0, 100)
    other.work(200, 300)
    Hours.begun(api).work(100, 200)


def test_a_week_holds_what_was_agreed_and_not_a_minute_more(api: Api):
    hours = Hours.begun(api, weekly_limit_minutes=90)
    hours.work(0, 60)
    assert hours.work(60, 91, status=409)["code"] == "weekly_limit_reached"
    entry = hours.work(60, 90)
    assert hours.work(90, 91, status=409)["code"] == "weekly_limit_reached"
    assert hours.start(status=409)["code"] == "weekly_limit_reached" or hours.week()["week"] != week_name(open_week())
    assert hours.correct(entry, ends_at=at(91), status=409)["code"] == "weekly_limit_reached"
    hours.freelancer.delete(f"/api/time-tracking/{entry['id']}")
    hours.work(60, 90)
    assert hours.week(week_name(open_week()))["minutes"] == 90


def test_only_the_freelancer_writes_hours_down_and_only_at_an_hourly_project(api: Api):
    hours = Hours.begun(api)
    body = {"project_id": hours.project["id"], "starts_at": at(0), "ends_at": at(1), "memo": "Mine."}
    hours.client.post("/api/time-tracking", body, status=403)
    api.register().post("/api/time-tracking", body, status=404)
    fixed = accepted(hours.client, hours.freelancer)
    answer = hours.freelancer.post("/api/time-tracking", {**body, "project_id": fixed["id"]}, status=409)
    assert answer["code"] == "not_hourly"


def test_a_timer_counts_whole_minutes_until_it_is_stopped(api: Api):
    hours = Hours.begun(api)
    timer = hours.start()
    assert (timer["state"], timer["ends_at"], timer["minutes"], timer["actions"]) == ("running", None, 0, ["stop"])
    ran_for(api, timer, 25)
    done = hours.take(hours.freelancer, timer, "stop")
    kept = [entry for entry in hours.entries() if entry["state"] == "recorded"]
    assert sum(entry["minutes"] for entry in kept) in {25, 26}
    assert (done["kind"], done["ended_by"]) == ("timer", "freelancer")
    assert hours.take(hours.freelancer, done, "stop", status=409)["code"] == "not_in_this_state"


def test_the_same_idempotency_key_starts_and_stops_one_timer_once(api: Api):
    hours = Hours.begun(api)
    body = {"project_id": hours.project["id"]}
    timer = hours.freelancer.post("/api/time-tracking", body, key="start")
    assert hours.freelancer.post("/api/time-tracking", body, key="start") == timer
    ran_for(api, timer, 3)
    stop, path = {"transition": "stop", "version": timer["version"]}, f"/api/time-tracking/{timer['id']}"
    assert hours.freelancer.put(path, stop, key="stop") == hours.freelancer.put(path, stop, key="stop")
    hours.freelancer.put(path, stop, status=409)


def test_a_timer_of_less_than_a_minute_leaves_nothing_to_bill(api: Api):
    hours = Hours.begun(api)
    timer = hours.start()
    api.run(api.store.database["time_entries"].update_one({"_id": timer["id"]}, [{"$set": {"starts_at": "$$NOW"}}]))
    done = hours.take(hours.freelancer, timer, "stop")
    assert (done["state"], done["minutes"], hours.week()["minutes"]) == ("dropped", 0, 0)


def test_one_timer_runs_at_a_time_whatever_the_project_and_nothing_else_lies_in_its_time(api: Api):
    one = Hours.begun(api)
    other = Hours.begun(api, freelancer=one.freelancer)
    timer = one.start()
    assert [hours.start(status=409)["code"] for hours in (one, other)] == ["timer_running", "timer_running"]
    ran_for(api, timer, 5)
    assert hours_beside(other)["code"] == "time_overlaps"
    one.freelancer.delete(f"/api/time-tracking/{timer['id']}")
    other.start()


def hours_beside(hours: Hours):
    body = {"project_id": hours.project["id"], "starts_at": in_days(-4 / 1_440), "ends_at": in_days(-2 / 1_440), "memo": "Too."}
    return hours.freelancer.post("/api/time-tracking", body, status=409)


def test_a_forgotten_timer_is_stopped_by_the_clock_and_counts_only_as_long_as_it_may(api: Api):
    hours = Hours.begun(api, weekly_limit_minutes=10_080)
    timer = hours.start()
    tick(api, "hours-stop-due-timers")
    assert hours.stored_entry(timer).state == "running"
    ran_for(api, timer, 2_000)
    assert tick(api, "hours-stop-due-timers") >= 1
    kept = [entry for entry in hours.entries() if entry["state"] == "recorded"]
    assert sum(entry["minutes"] for entry in kept) <= 720
    assert hours.stored_entry(timer).ended_by == "clock"
    api.settle()
    told = hours.freelancer.get("/api/notifications")["items"][0]
    assert (told["kind"], told["data"]["entry_id"]) == ("hoursUpdate", timer["id"])


def test_a_timer_is_cut_where_its_week_is_full(api: Api):
    hours = Hours.begun(api, weekly_limit_minutes=30)
    timer = hours.start()
    ran_for(api, timer, 300)
    stop = {"$set": {"stops_at": None}}
    api.run(api.store.database["time_entries"].update_one({"_id": timer["id"]}, stop))
    hours.take(hours.freelancer, timer, "stop")
    kept = [entry for entry in hours.entries() if entry["state"] == "recorded"]
    assert [(entry["minutes"], entry["ended_by"]) for entry in kept] in ([(30, "limit")], [(30, "limit")] * 2)


def test_entries_are_corrected_and_removed_until_monday_noon_and_not_after(api: Api):
    hours = Hours.begun(api)
    entry, other = hours.work(0, 60), hours.work(60, 90)
    after = hours.correct(entry, starts_at=at(10), memo="Less.")
    assert (after["minutes"], after["memo"], hours.week()["minutes"]) == (50, "Less.", 80)
    assert hours.correct(after, ends_at=at(61), status=409)["code"] == "time_overlaps"
    assert hours.correct(entry, memo="Late.", status=409)["code"] == "stale_version"
    move_clock(api, hours.week()["id"], "edits_end_at")
    for answer in (hours.correct(after, memo="More.", status=409), hours.work(200, 210, status=409)):
        assert answer["code"] == "week_closed"
    assert hours.freelancer.delete(f"/api/time-tracking/{other['id']}", status=409)["code"] == "week_closed"
    assert hours.week()["minutes"] == 80


def test_a_timers_entry_whose_times_are_corrected_counts_as_written_by_hand(api: Api):
    hours = Hours.begun(api)
    entry = hours.work(0, 60)
    api.run(api.store.database["time_entries"].update_one({"_id": entry["id"]}, {"$set": {"kind": "timer", "memo": ""}}))
    assert hours.correct(entry, memo="")["kind"] == "timer"
    entry = {**entry, "version": entry["version"] + 1}
    assert fields_at_fault(hours.correct(entry, ends_at=at(50), status=422)) == ["body.memo"]
    assert hours.correct(entry, ends_at=at(50), memo="By hand.")["kind"] == "manual"


@pytest.mark.parametrize(
    ("fields", "at_fault"),
    [
        ({}, ["body.transition"]),
        ({"reason": "No."}, ["body.reason", "body.transition"]),
        ({"memo": ""}, ["body.memo"]),
        ({"ends_at": "1970-01-05T00:00:00Z"}, ["body.ends_at"]),
        ({"starts_at": "2020-01-01T00:00:00Z", "ends_at": "2020-01-01T01:00:00Z"}, ["body.starts_at"]),
        ({"transition": "object"}, ["body.reason"]),
        ({"transition": "stop", "memo": "Done."}, ["body.memo"]),
    ],
)
def test_what_is_missing_or_out_of_place_in_a_correction_is_named(api: Api, fields, at_fault):
    hours = Hours.begun(api)
    entry = hours.work(0, 60)
    assert fields_at_fault(hours.correct(entry, status=422, **fields)) == at_fault
    assert hours.entries()[0]["version"] == entry["version"]


def test_hours_of_a_week_long_past_are_refused(api: Api):
    hours = Hours.begun(api)
    long_ago = {"starts_at": "2024-02-29T10:00:00Z", "ends_at": "2024-02-29T11:00:00Z"}
    assert hours.work(0, 1, status=409, **long_ago)["code"] == "week_closed"


def test_lists_come_in_pages_and_by_week_and_state(api: Api):
    hours = Hours.begun(api)
    made = [hours.work(minute, minute + 1)["id"] for minute in range(5)]
    path = f"/api/time-tracking/{hours.project['id']}"
    assert pages(hours.freelancer, path, limit=2) == [made[4:2:-1], made[2:0:-1], made[:1]]
    assert len(hours.entries(f"&week={hours.week()['week']}")) == 5
    assert hours.entries("&week=1999-W01") == hours.entries("&state=billed") == []
    hours.client.get(f"{path}?week=2026-W99", status=422)
    hours.client.get(f"{path}?week=x", status=422)
    api.register().get(path, status=404)
    api.register().get(f"/api/work-weeks/{hours.project['id']}", status=404)
