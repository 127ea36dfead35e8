"""Reminders of deadlines, and what people are told of a dispute."""

from collections import Counter

import pytest

from tests.api import Api, Person
from tests.escrow import overdue, tick, usd
from tests.functions.evidence.test_evidence import file, place
from tests.quarrels import Quarrel
from tests.uploads.samples import PDF


def news(api: Api, person: Person, quarrel: Quarrel) -> list[str]:
    """Carry all events, and say what a person was told of the dispute, the oldest first."""
    api.settle()
    entries = person.get("/api/notifications?limit=100")["items"]
    about = [each["data"] for each in entries if each["data"].get("dispute_id") == quarrel.dispute["id"]]
    return [each["happened"] for each in reversed(about)]


def reminded(api: Api, quarrel: Quarrel) -> list[int]:
    api.drain("disputes-send-reminders")
    rows = api.store.database["outbox"].find({"aggregate": quarrel.dispute["id"], "type": "dispute.reminded"})
    return [row["body"]["percent"] for row in api.run(rows.sort("_id", 1).to_list())]


def test_whoever_is_awaited_is_reminded_at_half_and_at_nine_tenths_of_the_time(api: Api):
    quarrel = Quarrel.filed(api)
    stored = quarrel.stored()
    lasts, half, late = (each - stored.created_at for each in (stored.due_at, stored.remind_half_at, stored.remind_late_at))
    assert abs(half / lasts - 0.5) < 0.001
    assert abs(late / lasts - 0.9) < 0.001
    assert reminded(api, quarrel) == []
    quarrel.overdue("remind_half_at")
    assert reminded(api, quarrel) == [50]
    quarrel.overdue("remind_late_at")
    assert reminded(api, quarrel) == reminded(api, quarrel) == [50, 90]
    assert Counter(news(api, quarrel.respondent, quarrel))["reminded"] == 2
    assert "reminded" not in news(api, quarrel.filer, quarrel)


def test_of_two_reminders_that_are_late_only_the_later_is_sent(api: Api):
    quarrel = Quarrel.filed(api)
    quarrel.overdue("remind_half_at")
    quarrel.overdue("remind_late_at")
    assert reminded(api, quarrel) == [90]


def test_a_dispute_ends_when_the_gateway_holds_its_money_no_longer(api: Api):
    quarrel = Quarrel.filed(api)
    overdue(api, quarrel.milestone["id"], "hold_expires_at")
    tick(api, "escrow-end-holdings")
    api.settle()
    assert quarrel.stored_milestone().state == "refunded"
    stored = quarrel.stored()
    assert (stored.case.state, stored.is_open, stored.due_at) == ("moot", False, None)
    assert news(api, quarrel.respondent, quarrel)[-1] == "closed_moot"


def test_nobody_is_reminded_of_a_deadline_that_was_met(api: Api):
    quarrel = Quarrel.filed(api).negotiating()
    stored = quarrel.stored()
    assert stored.remind_half_at > stored.updated_at
    quarrel.take(quarrel.filer, "withdraw")
    stored = quarrel.stored()
    assert (stored.due_at, stored.remind_half_at, stored.remind_late_at) == (None, None, None)


@pytest.mark.parametrize("side", ["filer", "respondent"])
def test_each_side_hears_of_every_step(api: Api, side: str):
    quarrel = Quarrel.filed(api).negotiating()
    quarrel.take(quarrel.filer, "offer", to_freelancer=usd(1_000))
    quarrel.take(quarrel.filer, "withdraw_offer", offer=1)
    quarrel.take(quarrel.filer, "escalate")
    quarrel.take(quarrel.mediator, "propose", to_freelancer=usd(1_000), reasons="Because.")
    quarrel.take(quarrel.filer, "accept_proposal")
    quarrel.take(quarrel.respondent, "refuse_proposal")
    quarrel.take(quarrel.mediator, "rule", to_freelancer=usd(1_000), reasons="Because.")
    quarrel.tick()
    assert news(api, getattr(quarrel, side), quarrel) == [
        "filed", "contested", "offer_made", "offer_withdrawn", "mediation_started", "proposal_made", "proposal_accepted",
        "ruling_started", "decided", "executed",
    ]  # fmt: skip


@pytest.mark.own_ledger  # only so many operators hear of it, and tests make more
def test_operators_hear_what_waits_for_a_mediator_until_one_has_taken_it_up(api: Api):
    quarrel = Quarrel.filed(api).mediated()
    other = api.admin()
    assert news(api, quarrel.mediator, quarrel) == news(api, other, quarrel) == ["mediation_started"]
    quarrel.take(quarrel.mediator, "propose", to_freelancer=usd(1_000), reasons="Because.")
    quarrel.take(quarrel.filer, "refuse_proposal")
    quarrel.overdue()
    quarrel.tick()
    assert news(api, quarrel.mediator, quarrel) == ["mediation_started", "ruling_started", "overdue"]
    assert news(api, other, quarrel) == ["mediation_started"]


def test_of_evidence_the_other_side_hears(api: Api):
    quarrel = Quarrel.filed(api)
    quarrel.filer.post(place(quarrel), file(PDF))
    assert news(api, quarrel.respondent, quarrel) == ["filed", "evidence_added"]
    assert news(api, quarrel.filer, quarrel) == ["filed"]
