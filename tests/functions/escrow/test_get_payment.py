"""Who pays can read how the payment stands, and what they must still do; nobody else."""

from freehold.documents import Command
from freehold.domain.settlement import NextAction, Report
from freehold.store.commands import claim, pause
from tests.api import Api
from tests.escrow import Work, usd


def payment(work: Work, milestone, *, status: int = 200):
    return work.client.get(f"/api/escrow/{milestone['id']}/payment", status=status)


def test_a_payment_is_waiting_until_the_gateway_answers_and_then_as_it_says(api: Api):
    work = Work.begun(api)
    milestone = work.funding(method="card_declined")
    asked = payment(work, milestone)
    assert (asked["state"], asked["gateway"], asked["method"], asked["money"]) == (
        "waiting",
        "sandbox",
        "card_declined",
        usd(19_005),
    )
    api.settle()
    refused = payment(work, milestone)
    assert (refused["state"], refused["reason"], refused["action"]) == ("refused", "card_declined", None)
    work.client.post("/api/escrow/deposit", {"milestone_id": milestone["id"], "method": "card"}, status=202)
    assert (payment(work, milestone)["state"], payment(work, milestone)["method"]) == ("waiting", "card")
    api.settle()
    assert payment(work, milestone)["state"] == "done"


def test_its_payer_is_told_what_the_gateway_waits_for(api: Api):
    work = Work.begun(api)
    milestone = work.funding(method="never_paid")
    api.settle()
    command = api.run(_command(api, milestone))
    key = command.id
    asked = Report(
        outcome="pending",
        reference="pi_1",
        money=command.money,
        action=NextAction(kind="client_secret", token="pi_1_secret"),
    )

    async def work_on(unit) -> None:
        held = await claim(unit, key)
        await pause(unit, held, error=None, report=asked)

    api.run(api.store.database["commands"].update_many({"milestone_id": milestone["id"]}, {"$set": {"due_at": None}}))
    api.run(api.store.transact(work_on, deadline_s=5))
    told = payment(work, milestone)
    assert (told["state"], told["action"]) == ("pending", {"kind": "client_secret", "url": None, "token": "pi_1_secret"})


async def _command(api: Api, milestone) -> Command:
    found = await api.store.first(Command, {"milestone_id": milestone["id"], "kind": "fund"})
    assert found is not None
    return found


def test_nothing_was_asked_for_yet(api: Api):
    work = Work.begun(api)
    assert payment(work, work.created(), status=404)["code"] == "not_found"


def test_the_freelancer_does_not_see_how_the_client_pays(api: Api):
    work = Work.begun(api)
    milestone = work.funding(method="card")
    assert work.freelancer.get(f"/api/escrow/{milestone['id']}/payment", status=403)["code"] == "forbidden"
