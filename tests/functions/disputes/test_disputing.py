"""A dispute over the API, from filing to the money's end: what each side may do, what it costs, where the money goes."""

import pytest

from tests.api import Api
from tests.escrow import Work, amounts, usd
from tests.hiring import fields_at_fault, pages
from tests.quarrels import A, Quarrel, complaint


def told(quarrel: Quarrel) -> dict[str, int]:
    """Give how a dispute was decided, in cents."""
    outcome = quarrel.read()["outcome"]
    return {name: outcome[name]["amount"] for name in ("to_freelancer", "to_client", "fee")}


def settled(quarrel: Quarrel) -> dict[str, int]:
    """Execute the decision, carry what follows to the gateway, and say where the milestone's money is then."""
    assert quarrel.tick()["state"] == "executed"
    quarrel.work.api.settle()
    return amounts(quarrel.work.read(quarrel.milestone["id"]))


def test_only_what_is_disputed_is_frozen(api: Api):
    quarrel = Quarrel.filed(api, 6_000)
    assert amounts(quarrel.work.read(quarrel.milestone["id"])) == {"deposited": A, "held": A - 6_000, "disputed": 6_000}
    rest = quarrel.work.take(quarrel.work.client, quarrel.work.read(quarrel.milestone["id"]), "release")
    assert rest["money"]["releasing"]["amount"] > 0
    api.settle()
    assert amounts(quarrel.work.read(quarrel.milestone["id"]))["disputed"] == 6_000


def test_a_filed_dispute_says_what_is_wanted_why_and_until_when_to_answer(api: Api):
    quarrel = Quarrel.filed(api, 6_000, claim=usd(4_000))
    dispute = quarrel.dispute
    assert (dispute["state"], dispute["filer"], dispute["side"]) == ("filed", "client", "client")
    assert (dispute["amount"], dispute["claim"], dispute["largest_fee"]) == (usd(6_000), usd(4_000), usd(200))
    assert (dispute["reason"], dispute["statement"]) == ("quality", "The translation was made by a machine.")
    assert dispute["actions"] == ["withdraw"]
    assert quarrel.read(quarrel.respondent)["actions"] == ["accept_claim", "contest"]
    lasts = quarrel.stored().due_at - quarrel.stored().created_at
    assert abs(lasts.total_seconds() - 7 * 86_400) < 60


@pytest.mark.parametrize("by", ["client", "freelancer"])
def test_an_accepted_claim_is_paid_without_a_fee(api: Api, by: str):
    quarrel = Quarrel.filed(api, by=by, claim=usd(10_000))
    quarrel.take(quarrel.respondent, "accept_claim")
    part = 10_000 if by == "freelancer" else A - 10_000
    assert told(quarrel) == {"to_freelancer": part, "to_client": A - part, "fee": 0}
    money = settled(quarrel)
    assert money == {"deposited": A, "released": part - money["fees"], "fees": money["fees"], "refunded": A - part}


def test_who_does_not_answer_in_time_loses_and_pays(api: Api):
    quarrel = Quarrel.filed(api, claim=usd(10_000))
    assert quarrel.tick()["state"] == "filed", "not before its time"
    quarrel.overdue()
    assert quarrel.tick()["outcome"]["kind"] == "default"
    assert told(quarrel) == {"to_freelancer": A - 10_000 - 500, "to_client": 10_000, "fee": 500}
    money = settled(quarrel)
    assert money["refunded"] == 10_000


def test_both_sides_see_every_offer_and_accept_the_newest_of_the_other(api: Api):
    quarrel = Quarrel.filed(api).negotiating()
    quarrel.take(quarrel.filer, "offer", to_freelancer=usd(2_000), note="For the glossary.")
    quarrel.read(quarrel.respondent)
    quarrel.take(quarrel.respondent, "offer", to_freelancer=usd(15_000))
    quarrel.take(quarrel.filer, "offer", to_freelancer=usd(9_000))
    assert quarrel.read(quarrel.filer)["offers"] == quarrel.read(quarrel.respondent)["offers"]
    assert [(each["number"], each["by"], each["state"]) for each in quarrel.dispute["offers"]] == [
        (1, "client", "replaced"),
        (2, "freelancer", "standing"),
        (3, "client", "standing"),
    ]
    assert quarrel.dispute["offers"][2]["to_client"] == usd(A - 9_000)
    assert quarrel.take(quarrel.respondent, "accept_offer", offer=1, status=409)["code"] == "offer_not_standing"
    quarrel.take(quarrel.respondent, "accept_offer", offer=3)
    assert told(quarrel) == {"to_freelancer": 9_000, "to_client": A - 9_000, "fee": 0}
    assert settled(quarrel)["refunded"] == A - 9_000


