"""Operators hold payouts up, with a reason that the payee reads, and lift holds before their time."""

import pytest

from freehold.ids import new_id
from freehold.store.payout_accounts import MOST_HOLDS
from tests.api import Api
from tests.escrow import tick
from tests.hiring import fields_at_fault
from tests.payees import end_holds, open_account, payee_of

LIFT = "payouts-lift-ended-holds"


def hold(admin, user_id, *, status=201, **body):
    return admin.post("/api/admin/holds", {"user_id": user_id, "reason": "We look into a report.", **body}, status=status)


def test_a_hold_is_shown_to_the_payee_with_its_reason_until_it_is_lifted(api: Api):
    admin, person = api.admin(), api.register()
    placed = hold(admin, person.id)
    assert payee_of(person)["holds"] == [placed]
    assert (placed["kind"], placed["reason"], placed["until"]) == ("operator", "We look into a report.", None)
    assert person.id in [each["user_id"] for each in admin.get("/api/admin/holds?limit=100")["items"]]
    after = admin.post(f"/api/admin/holds/{placed['id']}/lift", {"reason": "It was a mistake."}, status=200)
    assert (after["holds"], payee_of(person)["holds"]) == ([], [])
    api.settle()
    news = [item["data"] for item in person.get("/api/notifications")["items"] if item["kind"] == "payoutUpdate"]
    assert [(each["state"], each["reasons"]) for each in reversed(news)] == [
        ("held", ["We look into a report."]),
        ("lifted", ["It was a mistake."]),
    ]
    assert admin.post(f"/api/admin/holds/{placed['id']}/lift", {"reason": "Again."}, status=404)["code"] == "not_found"
    assert person.id not in [each["user_id"] for each in admin.get("/api/admin/holds?limit=100")["items"]]


def test_of_several_holds_only_those_end_whose_time_is_over(api: Api):
    api.drain(LIFT)
    admin, person = api.admin(), api.register()
    lasting, timed = hold(admin, person.id), hold(admin, person.id, lasts_s=60)
    assert timed["until"] is not None
    end_holds(api, person.id)
    assert tick(api, LIFT) == 1
    assert [each["id"] for each in payee_of(person)["holds"]] == [lasting["id"]]


def test_an_operators_hold_stays_when_a_change_of_account_begins_one_for_security(api: Api):
    admin, person = api.admin(), api.register()
    placed = hold(admin, person.id)
    open_account(person)
    kinds = [each["kind"] for each in open_account(person)["holds"]]
    assert (kinds, payee_of(person)["holds"][0]["id"]) == (["operator", "security"], placed["id"])


@pytest.mark.parametrize(
    ("body", "at_fault"),
    [({"reason": " "}, "body.reason"), ({"lasts_s": 0}, "body.lasts_s"), ({"lasts_s": 10**9}, "body.lasts_s")],
)
def test_a_hold_without_a_reason_or_of_no_length_is_refused(api: Api, body, at_fault):
    assert fields_at_fault(hold(api.admin(), api.register().id, status=422, **body)) == [at_fault]


def test_nobody_who_is_not_there_is_held(api: Api):
    assert hold(api.admin(), new_id("usr"), status=404)["code"] == "not_found"


def test_there_are_only_so_many_reasons(api: Api):
    admin, person = api.admin(), api.register()
    for _ in range(MOST_HOLDS):
        hold(admin, person.id)
    assert hold(admin, person.id, status=409)["code"] == "too_many_holds"
