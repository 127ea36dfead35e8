"""Every way to ask for money that is not there or is no money: refused with a stable code at the public doors, unmoved."""

from datetime import timedelta
from typing import Any

import pytest

from freehold.documents import Command, GatewayOffer, SandboxObject
from freehold.domain.offers import Offer, PayMethod
from freehold.payments.webhooks import TOLERANCE_S
from freehold.store import now
from tests.api import Api
from tests.escrow import Work, usd
from tests.hiring import new_application, new_job
from tests.payments.telling import signed, told
from tests.quarrels import complaint
from tests.security.snapshots import fingerprints

TOO_MUCH, PAST_A_DOUBLE = 19_006, 2**53
BAD_PARTS = (0, -1, -19_005, TOO_MUCH)


@pytest.fixture
def work(api: Api) -> Work:
    return Work.begun(api, agreed=10_000_000)


class Unmoved:
    """Holds that no milestone, journal, command or gateway object changes."""

    def __init__(self, work: Work) -> None:
        self.work = work
        work.api.settle()
        self.before = fingerprints(work.api)

    def after(self, answer: dict[str, Any], code: str) -> None:
        assert answer["code"] == code, answer
        assert fingerprints(self.work.api) == self.before


def ask(work: Work, milestone: dict[str, Any], transition: str, status: int, **fields: Any) -> dict[str, Any]:
    person = work.freelancer if transition == "refund" else work.client
    return work.take(person, milestone, transition, status=status, **fields)


@pytest.mark.parametrize("transition", ["release", "refund", "propose_split"])
@pytest.mark.parametrize("amount", BAD_PARTS)
def test_more_than_is_held_nothing_and_less_than_nothing(work: Work, transition: str, amount: int):
    if transition == "propose_split" and amount == 0:
        amount = TOO_MUCH + 1  # to propose nothing for the freelancer is a proposal
    funded, unmoved = work.funded(), Unmoved(work)
    unmoved.after(ask(work, funded, transition, 409, amount=usd(amount)), "part_not_covered")


@pytest.mark.parametrize("transition", ["release", "refund", "propose_split"])
@pytest.mark.parametrize("amount", [PAST_A_DOUBLE, -PAST_A_DOUBLE, 10**30, 1.5, "500", None, True])
def test_an_amount_past_what_a_double_holds_and_what_is_no_whole_number(work: Work, transition: str, amount: object):
    funded, unmoved = work.funded(), Unmoved(work)
    unmoved.after(ask(work, funded, transition, 422, amount={"amount": amount, "currency": "USD"}), "invalid")


@pytest.mark.parametrize("transition", ["release", "refund", "propose_split"])
@pytest.mark.parametrize("currency", ["EUR", "JPY", "usd", "US", ""])
def test_another_currency(work: Work, transition: str, currency: str):
    funded, unmoved = work.funded(), Unmoved(work)
    unmoved.after(ask(work, funded, transition, 422, amount={"amount": 500, "currency": currency}), "invalid")


def test_a_double_release_and_a_release_of_what_was_given_back(work: Work):
    for first in ("release", "refund"):
        funded = work.funded()
        ask(work, funded, first, 200)
        work.api.settle()
        unmoved, again = Unmoved(work), work.read(funded["id"])
        body = {"milestone_id": funded["id"]}
        unmoved.after(work.client.post("/api/escrow/release", body, status=409), "not_in_this_state")
        unmoved.after(ask(work, again, "release", 409), "not_in_this_state")
        unmoved.after(ask(work, funded, "release", 409), "stale_version")


def test_a_refund_of_more_than_was_ever_released(work: Work):
    funded = work.funded()
    ask(work, funded, "release", 200)
    work.api.settle()
    released = work.read(funded["id"])
    unmoved = Unmoved(work)
    for amount in BAD_PARTS:
        unmoved.after(ask(work, released, "refund", 409, amount=usd(amount)), "part_not_covered")


def test_a_release_of_what_is_disputed(work: Work):
    funded = work.funded()
    work.client.post("/api/disputes", complaint(funded, 19_005))
    disputed = work.read(funded["id"])
    assert disputed["state"] == "disputed"
    unmoved = Unmoved(work)
    unmoved.after(ask(work, disputed, "release", 409), "not_in_this_state")
    unmoved.after(work.client.post("/api/escrow/release", {"milestone_id": funded["id"]}, status=409), "not_in_this_state")
    part = work.funded()
    work.client.post("/api/disputes", complaint(part, 10_000))
    unmoved, part = Unmoved(work), work.read(part["id"])
    unmoved.after(ask(work, part, "release", 409, amount=usd(9_006)), "part_not_covered")


def test_an_amount_that_the_gateway_cannot_send_without_losing_a_digit(api: Api):
    client, freelancer = api.register(roles=["employer"]), api.register()
    dinars = {"amount": 12_345, "currency": "BHD"}
    job = client.post("/api/jobs", new_job(budget=dinars))
    application = freelancer.post("/api/applications", new_application(job, budget=dinars))
    answer = {"transition": "accept", "version": application["version"]}
    project_id = client.put(f"/api/applications/{application['id']}", answer)["project_id"]
    work = Work(api, client, freelancer, client.get(f"/api/projects/{project_id}"))
    milestone = client.post("/api/milestones", {"project_id": project_id, "title": "Work", "amount": dinars})
    offer = Offer(state="ready", country="DE", currencies=("BHD",), methods=(PayMethod(name="card"),))

    async def offered(unit):
        unit.insert(GatewayOffer(id="stripe", offer=offer, checked_at=now()))

    api.run(api.store.transact(offered, deadline_s=5))
    try:
        unmoved = Unmoved(work)
        body = {"milestone_id": milestone["id"], "gateway": "stripe"}
        unmoved.after(client.post("/api/escrow/deposit", body, status=409), "amount_not_sendable")
    finally:
        api.run(api.store.database["gateway_offers"].delete_many({"_id": "stripe"}))


def test_a_webhook_that_is_forged_old_or_replayed(work: Work):
    api = work.api
    milestone = work.funding()
    api.settle()
    command = api.run(api.store.require(Command, f"fund:{milestone['id']}"))
    body, headers = api.run(signed(api.store, told(command)))
    old_body, old = api.run(signed(api.store, told(command), at=now() - timedelta(seconds=TOLERANCE_S + 5)))
    unmoved = Unmoved(work)
    for forged, its_headers in ((body, {}), (body.replace(b"19005", b"29005"), headers), (old_body, old)):
        answer = api.call("POST", "/api/webhooks/sandbox", content=forged, headers=its_headers)
        assert answer.status_code == 400
        unmoved.after(answer.json(), "webhook_not_trusted")
    api.run(api.store.collection(SandboxObject).update_one({"_id": command.id}, {"$set": {"state": "done"}}))
    assert api.call("POST", "/api/webhooks/sandbox", content=body, headers=headers).status_code == 200
    unmoved = Unmoved(work)
    assert work.read(milestone["id"])["state"] == "funded"
    again = api.call("POST", "/api/webhooks/sandbox", content=body, headers=headers)
    assert (again.status_code, again.json()) == (200, {"duplicate": True})
    api.settle()
    assert fingerprints(api) == unmoved.before