def test_a_proposal_that_both_accept_is_paid_and_both_pay_the_fee(api: Api):
    quarrel = Quarrel.filed(api).proposed(9_000)
    assert quarrel.read(quarrel.respondent)["proposal"]["reasons"] == "Half of it is good."
    quarrel.take(quarrel.respondent, "accept_proposal")
    assert quarrel.take(quarrel.respondent, "accept_proposal", status=409)["code"] == "already_accepted"
    quarrel.take(quarrel.filer, "accept_proposal")
    assert told(quarrel) == {"to_freelancer": 9_000 - 475, "to_client": A - 9_000 - 475, "fee": 950}
    money = settled(quarrel)
    assert (money["refunded"], money["released"] + money["fees"]) == (A - 9_000 - 475, 9_000 + 475)


def test_a_refused_proposal_is_ruled_with_reasons_that_both_read(api: Api):
    quarrel = Quarrel.filed(api).to_be_ruled()
    quarrel.take(quarrel.mediator, "rule", to_freelancer=usd(0), reasons="Nothing of it is by a person.")
    assert told(quarrel) == {"to_freelancer": 0, "to_client": A, "fee": 0}
    for side in (quarrel.filer, quarrel.respondent):
        assert quarrel.read(side)["outcome"]["reasons"] == "Nothing of it is by a person."
    assert settled(quarrel) == {"deposited": A, "refunded": A}


def test_the_loser_of_a_ruling_pays_out_of_what_is_theirs(api: Api):
    quarrel = Quarrel.filed(api, by="freelancer").to_be_ruled()
    quarrel.take(quarrel.mediator, "rule", to_freelancer=usd(15_000), reasons="Most of it is good.")
    assert told(quarrel) == {"to_freelancer": 15_000, "to_client": A - 15_000 - 950, "fee": 950}
    assert settled(quarrel)["refunded"] == A - 15_000 - 950


def test_a_negotiation_and_a_proposal_that_nobody_ends_go_on_by_the_clock(api: Api):
    quarrel = Quarrel.filed(api).negotiating()
    quarrel.overdue()
    assert quarrel.tick()["state"] == "mediation"
    quarrel.dispute = quarrel.mediator.get(f"/api/admin/disputes/{quarrel.dispute['id']}")
    quarrel.take(quarrel.mediator, "propose", to_freelancer=usd(5_000), reasons="By the messages.")
    quarrel.overdue()
    assert quarrel.tick()["state"] == "ruling"
    assert [step["by"] for step in quarrel.dispute["history"]] == ["filer", "respondent", "clock", "mediator", "clock"]


def test_what_no_mediator_does_in_time_is_reported_once_and_stays(api: Api):
    quarrel = Quarrel.filed(api).mediated()
    quarrel.overdue()
    assert quarrel.tick()["state"] == "mediation"
    events = api.store.database["outbox"].count_documents({"aggregate": quarrel.dispute["id"], "type": "dispute.overdue"})
    assert (api.run(events), quarrel.stored().due_at) == (1, None)


def test_a_filer_who_withdraws_leaves_everything_as_it_was(api: Api):
    quarrel = Quarrel.filed(api).negotiating()
    quarrel.take(quarrel.filer, "withdraw")
    milestone = quarrel.work.read(quarrel.milestone["id"])
    assert amounts(milestone) == {"deposited": A, "held": A}
    assert milestone["state"] == "submitted"
    assert milestone["auto_release_at"] is not None
    again = quarrel.filer.post("/api/disputes", complaint(quarrel.milestone))
    assert again["id"] != quarrel.dispute["id"]


