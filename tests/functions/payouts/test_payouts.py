"""The list of payouts: each release with where it is and why; what waited is paid when nothing stands in its way any more."""

import pytest

from freehold.payments.sandbox import SandboxGateway
from tests.api import Api
from tests.escrow import Work, tick, usd
from tests.payees import end_holds, open_account

LIFT = "payouts-lift-ended-holds"
REASON = "We look into a report."


def payouts(person, query=""):
    return person.get(f"/api/payouts{query}")["items"]


def states(person):
    return [(each["state"], each["reasons"]) for each in payouts(person)]


def hold(api, person):
    admin = api.admin()
    return admin, admin.post("/api/admin/holds", {"user_id": person.id, "reason": REASON})


def test_each_release_is_listed_with_what_was_taken_and_where_it_is(api: Api):
    work = Work.begun(api)
    milestone = work.submitted(10_001)
    assert payouts(work.freelancer) == []
    work.take(work.client, milestone, "release", amount=usd(3_333))
    assert states(work.freelancer) == [("pending", [])]
    api.settle()
    (paid,) = payouts(work.freelancer)
    assert (paid["state"], paid["gross"], paid["fee"], paid["net"]) == ("paid", usd(3_333), usd(333), usd(3_000))
    assert (paid["milestone_id"], paid["leg"], paid["kept_for_debt"]) == (milestone["id"], 1, usd(0))


def test_a_held_payout_shows_its_reason_and_is_paid_once_the_hold_is_lifted(api: Api):
    work = Work.begun(api)
    admin, placed = hold(api, work.freelancer)
    work.take(work.client, work.submitted(), "release")
    api.settle()
    assert states(work.freelancer) == [("held", [REASON])]
    assert work.freelancer.id in [each["freelancer_id"] for each in admin.get("/api/admin/payouts?limit=100")["items"]]
    admin.post(f"/api/admin/holds/{placed['id']}/lift", {"reason": "All is well."}, status=200)
    api.settle()
    assert states(work.freelancer) == [("paid", [])]


def test_a_security_hold_that_is_over_lets_all_that_waited_go(api: Api):
    api.drain(LIFT)
    work = Work.begun(api)
    open_account(work.freelancer)
    open_account(work.freelancer)
    for _ in range(3):
        work.take(work.client, work.submitted(5_000), "release")
        api.settle()
    assert {state for state, _ in states(work.freelancer)} == {"held"}
    end_holds(api, work.freelancer.id)
    assert tick(api, LIFT) == 1
    api.settle()
    assert states(work.freelancer) == [("paid", [])] * 3


def test_while_another_hold_is_left_nothing_is_paid(api: Api):
    work = Work.begun(api)
    admin, first = hold(api, work.freelancer)
    hold(api, work.freelancer)
    work.take(work.client, work.submitted(), "release")
    api.settle()
    admin.post(f"/api/admin/holds/{first['id']}/lift", {"reason": "Of two."}, status=200)
    api.settle()
    assert states(work.freelancer) == [("held", [REASON])]


def test_a_payout_that_the_gateway_refused_shows_why_and_is_tried_again_when_the_account_is_ready(api: Api):
    work, sandbox = Work.begun(api), SandboxGateway(api.store)
    (account,) = open_account(work.freelancer)["accounts"]
    api.run(sandbox.block_payouts(work.freelancer.id, blocked=True))
    work.take(work.client, work.submitted(), "release")
    api.settle()
    assert states(work.freelancer) == [("blocked", ["payouts_blocked"])]
    check = f"/api/payout-accounts/{account['id']}/check"
    work.freelancer.post(check, status=202)
    api.settle()
    assert states(work.freelancer) == [("blocked", ["payouts_blocked"])]
    api.run(sandbox.block_payouts(work.freelancer.id, blocked=False))
    work.freelancer.post(check, status=202)
    api.settle()
    assert states(work.freelancer) == [("paid", [])]


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_pages_hold_every_payout_once_the_newest_first_also_within_a_milestone(api: Api, limit):
    work = Work.begun(api)
    for _ in range(2):
        milestone = work.submitted(10_000)
        for part in (usd(2_000), usd(3_000), None):
            body = {"amount": part} if part else {}
            work.take(work.client, work.read(milestone["id"]), "release", **body)
            api.settle()
    whole = [(each["milestone_id"], each["leg"]) for each in payouts(work.freelancer, "?limit=100")]
    assert (len(whole), whole) == (6, sorted(whole, reverse=True))
    seen, cursor = [], ""
    while True:
        page = work.freelancer.get(f"/api/payouts?limit={limit}{cursor}")
        assert len(page["items"]) <= limit
        seen += [(each["milestone_id"], each["leg"]) for each in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == whole


def test_a_cursor_of_another_list_is_refused_and_nobody_sees_others_payouts(api: Api):
    work = Work.begun(api)
    work.take(work.client, work.submitted(), "release")
    other = api.register()
    assert payouts(other) == []
    assert other.get("/api/payouts?cursor=abc", status=400)["code"] == "invalid_cursor"
    work.client.get("/api/payouts", status=403)
