"""What operators do with disputes: file for others, mediate, rule, note; and never in a matter of their own."""

import pytest

from tests.api import Api
from tests.escrow import Work, usd
from tests.hiring import fields_at_fault, pages
from tests.quarrels import A, Quarrel, complaint


def test_an_operator_files_for_a_party_and_it_says_so(api: Api):
    work, operator = Work.begun(api), api.admin()
    milestone = work.submitted(A)
    made = operator.post("/api/admin/disputes", {**complaint(milestone, 5_000), "filer": "freelancer"})
    assert (made["filer"], made["filed_by_id"], made["side"]) == ("freelancer", operator.id, None)
    seen = work.freelancer.get(f"/api/disputes/{made['id']}")
    assert (seen["side"], seen["history"][0]["by"]) == ("freelancer", "mediator")
    assert "withdraw" in seen["actions"]


def test_who_is_a_party_does_not_mediate_whatever_their_role(api: Api):
    quarrel = Quarrel.filed(api).mediated()
    judge = api.made_admin(quarrel.filer)
    path = f"/api/admin/disputes/{quarrel.dispute['id']}"
    rest = {"to_freelancer": usd(0), "reasons": "I am right.", "version": quarrel.dispute["version"]}
    for answer in (
        judge.call("GET", path),
        judge.call("PUT", path, {"transition": "propose", **rest}),
        judge.call("PUT", path, {"transition": "note", "note": "x", "version": quarrel.dispute["version"]}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "party_of_it")
    milestone = quarrel.work.submitted(3_000)
    own = judge.call("POST", "/api/admin/disputes", {**complaint(milestone, 3_000), "filer": "freelancer"})
    assert (own.status_code, own.json()["code"]) == (403, "party_of_it")
    assert all(quarrel.dispute["id"] not in page for page in pages(judge, "/api/admin/disputes", limit=50))
    assert judge.get(f"/api/disputes/{quarrel.dispute['id']}")["side"] == "client"


def test_the_mediators_notes_are_theirs_alone(api: Api):
    quarrel = Quarrel.filed(api).negotiating()
    quarrel.dispute = quarrel.mediator.get(f"/api/admin/disputes/{quarrel.dispute['id']}")
    quarrel.take(quarrel.mediator, "note", note="The client has done this twice before.")
    assert [note["text"] for note in quarrel.dispute["notes"]] == ["The client has done this twice before."]
    other = api.admin().get(f"/api/admin/disputes/{quarrel.dispute['id']}")
    assert other["notes"] == quarrel.dispute["notes"]
    for person in (quarrel.filer, quarrel.respondent):
        shown = person.call("GET", f"/api/disputes/{quarrel.dispute['id']}")
        assert "twice before" not in shown.text
        assert quarrel.mediator.id not in shown.text


def test_a_mediator_proposes_and_rules_in_their_time(api: Api):
    quarrel = Quarrel.filed(api).negotiating()
    rest = {"to_freelancer": usd(0), "reasons": "Because."}
    for transition in ("propose", "rule"):
        assert quarrel.take(quarrel.mediator, transition, status=409, **rest)["code"] == "not_in_this_state"
    quarrel.take(quarrel.filer, "escalate")
    assert quarrel.take(quarrel.mediator, "propose", status=409, **{**rest, "to_freelancer": usd(A + 1)})["code"] == (
        "split_not_payable"
    )
    proposed = quarrel.take(quarrel.mediator, "propose", **rest)
    assert (proposed["state"], proposed["mediator_id"]) == ("proposed", quarrel.mediator.id)
    assert quarrel.take(quarrel.mediator, "rule", status=409, **rest)["code"] == "not_in_this_state"


@pytest.mark.parametrize(
    ("transition", "fields", "named"),
    [
        ("propose", {}, ["body.reasons", "body.to_freelancer"]),
        ("rule", {"to_freelancer": usd(1)}, ["body.reasons"]),
        ("rule", {"to_freelancer": {"amount": 1, "currency": "EUR"}, "reasons": "x"}, ["body.to_freelancer.currency"]),
        ("note", {"reasons": "x"}, ["body.note", "body.reasons"]),
        ("execute", {"note": "x"}, ["body.note"]),
    ],
)
def test_what_does_not_go_with_a_mediators_step_is_named(api: Api, transition, fields, named):
    quarrel = Quarrel.filed(api)
    assert fields_at_fault(quarrel.take(quarrel.mediator, transition, status=422, **fields)) == named


def test_a_default_by_hand_is_not_before_its_time_either(api: Api):
    quarrel = Quarrel.filed(api)
    assert quarrel.take(quarrel.mediator, "default_judgment", status=409)["code"] == "stale_version"
    quarrel.overdue()
    assert quarrel.take(quarrel.mediator, "default_judgment")["outcome"]["kind"] == "default"
    assert quarrel.take(quarrel.mediator, "execute")["state"] == "executed"


def test_operators_find_what_waits_for_them(api: Api):
    quarrel = Quarrel.filed(api).mediated()
    waiting = f"/api/admin/disputes?state=mediation&mediator=nobody&party_id={quarrel.filer.id}"
    assert pages(quarrel.mediator, waiting, limit=5) == [[quarrel.dispute["id"]]]
    quarrel.take(quarrel.mediator, "propose", to_freelancer=usd(0), reasons="Because.")
    assert pages(quarrel.mediator, "/api/admin/disputes?mediator=me", limit=5) == [[quarrel.dispute["id"]]]
    about = f"/api/admin/disputes?milestone_id={quarrel.milestone['id']}"
    assert pages(api.admin(), about, limit=1) == [[quarrel.dispute["id"]]]


def test_a_decision_waits_while_money_of_the_milestone_is_on_its_way(api: Api):
    quarrel = Quarrel.filed(api, 6_000)
    quarrel.work.take(quarrel.work.client, quarrel.work.read(quarrel.milestone["id"]), "release")
    quarrel.take(quarrel.respondent, "accept_claim")
    assert quarrel.tick()["state"] == "decided"
    operator = quarrel.mediator.get(f"/api/admin/disputes/{quarrel.dispute['id']}")
    assert operator["blocked_by"] == "not_in_this_state"
    assert quarrel.tick()["state"] == "decided", "it is not tried again at once"
    api.settle()
    quarrel.overdue()
    assert quarrel.tick()["state"] == "executed"
    assert quarrel.stored().blocked_by is None
