"""Many write hours at once: no two entries in the same minute, no week over its limit, one timer, one bill."""

import random
from collections import Counter
from itertools import pairwise

from freehold.documents import Milestone, TimeEntry, WorkWeek
from freehold.domain.week_process import COUNTED
from tests.api import Api, Person
from tests.escrow import usd
from tests.hiring import together
from tests.hours import RATE, Hours, at, move_clock, save_method

WRITERS = 24


def writing(hours: Hours, first: int, last: int):
    body = {"project_id": hours.project["id"], "starts_at": at(first), "ends_at": at(last), "memo": "Work."}
    return (hours.freelancer, "POST", "/api/time-tracking", body)


def changing(spread: random.Random, freelancer: Person, entry: dict):
    path = f"/api/time-tracking/{entry['id']}"
    if spread.random() < 0.4:
        return (freelancer, "DELETE", path, None)
    return (freelancer, "PUT", path, {"version": entry["version"], "ends_at": at(spread.randint(1, 400))})


def taken(api: Api, freelancer_id: str) -> list[TimeEntry]:
    counted = {"freelancer_id": freelancer_id, "state": {"$in": list(COUNTED)}}
    return api.run(api.store.find(TimeEntry, counted, sort=(("starts_at", 1),)))


def require_sound(api: Api, *projects: Hours) -> None:
    """Check what must be true of a freelancer's hours whatever happened."""
    entries = taken(api, projects[0].freelancer.id)
    assert all(one.ends_at <= other.starts_at for one, other in pairwise(entries))
    for hours in projects:
        for week in api.run(api.store.find(WorkWeek, {"project_id": hours.project["id"]})):
            mine = [each for each in entries if each.project_id == hours.project["id"] and each.week == week.week]
            assert week.minutes == sum(each.minutes for each in mine) <= week.limit_minutes


def test_of_entries_that_overlap_one_is_kept_however_many_are_written_at_once(api: Api):
    one = Hours.begun(api)
    other = Hours.begun(api, freelancer=one.freelancer)
    calls = [writing(random.choice((one, other)), 60 + number % 5, 90 + number) for number in range(WRITERS)]
    answers = Counter(response.status_code for response in together(api, *calls))
    assert answers[201] == 1, answers
    assert set(answers) <= {201, 409, 503}
    require_sound(api, one, other)


def test_disjoint_entries_at_once_fill_a_week_to_its_limit_and_no_further(api: Api):
    hours = Hours.begun(api, weekly_limit_minutes=50)
    calls = [writing(hours, number * 10, number * 10 + 10) for number in range(12)]
    for _ in range(6):
        together(api, *calls)
    assert hours.week()["minutes"] == 50
    require_sound(api, hours)


def test_writing_correcting_and_removing_at_once_leave_hours_sound(api: Api):
    one = Hours.begun(api, weekly_limit_minutes=200)
    other = Hours.begun(api, freelancer=one.freelancer, weekly_limit_minutes=200)
    spread = random.Random(7)
    for _ in range(4):
        made = [entry for hours in (one, other) for entry in hours.entries()]
        calls = [writing(spread.choice((one, other)), first, first + spread.randint(1, 40)) for first in range(0, 300, 30)]
        calls += [changing(spread, one.freelancer, entry) for entry in made]
        spread.shuffle(calls)
        together(api, *calls)
        require_sound(api, one, other)


def test_one_timer_starts_however_often_it_is_started_at_once(api: Api):
    one = Hours.begun(api)
    other = Hours.begun(api, freelancer=one.freelancer)
    starts = [(one.freelancer, "POST", "/api/time-tracking", {"project_id": hours.project["id"]}) for hours in (one, other) * 6]
    answers = Counter(response.status_code for response in together(api, *starts))
    assert answers[201] == 1, answers
    running = {"freelancer_id": one.freelancer.id, "state": "running"}
    assert api.run(api.store.count(TimeEntry, running, limit=9)) == 1


def test_approval_and_the_clock_and_objections_at_once_bill_each_minute_at_most_once(api: Api):
    hours = Hours.begun(api)
    for number in range(6):
        hours.work(number * 10, number * 10 + 10)
    hours.closed()
    week = hours.week()
    move_clock(api, week["id"], "review_ends_at", by_s=-1)
    approve = {"transition": "approve", "version": week["version"] + 1}
    calls = [(hours.client, "PUT", f"/api/work-weeks/{week['id']}", approve) for _ in range(4)]
    for entry in hours.entries()[:3]:
        body = {"transition": "object", "version": entry["version"], "reason": "No."}
        calls.append((hours.client, "PUT", f"/api/time-tracking/{entry['id']}", body))
    together(api, *calls, beside=[api.ticking("hours-bill-due-weeks") for _ in range(4)])
    if hours.week()["state"] == "review":  # objections came in between, and nobody has approved what is left
        hours.billed()
    billed = hours.week()
    assert billed["state"] == "billing"
    entries = taken(api, hours.freelancer.id)
    assert {each.state for each in entries} <= {"billed", "disputed"}
    assert billed["amount"] == usd(sum(each.minutes for each in entries if each.state == "billed") * RATE // 60)
    made = api.run(api.store.find(Milestone, {"project_id": hours.project["id"]}))
    assert [each.holding.amount.amount for each in made] == [billed["amount"]["amount"]]


def test_paying_by_hand_and_the_clocks_next_try_at_once_charge_once(api: Api):
    hours = Hours.begun(api, method="card_declined")
    hours.work(0, 60)
    hours.closed()
    hours.billed()
    api.settle()
    save_method(api, hours.client)
    move_clock(api, hours.week()["id"], "retry_at")
    week = hours.week()
    pay = {"transition": "pay", "version": week["version"], "gateway": "sandbox", "method": "card"}
    calls = [(hours.client, "PUT", f"/api/work-weeks/{week['id']}", pay) for _ in range(4)]
    together(api, *calls, beside=[api.ticking("hours-charge-due-weeks") for _ in range(4)])
    api.settle()
    assert (hours.week()["state"], hours.week()["charges"]) == ("funded", 2)
    (milestone,) = api.run(api.store.find(Milestone, {"project_id": hours.project["id"]}))
    assert (milestone.holding.deposited, milestone.holding.fund_attempt) == (RATE, 2)
