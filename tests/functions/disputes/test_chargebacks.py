"""A chargeback that meets an open dispute: nothing leaves while the bank decides, then the dispute goes on, or is moot."""

import pytest

from freehold.documents import Journal
from freehold.store.audit import audit_ledger
from tests.api import Api, Person
from tests.escrow import amounts, let_gateway_live, overdue, usd
from tests.quarrels import A, Quarrel

pytestmark = pytest.mark.own_ledger
PART = 9_000
WON, LOST = "card_chargeback", "card_chargeback_lost"


def charged_back(api: Api, method: str, amount: int = PART) -> Quarrel:
    """File a dispute about a part, let the other side contest it, and let the payer's bank take the payment back."""
    quarrel = Quarrel.filed(api, amount, method=method).negotiating()
    let_gateway_live(api)
    return quarrel


def told(person: Person, quarrel: Quarrel) -> list[str]:
    """Say what a person was told of the milestone's chargeback and of how the dispute ended, the oldest first."""
    wanted = {"chargeback_opened", "chargeback_won", "chargeback_lost", "decided", "executed", "closed_moot"}
    items = person.get("/api/notifications?limit=100")["items"]
    mine = [each["data"] for each in items if each["data"].get("milestone_id") == quarrel.milestone["id"]]
    return [each["happened"] for each in reversed(mine) if each.get("happened") in wanted]


def journals(api: Api, quarrel: Quarrel) -> list[str]:
    """Name the milestone's journals in their order, and see that the audit has nothing to say."""
    assert api.run(audit_ledger(api.store)).violations == ()
    rows = api.run(api.store.find(Journal, {"milestone_id": quarrel.milestone["id"]}, sort=(("_id", 1),)))
    return [row.key.partition(":")[0] for row in rows]


def money(quarrel: Quarrel) -> dict[str, int]:
    return amounts(quarrel.work.read(quarrel.milestone["id"]))


def test_while_the_bank_decides_nothing_is_released_refunded_or_settled(api: Api):
    quarrel = charged_back(api, WON)
    work, before = quarrel.work, money(quarrel)
    milestone = work.read(quarrel.milestone["id"])
    assert work.take(work.client, milestone, "release", status=409)["code"] == "chargeback_open"
    assert work.take(work.freelancer, milestone, "refund", status=409)["code"] == "chargeback_open"
    overdue(api, milestone["id"], "auto_release_at")
    api.drain("escrow-release-due-milestones")
    quarrel.take(quarrel.filer, "offer", to_freelancer=usd(4_000))
    quarrel.take(quarrel.respondent, "accept_offer", offer=1)
    assert (quarrel.tick()["state"], quarrel.stored().blocked_by) == ("decided", "chargeback_open")
    assert quarrel.take(quarrel.mediator, "execute", status=409)["code"] == "chargeback_open"
    api.settle()
    assert money(quarrel) == before
    assert journals(api, quarrel) == ["deposit", "dispute", "cb_open"]


def test_a_dispute_is_filed_about_no_payment_that_the_bank_has_taken_back(api: Api):
    quarrel = charged_back(api, WON)
    quarrel.take(quarrel.filer, "withdraw")
    milestone = quarrel.work.read(quarrel.milestone["id"])
    again = {"milestone_id": milestone["id"], "amount": usd(PART), "reason": "quality", "statement": "Once more."}
    assert quarrel.work.client.post("/api/disputes", again, status=409)["code"] == "chargeback_open"
    let_gateway_live(api)
    assert quarrel.work.client.post("/api/disputes", again)["state"] == "filed"
    assert journals(api, quarrel) == ["deposit", "dispute", "cb_open", "undispute", "cb_won", "dispute"]


def test_a_won_chargeback_lets_the_dispute_go_on_to_its_end(api: Api):
    quarrel = charged_back(api, WON)
    quarrel.take(quarrel.filer, "offer", to_freelancer=usd(4_000))
    quarrel.take(quarrel.respondent, "accept_offer", offer=1)
    assert quarrel.tick()["state"] == "decided"
    let_gateway_live(api)
    assert quarrel.read()["state"] == "decided"
    quarrel.overdue()
    assert quarrel.tick()["state"] == "executed"
    api.settle()
    assert money(quarrel) == {"deposited": A, "held": A - PART, "released": 3_600, "fees": 400, "refunded": PART - 4_000}
    for person in (quarrel.work.client, quarrel.work.freelancer):
        assert told(person, quarrel) == ["chargeback_opened", "decided", "chargeback_won", "executed"]
    assert journals(api, quarrel)[:4] == ["deposit", "dispute", "cb_open", "cb_won"]


@pytest.mark.parametrize("decided", [False, True], ids=["undecided", "decided"])
def test_a_lost_chargeback_takes_what_was_disputed_and_closes_the_dispute_as_moot(api: Api, decided):
    quarrel = charged_back(api, LOST)
    if decided:
        quarrel.take(quarrel.filer, "offer", to_freelancer=usd(4_000))
        quarrel.take(quarrel.respondent, "accept_offer", offer=1)
        quarrel.tick()
    let_gateway_live(api)
    dispute = quarrel.read()
    assert (dispute["state"], dispute["actions"], dispute["due_at"]) == ("moot", [], None)
    quarrel.overdue()
    assert quarrel.tick()["state"] == "moot"
    api.settle()
    assert money(quarrel) == {"deposited": A, "charged_back": A}
    assert quarrel.stored_milestone().holding.disputes[0].ended == "moot"
    for person in (quarrel.work.client, quarrel.work.freelancer):
        heard = told(person, quarrel)
        assert heard == ["chargeback_opened", *(["decided"] if decided else []), "chargeback_lost", "closed_moot"]
    assert journals(api, quarrel) == ["deposit", "dispute", "cb_open", "cb_lost"]
