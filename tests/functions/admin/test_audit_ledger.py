"""The ledger's audit: clean while all is well, and every kind of damage is found and named."""

import pytest

from freehold.documents import Journal
from freehold.payments.sandbox import SandboxGateway
from freehold.store.audit import audit_ledger
from freehold.store.journals import pending_leaf
from freehold.store.mapping import from_bson, to_bson
from tests.api import Api
from tests.escrow import Work, overdue, resume, settle_payment, tick, usd
from tests.ledgers import fresh_database

PATH = "/api/admin/ledger/audit"


@pytest.fixture(scope="module")
def books(mongodb_uri, keys):
    """Give an API over a ledger of its own, with milestones in many states, at rest."""
    with fresh_database(mongodb_uri) as name, Api.opened(mongodb_uri, name, keys) as api:
        yield lively(api), api.admin()


def lively(api: Api) -> Work:
    """Bring milestones into the states that money can rest in."""
    work = Work.begun(api)
    work.created(5_000)
    work.funded(10_000)
    work.submitted(10_001)
    parts = work.funded(20_003)
    work.take(work.client, parts, "release", amount=usd(7_777))
    work.take(work.client, work.submitted(3_335), "release")
    due = work.submitted(4_445)
    overdue(api, due["id"], "auto_release_at")
    tick(api, "escrow-release-due-milestones")
    late = work.funding(2_222)
    api.settle()
    settle_payment(api, late["id"])
    work.take(work.client, work.read(late["id"]), "cancel")
    sandbox = SandboxGateway(api.store)
    blocked = work.submitted(6_666)
    api.run(sandbox.block_payouts(work.freelancer.id, blocked=True))
    work.take(work.client, blocked, "release")
    api.settle()
    api.run(sandbox.block_payouts(work.freelancer.id, blocked=False))
    resume(api)
    return work


def test_a_ledger_at_rest_is_clean_and_its_totals_sum_to_zero(books):
    _, admin = books
    report = admin.get(PATH)
    assert (report["clean"], report["at_rest"], report["violations"], report["alerts"]) == (True, True, [], [])
    balances = {total["account"]: total["balance"] for total in report["totals"]}
    assert sum(balances.values()) == 0
    assert balances == {
        "clearing:sandbox": 10_000 + 10_001 + (20_003 - 6_999) + 334 + 445 + 6_666,
        "escrow": -(10_000 + 10_001 + 12_226),
        "fees": -(778 + 334 + 445 + 667),
        "payable": -5_999,
        "refund_due": 0,
    }
    there = balances["clearing:sandbox"]
    assert report["gateways"] == [{"gateway": "sandbox", "currency": "USD", "ledger": there, "reported": there}]
    assert (report["milestones"], report["journals"]) == (8, 16)


def test_only_admins_verify_the_ledger(books):
    work, _ = books
    assert work.client.call("GET", PATH).status_code == 403
    assert work.api.call("GET", PATH).status_code == 401


def test_money_on_its_way_is_no_violation(books):
    work, admin = books
    moving = work.created(1_234)
    work.client.post("/api/escrow/deposit", {"milestone_id": moving["id"]}, status=202)
    report = admin.get(PATH)
    assert (report["clean"], report["at_rest"], report["settling"], report["open_commands"]) == (True, False, 1, 1)
    work.api.settle()
    work.take(work.client, work.read(moving["id"]), "release")
    assert admin.get(PATH)["clean"]
    work.api.settle()
    report = admin.get(PATH)
    assert (report["clean"], report["at_rest"]) == (True, True)


def journal(kind, change):
    return "journals", {"key": {"$regex": f"^{kind}:"}}, change


def milestone(state, change):
    return "milestones", {"state": state}, change


def at_the_gateway(kind, change):
    return "sandbox_objects", {"kind": kind, "state": "done"}, change


