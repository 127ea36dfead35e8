"""Reconciling with the gateways: what was missed has its effect once, what differs is named, and the report can be read."""

from typing import Any

import pytest

from freehold.documents import Journal, Reconciliation
from freehold.payments.reconciling import go_on
from freehold.payments.sandbox import SandboxGateway
from tests.api import Api, Person
from tests.escrow import Work, overdue, tick

pytestmark = pytest.mark.own_ledger

SWEEP = "payments-reconcile"


@pytest.fixture
def admin(api: Api) -> Person:
    return api.admin()


def run(api: Api, admin: Person, scope: str = "recent") -> dict[str, Any]:
    """Ask for a run, let the sweep do it, and read its report."""
    asked = admin.post("/api/admin/reconciliations", {"scope": scope}, status=202)
    assert (asked["state"], asked["asked_by"], asked["as_of"]) == ("running", admin.id, None)
    api.drain(SWEEP)
    report = admin.get(f"/api/admin/reconciliations/{asked['id']}")
    assert report["state"] == "done"
    return report


def at_gateway(api: Api, key: str, change: dict[str, Any]) -> None:
    assert api.run(api.store.database["sandbox_objects"].update_one({"_id": key}, {"$set": change})).matched_count == 1


def test_books_that_agree_give_a_clean_report_with_each_balance(api, admin):
    work = Work.begun(api)
    milestone = work.take(work.client, work.submitted(), "release")
    api.settle()
    report = run(api, admin)
    assert (report["clean"], report["differences"], report["counts"]["looked_up"], report["counts"]["agrees"]) == (
        True,
        [],
        2,
        2,
    )
    (balance,) = report["balances"]
    assert balance == {
        "gateway": "sandbox", "currency": "USD", "ledger": 1_901, "reported": 1_901, "in_flight": 0, "agrees": True,
    }  # fmt: skip
    assert work.read(milestone["id"])["state"] == "released"


def test_a_payment_whose_webhook_and_reply_were_lost_is_taken_in_once(api, admin):
    work = Work.begun(api)
    milestone = work.funding(method="never_paid")
    api.settle()
    key = f"fund:{milestone['id']}"
    at_gateway(api, key, {"state": "done"})
    assert run(api, admin)["counts"]["mended"] == 1
    assert work.read(milestone["id"])["state"] == "funded"
    again = run(api, admin)
    assert (again["counts"]["mended"], again["clean"]) == (0, True)
    assert api.run(api.store.count(Journal, {"milestone_id": milestone["id"]}, limit=9)) == 1


def test_a_payout_that_came_back_unheard_is_taken_in(api, admin):
    work = Work.begun(api)
    milestone = work.take(work.client, work.submitted(), "release")
    api.settle()
    at_gateway(api, f"transfer:{milestone['id']}:1", {"state": "returned", "reason": "account_closed"})
    report = run(api, admin)
    assert (report["counts"]["mended"], report["balances"][0]["agrees"]) == (1, True)
    assert work.read(milestone["id"])["state"] == "payout_blocked"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"state": "refused"}, "outcome_differs"),
        ({"money.amount": 17_000}, "amount_differs"),
        ({"fee": 7}, "fee_differs"),
        ({"group": "elsewhere"}, "missing_at_gateway"),
    ],
)
def test_what_differs_is_named_with_its_command(api, admin, change, code):
    work = Work.begun(api)
    milestone = work.take(work.client, work.submitted(), "release")
    api.settle()
    key = f"transfer:{milestone['id']}:1"
    at_gateway(api, key, change)
    report = run(api, admin)
    found = [each for each in report["differences"] if each["subject"] == key]
    assert [each["code"] for each in found] == [code]
    assert (report["clean"], report["difference_count"]) == (False, len(report["differences"]))
    assert ("balance_differs" in {each["code"] for each in report["differences"]}) == (code != "missing_at_gateway")
    assert work.read(milestone["id"])["state"] == "released", "nothing is undone by a machine"


def test_money_in_flight_explains_a_balance_and_only_so_much(api, admin):
    work = Work.begun(api)
    first, second = work.funded(), work.funding(18_000, method="card")
    assert second["state"] == "funding"
    assert run(api, admin)["balances"][0] == {
        "gateway": "sandbox", "currency": "USD", "ledger": 19_005, "reported": 19_005, "in_flight": 18_000, "agrees": True,
    }  # fmt: skip
    at_gateway(api, f"fund:{first['id']}", {"fee": 18_001})
    codes = {each["code"] for each in run(api, admin)["differences"]}
    assert codes == {"fee_differs", "balance_differs"}


