"""Operators read the inbox of webhooks, and have one handled again that had no effect; it never has it twice."""

from typing import Any

import pytest

from freehold.documents import Command, Journal
from freehold.domain.money import Money
from freehold.domain.news import ChargebackNews
from freehold.domain.settlement import ChargebackReport
from freehold.ids import new_id
from tests.api import Api
from tests.escrow import Work
from tests.payments.telling import signed, told

PLACE = "/api/admin/webhooks"
pytestmark = pytest.mark.own_ledger


def tell(api: Api, news: Any) -> str:
    """Let the sandbox tell something, and handle it; give the event's id."""
    event_id = new_id("evt")
    body, headers = api.run(signed(api.store, news, event_id=event_id))
    assert api.call("POST", "/api/webhooks/sandbox", content=body, headers=headers).status_code == 200
    api.settle()
    return event_id


def strange() -> ChargebackNews:
    """Tell of a chargeback of a payment that nobody here asked for."""
    money = Money(1_000, "USD")
    report = ChargebackReport(id="cbk_1", payment_id=new_id("pay"), milestone_id=new_id("mst"), state="opened", money=money)
    return ChargebackNews(report=report)


def test_the_inbox_is_listed_by_state_and_gateway_in_pages(api: Api):
    admin, news = api.admin(), strange()
    events = [tell(api, news) for _ in range(3)]
    ignored = tell(api, None)
    first = admin.get(f"{PLACE}?state=unmatched&limit=2")
    second = admin.get(f"{PLACE}?state=unmatched&limit=2&cursor={first['next_cursor']}")
    listed = first["items"] + second["items"]
    assert [each["event_id"] for each in listed] == list(reversed(events))
    assert second["next_cursor"] is None
    assert {(each["news"], each["about"], each["outcome"], each["milestone_id"]) for each in listed} == {
        ("chargeback", "cbk_1", "opened", news.report.milestone_id)
    }
    assert [each["event_id"] for each in admin.get(f"{PLACE}?gateway=sandbox&state=ignored")["items"]] == [ignored]
    assert admin.get(f"{PLACE}?gateway=stripe")["items"] == []
    detail = admin.get(f"{PLACE}/{listed[0]['id']}")
    assert (detail["read"]["report"]["id"], len(detail["digest"])) == ("cbk_1", 64)


def test_a_webhook_that_matched_nothing_has_its_effect_once_when_it_is_replayed(api: Api):
    admin, work = api.admin(), Work.begun(api)
    milestone = work.funding()
    key = f"fund:{milestone['id']}"
    api.settle()
    hidden = api.run(api.store.database["commands"].find_one({"_id": key}))
    news = told(api.run(api.store.require(Command, key)))
    api.run(api.store.database["commands"].delete_one({"_id": key}))
    tell(api, news)
    (parked,) = admin.get(f"{PLACE}?state=unmatched")["items"]
    api.run(api.store.database["commands"].insert_one(hidden))
    replayed = admin.post(f"{PLACE}/{parked['id']}/replay", status=200)
    assert (replayed["state"], replayed["tries"], replayed["handled_at"]) == ("waiting", 0, None)
    api.settle()
    assert work.read(milestone["id"])["state"] == "funded"
    assert admin.get(f"{PLACE}/{parked['id']}")["state"] == "done"
    again = admin.post(f"{PLACE}/{parked['id']}/replay", status=409)
    assert again["code"] == "webhook_not_parked"
    assert len(api.run(api.store.find(Journal, {"milestone_id": milestone["id"]}))) == 1


def test_one_that_still_matches_nothing_is_parked_again(api: Api):
    admin = api.admin()
    tell(api, strange())
    (parked,) = admin.get(f"{PLACE}?state=unmatched")["items"]
    admin.post(f"{PLACE}/{parked['id']}/replay", status=200)
    api.settle()
    assert [each["id"] for each in admin.get(f"{PLACE}?state=unmatched")["items"]] == [parked["id"]]


def test_what_says_nothing_to_us_is_not_replayed(api: Api):
    admin = api.admin()
    tell(api, None)
    (ignored,) = admin.get(f"{PLACE}?state=ignored")["items"]
    assert admin.post(f"{PLACE}/{ignored['id']}/replay", status=409)["code"] == "webhook_not_parked"
    assert admin.post(f"{PLACE}/{new_id('whk')}/replay", status=404)["code"] == "not_found"