def test_one_dispute_is_open_about_a_milestone_at_a_time(api: Api):
    quarrel = Quarrel.filed(api, 6_000)
    refused = quarrel.respondent.post("/api/disputes", complaint(quarrel.milestone, 1_000), status=409)
    assert refused["code"] == "dispute_open"


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"amount": {"amount": 6_000, "currency": "EUR"}}, ["body.amount.currency", "body.claim.currency"]),
        ({"claim": usd(6_001)}, ["body.claim.amount"]),
        ({"claim": usd(5_950)}, ["body.claim.amount"]),
        ({"claim": usd(0)}, ["body.claim.amount"]),
        ({"claim": usd(-5)}, ["body.claim.amount"]),
        ({"reason": "spite"}, ["body.reason"]),
        ({"statement": "  "}, ["body.statement"]),
    ],
)
def test_a_complaint_that_makes_no_sense_is_refused_and_freezes_nothing(api: Api, fields, named):
    work = Work.begun(api)
    milestone = work.submitted(A)
    body = {**complaint(milestone, 6_000, claim=usd(6_000)), **fields}
    assert fields_at_fault(work.client.post("/api/disputes", body, status=422)) == named
    assert amounts(work.read(milestone["id"])) == {"deposited": A, "held": A}


@pytest.mark.parametrize("amount", [A + 1, 2**52, 99, 0, -1])
def test_no_more_is_disputed_than_is_held_and_nothing_too_small(api: Api, amount: int):
    work = Work.begun(api)
    milestone = work.submitted(A)
    refused = work.client.call("POST", "/api/disputes", complaint(milestone, amount))
    assert refused.status_code in {409, 422}
    assert refused.json()["code"] in {"part_not_covered", "invalid"}
    assert amounts(work.read(milestone["id"])) == {"deposited": A, "held": A}


def test_nothing_is_disputed_before_it_is_held(api: Api):
    work = Work.begun(api)
    assert work.client.post("/api/disputes", complaint(work.created()), status=409)["code"] == "not_in_this_state"


def test_each_step_is_for_its_side_and_in_its_time(api: Api):
    quarrel = Quarrel.filed(api)
    assert quarrel.take(quarrel.filer, "contest", statement="x", status=403)["code"] == "forbidden"
    assert quarrel.take(quarrel.respondent, "withdraw", status=403)["code"] == "forbidden"
    assert quarrel.take(quarrel.filer, "offer", to_freelancer=usd(0), status=409)["code"] == "not_in_this_state"
    quarrel.negotiating()
    assert quarrel.take(quarrel.respondent, "accept_claim", status=409)["code"] == "not_in_this_state"
    stale = {**quarrel.dispute, "version": quarrel.dispute["version"] - 1}
    body = {"transition": "escalate", "version": stale["version"]}
    assert quarrel.filer.put(f"/api/disputes/{stale['id']}", body, status=409)["code"] == "stale_version"


@pytest.mark.parametrize(
    ("transition", "fields", "named"),
    [
        ("contest", {}, ["body.statement"]),
        ("offer", {"note": "x"}, ["body.to_freelancer"]),
        ("offer", {"to_freelancer": {"amount": 1, "currency": "EUR"}}, ["body.to_freelancer.currency"]),
        ("accept_offer", {}, ["body.offer"]),
        ("escalate", {"offer": 1, "note": "x"}, ["body.note", "body.offer"]),
        ("withdraw", {"statement": "x"}, ["body.statement"]),
    ],
)
def test_what_does_not_go_with_a_step_is_named(api: Api, transition, fields, named):
    quarrel = Quarrel.filed(api)
    assert fields_at_fault(quarrel.take(quarrel.respondent, transition, status=422, **fields)) == named


def test_everybody_lists_their_own_disputes_alone(api: Api):
    quarrel, other = Quarrel.filed(api), Quarrel.filed(api)
    for person in (quarrel.filer, quarrel.respondent):
        assert pages(person, "/api/disputes", limit=1) == [[quarrel.dispute["id"]]]
        person.get(f"/api/disputes/{other.dispute['id']}", status=404)
    assert pages(quarrel.filer, "/api/disputes?side=freelancer", limit=5) == [[]]
    assert pages(quarrel.filer, "/api/disputes?side=client&state=filed", limit=5) == [[quarrel.dispute["id"]]]
    assert pages(quarrel.filer, f"/api/disputes?milestone_id={other.milestone['id']}", limit=5) == [[]]