def test_a_gateway_that_is_gone_is_said_and_nothing_is_guessed(api, admin):
    work = Work.begun(api)
    milestone = work.funded()
    api.run(api.store.database["commands"].update_one({"_id": f"fund:{milestone['id']}"}, {"$set": {"gateway": "gone"}}))
    change = {"$set": {"lines.0.account": "clearing:gone"}}
    api.run(api.store.database["journals"].update_one({"milestone_id": milestone["id"]}, change))
    report = run(api, admin)
    assert report["counts"]["unreachable"] == 1
    assert [(each["code"], each["gateway"]) for each in report["differences"]] == [("gateway_unreachable", "gone")]


@pytest.mark.parametrize("size", [1, 2, 3, 20])
def test_a_run_goes_on_page_by_page_and_looks_at_each_command_once(api, admin, size):
    work = Work.begun(api, agreed=90_000)
    for method in ("card", "card_declined", "card"):
        work.funding(10_000, method=method)
    api.settle()
    for _ in range(2):
        work.funding(10_000)
    asked = admin.post("/api/admin/reconciliations", {"scope": "full"}, status=202)
    run = api.run(api.store.require(Reconciliation, asked["id"]))

    async def transact(unit_of_work):
        return await api.store.transact(unit_of_work, deadline_s=5)

    sandbox, parts = SandboxGateway(api.store), 0
    while run.state == "running":
        run = api.run(go_on(run, reads=api.store, gateways=lambda _: sandbox, transact=transact, size=size))
        parts += 1
    assert (run.counts.looked_up, run.counts.agrees, run.counts.under_way) == (5, 3, 2)
    assert parts == {1: 8, 2: 5, 3: 4, 20: 3}[size]


def test_a_run_that_somebody_holds_is_left_to_them_until_their_time_is_over(api, admin):
    asked = admin.post("/api/admin/reconciliations", {"scope": "recent"}, status=202)
    runs = api.store.database["reconciliations"]
    later = {"$dateAdd": {"startDate": "$$NOW", "unit": "minute", "amount": 1}}
    api.run(runs.update_one({"_id": asked["id"]}, [{"$set": {"due_at": later}}]))
    assert tick(api, SWEEP) == 0
    api.run(runs.update_one({"_id": asked["id"]}, [{"$set": {"due_at": "$$NOW"}}]))
    assert tick(api, SWEEP) == 1


def test_the_clock_starts_a_full_run_each_day_and_a_short_one_each_hour(api, admin):
    api.drain(SWEEP)
    assert [each["scope"] for each in admin.get("/api/admin/reconciliations")["items"]] == ["full"]
    assert tick(api, SWEEP) == 0
    for hours, scopes in ((2, ["recent", "full"]), (26, ["full", "recent", "full"])):
        ago = {"$dateSubtract": {"startDate": "$$NOW", "unit": "hour", "amount": hours}}
        api.run(api.store.database["reconciliations"].update_many({}, [{"$set": {"started_at": ago}}]))
        api.drain(SWEEP)
        found = admin.get("/api/admin/reconciliations")["items"]
        assert [each["scope"] for each in found] == scopes
        assert {each["asked_by"] for each in found} == {None}


def test_the_last_report_is_measured(api, admin):
    run(api, admin)
    names = {each["name"] for each in api.tick(SWEEP).json()["readings"]}
    assert names == {
        "freehold_reconciliation_differences", "freehold_reconciliation_mended", "freehold_reconciliation_timestamp_seconds",
    }  # fmt: skip


def test_only_so_many_runs_may_wait(admin):
    for _ in range(5):
        admin.post("/api/admin/reconciliations", {"scope": "recent"}, status=202)
    refused = admin.post("/api/admin/reconciliations", {"scope": "recent"}, status=409)
    assert refused["code"] == "too_many_reconciliations"


def test_an_expired_funding_that_was_paid_meanwhile_is_found(api, admin):
    work = Work.begun(api)
    milestone = work.funding(method="never_paid")
    api.settle()
    overdue(api, milestone["id"], "funding_expires_at")
    tick(api, "escrow-expire-fundings")
    at_gateway(api, f"fund:{milestone['id']}", {"state": "done"})
    assert run(api, admin)["counts"]["mended"] == 1
    api.settle()
    assert work.read(milestone["id"])["money"]["refunded"]["amount"] == 19_005