WAITING = {"state": "releasing", "holding.legs.0.state": "pending"}
DAMAGE = {
    "a line's amount": (*journal("release", {"$inc": {"lines.0.amount": 1}}), "journal_unbalanced"),
    "a fee on another account": (*journal("release", {"$set": {"lines.2.account": "platform_funds"}}), "balance_differs"),
    "a line in another currency": (*journal("deposit", {"$set": {"lines.0.currency": "EUR"}}), "journal_unbalanced"),
    "a journal without lines": (*journal("transfer", {"$set": {"lines": []}}), "journal_unbalanced"),
    "a journal of nobody": (*journal("deposit", {"$set": {"milestone_id": "mst_0"}}), "journal_astray"),
    "a renamed journal": (*journal("transfer", {"$set": {"key": "transfer:odd:1"}}), "journal_unexpected"),
    "a held balance": (*milestone("funded", {"$inc": {"holding.balances.escrow": 1}}), "balance_differs"),
    "a balance below zero": (*milestone("funded", {"$set": {"holding.balances.payable": -1}}), "milestone_inconsistent"),
    "a deposit": (*milestone("released", {"$inc": {"holding.deposited": 1}}), "milestone_inconsistent"),
    "a leg's fee": (*milestone("released", {"$inc": {"holding.legs.0.fee": 1}}), "milestone_inconsistent"),
    "a leg taken for done": (*milestone("payout_blocked", {"$set": {"holding.legs.0.state": "done"}}), "journal_missing"),
    "a wait for nothing": (
        *milestone("payout_blocked", {"$set": {"state": "releasing", "holding.legs.0.state": "pending"}}),
        "command_missing",
    ),
    "a stuck command": ("commands", {"kind": "fund"}, {"$set": {"state": "stuck"}}, "command_stuck"),
    "a doubled transfer": (*at_the_gateway("transfer", {"$mul": {"money.amount": 2}}), "gateway_differs"),
    "a payment never made": (*at_the_gateway("payment", {"$set": {"state": "pending"}}), "gateway_differs"),
}


@pytest.mark.parametrize(("collection", "filter_", "change", "code"), DAMAGE.values(), ids=DAMAGE.keys())
def test_damage_is_found_and_named(books, collection, filter_, change, code):
    work, admin = books
    rows = work.api.store.database[collection]
    before = work.api.run(rows.find_one(filter_))
    work.api.run(rows.update_one({"_id": before["_id"]}, change))
    report = admin.get(PATH)
    work.api.run(rows.replace_one({"_id": before["_id"]}, before))
    assert not report["clean"]
    assert code in {violation["code"] for violation in report["violations"]}
    assert report["violation_count"] == len(report["violations"])
    assert admin.get(PATH)["clean"]


@pytest.mark.parametrize(
    ("filter_", "codes"),
    [
        ({"key": {"$regex": "^deposit:"}}, {"journal_missing", "balance_differs"}),
        ({"key": {"$regex": "^refund:"}}, {"journal_missing", "balance_differs"}),
    ],
)
def test_a_lost_journal_is_found(books, filter_, codes):
    work, admin = books
    journals = work.api.store.database["journals"]
    lost = work.api.run(journals.find_one_and_delete(filter_))
    report = admin.get(PATH)
    work.api.run(journals.insert_one(lost))
    assert codes <= {violation["code"] for violation in report["violations"]}
    assert admin.get(PATH)["clean"]


def test_a_lost_milestone_leaves_its_journals_astray(books):
    work, admin = books
    milestones = work.api.store.database["milestones"]
    lost = work.api.run(milestones.find_one_and_delete({"state": "released"}))
    report = admin.get(PATH)
    work.api.run(milestones.insert_one(lost))
    assert {violation["code"] for violation in report["violations"]} == {"journal_astray"}
    assert admin.get(PATH)["clean"]


def test_charges_of_a_gateway_that_were_not_prefunded_are_an_alert(books):
    work, admin = books
    journals = work.api.store.database["journals"]
    deposit = work.api.run(journals.find_one({"key": {"$regex": "^deposit:"}}))
    owner, version = deposit["milestone_id"], deposit["milestone_version"]
    lines = [("gateway_fees", 90_000), ("clearing:sandbox", -90_000)]
    fee = {
        **deposit, "_id": "jrn_fee", "key": "gwfee:pay_1", "milestone_id": owner, "milestone_version": version, "n": 9,
        "lines": [{"account": account, "amount": amount, "currency": "USD"} for account, amount in lines],
    }  # fmt: skip
    work.api.run(journals.insert_one(fee))
    leaves = work.api.store.database["pending_leaves"]
    work.api.run(leaves.insert_one(to_bson(pending_leaf(from_bson(fee, Journal)))))
    objects = work.api.store.database["sandbox_objects"]
    payment = work.api.run(objects.find_one({"kind": "payment", "group": owner}))
    work.api.run(objects.update_one({"_id": payment["_id"]}, {"$set": {"fee": 90_000}}))
    report = admin.get(PATH)
    work.api.run(objects.replace_one({"_id": payment["_id"]}, payment))
    work.api.run(journals.delete_one({"_id": "jrn_fee"}))
    work.api.run(leaves.delete_one({"journal_id": "jrn_fee"}))
    assert (report["clean"], [alert["code"] for alert in report["alerts"]]) == (True, ["held_money_uncovered"])


def test_the_audit_reads_in_batches_and_finds_the_same(books):
    work, _ = books
    small, large = (work.api.run(audit_ledger(work.api.store, batch=size)) for size in (2, 500))
    assert (small.totals, small.journals, small.milestones) == (large.totals, large.journals, large.milestones)
    assert small.violation_count == large.violation_count == 0
