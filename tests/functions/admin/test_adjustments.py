"""Two operators adjust the ledger: one journal, balanced, known to the audit; never by one alone, never more than is there."""

import asyncio

import pytest

from freehold.documents import Adjustment, Journal
from freehold.domain.money import Money
from freehold.ids import new_id
from freehold.store import now
from freehold.store.payees import owe, profile_of
from tests.api import Api
from tests.escrow import Work, usd
from tests.hiring import fields_at_fault
from tests.ledgers import fresh_database
from tests.payees import due

AUDIT = "/api/admin/ledger/audit"


@pytest.fixture
def books(mongodb_uri, keys):
    """Give an API over a ledger of its own."""
    with fresh_database(mongodb_uri) as name, Api.opened(mongodb_uri, name, keys) as api:
        yield api


def propose(admin, kind="top_up", amount=5_000, *, status=201, **body):
    place = {} if kind == "write_off" else {"gateway": "sandbox"}
    good = {"kind": kind, "money": usd(amount), "reason": "By hand.", **place}
    return admin.post("/api/admin/adjustments", {**good, **body}, status=status)


def decide(admin, proposal, how="approve", *, status=200):
    return admin.post(f"/api/admin/adjustments/{proposal['id']}/{how}", {"note": "Seen."}, status=status)


def journals(api):
    return api.run(api.store.find(Journal, {"key": {"$regex": "^adjust:"}}))


def totals(admin):
    found = admin.get(AUDIT)
    assert [each for each in found["violations"] if each["code"] != "gateway_differs"] == []
    return {each["account"]: each["balance"] for each in found["totals"] if each["currency"] == "USD"}


def test_a_top_up_is_written_once_when_another_operator_approves_it_and_the_audit_knows_it(books: Api):
    one, other = books.admin(), books.admin()
    proposal = propose(one)
    assert (proposal["state"], journals(books)) == ("proposed", [])
    approved = decide(other, proposal)
    assert (approved["state"], approved["decided_by"], approved["decision_note"]) == ("approved", other.id, "Seen.")
    (journal,) = journals(books)
    assert journal.key == f"adjust:{proposal['id']}"
    assert [(line.account, line.amount) for line in journal.lines] == [("clearing:sandbox", 5_000), ("platform_funds", -5_000)]
    assert totals(one) == {"clearing:sandbox": 5_000, "platform_funds": -5_000}
    assert decide(other, proposal, status=409)["code"] == "proposal_decided"
    assert len(journals(books)) == 1


def test_one_operator_alone_moves_nothing_but_may_take_a_proposal_back(books: Api):
    one = books.admin()
    proposal = propose(one)
    assert decide(one, proposal, status=409)["code"] == "own_proposal"
    assert decide(one, proposal, "reject")["state"] == "rejected"
    assert decide(books.admin(), proposal, status=409)["code"] == "proposal_decided"
    assert journals(books) == []


def test_a_proposal_is_over_by_the_databases_clock(books: Api):
    one, other = books.admin(), books.admin()
    proposal = propose(one)
    due(books, Adjustment.collection, proposal["id"], "expires_at")
    assert decide(other, proposal, status=409)["code"] == "proposal_expired"
    assert journals(books) == []
    assert decide(other, proposal, "reject")["state"] == "rejected"


def test_revenue_is_withdrawn_and_not_a_cent_of_what_is_held_for_others(books: Api):
    work = Work.begun(books)
    work.funded(20_000)
    work.take(work.client, work.submitted(10_000), "release")
    books.settle()
    one, other = books.admin(), books.admin()
    assert decide(other, propose(one, "withdrawal", 1_001), status=409)["code"] == "revenue_not_covered"
    decide(other, propose(one, "withdrawal", 1_000))
    assert totals(one) == {"clearing:sandbox": 20_000, "escrow": -20_000, "fees": -1_000, "platform_funds": 1_000} | {
        name: 0 for name in totals(one) if name in {"payable", "tax_payable", "gateway_fees", "refund_due", "disputed"}
    }
    assert decide(other, propose(one, "withdrawal", 1), status=409)["code"] == "revenue_not_covered"


def test_of_withdrawals_at_once_only_so_many_are_approved_as_there_is_revenue(books: Api):
    one, other = books.admin(), books.admin()
    decide(other, propose(one, "top_up", 250))
    proposals = [propose(one, "withdrawal", 100)["id"] for _ in range(6)]

    async def race():
        calls = (
            books.client.post(f"/api/admin/adjustments/{each}/approve", json={"note": "Seen."}, headers=other.headers)
            for each in proposals
        )
        return await asyncio.gather(*calls)

    answers = [answer.status_code for answer in books.run(race())]
    assert set(answers) <= {200, 409, 503}
    assert 1 <= answers.count(200) <= 2
    assert totals(one)["clearing:sandbox"] == 250 - 100 * answers.count(200)


def test_two_who_approve_the_same_at_once_write_one_journal(books: Api):
    one, admins = books.admin(), [books.admin() for _ in range(3)]
    proposal = propose(one)

    async def race():
        path = f"/api/admin/adjustments/{proposal['id']}/approve"
        return await asyncio.gather(*(books.client.post(path, json={"note": "Seen."}, headers=each.headers) for each in admins))

    answers = [answer.status_code for answer in books.run(race())]
    assert (answers.count(200), len(journals(books))) == (1, 1)
    assert set(answers) <= {200, 409, 503}


def test_a_debt_is_written_off_no_further_than_it_goes(books: Api):
    person, one, other = books.register(), books.admin(), books.admin()

    async def borrow(unit):
        await owe(unit, person.id, Money(700, "USD"), now=now())

    books.run(books.store.transact(borrow, deadline_s=5))
    proposals = [propose(one, "write_off", amount, user_id=person.id) for amount in (701, 700)]
    assert decide(other, proposals[0], status=409)["code"] == "debt_too_small"
    decide(other, proposals[1])
    assert books.run(profile_of(books.store, person.id)).debts == {}
    assert totals(one) == {"bad_debt": 700, f"freelancer_debt:{person.id}": -700}


@pytest.mark.parametrize(
    ("kind", "amount", "body", "at_fault"),
    [
        ("top_up", 0, {}, "body.money.amount"),
        ("top_up", -5, {}, "body.money.amount"),
        ("withdrawal", 5, {"gateway": None}, "body.gateway"),
        ("write_off", 5, {}, "body.user_id"),
        ("write_off", 5, {"gateway": "sandbox", "user_id": new_id("usr")}, "body.gateway"),
        ("top_up", 5, {"user_id": new_id("usr")}, "body.user_id"),
        ("top_up", 5, {"reason": "\n"}, "body.reason"),
        ("top_up", 5, {"money": {"amount": 5, "currency": "XXX"}}, "body.money.currency"),
        ("burn", 5, {}, "body.kind"),
    ],
)
def test_what_cannot_be_an_adjustment_is_refused_by_its_field(books: Api, kind, amount, body, at_fault):
    assert fields_at_fault(propose(books.admin(), kind, amount, status=422, **body)) == [at_fault]


def test_nobodys_debt_and_no_gateways_money_is_not_adjusted(books: Api):
    admin = books.admin()
    assert propose(admin, "write_off", 5, user_id=new_id("usr"), status=404)["code"] == "not_found"
    assert propose(admin, gateway="nowhere", status=409)["code"] == "gateway_not_available"
    assert decide(admin, {"id": new_id("adj")}, status=404)["code"] == "not_found"


def test_operators_list_what_waits_for_them(books: Api):
    one, other = books.admin(), books.admin()
    waiting, done = propose(one), propose(one)
    decide(other, done)
    assert [each["id"] for each in other.get("/api/admin/adjustments?state=proposed")["items"]] == [waiting["id"]]
    assert len(other.get("/api/admin/adjustments")["items"]) == 2


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (lambda store, key: store["journals"].delete_one({"key": key}), "journal_missing"),
        (
            lambda store, key: store["journals"].update_one({"key": key}, {"$set": {"lines.0.account": "fees"}}),
            "journal_differs",
        ),
        (lambda store, _: store["adjustments"].delete_many({}), "journal_astray"),
        (lambda store, _: store["adjustments"].update_many({}, {"$set": {"state": "proposed"}}), "journal_astray"),
    ],
)
def test_the_audit_names_an_adjustment_whose_journal_is_not_its_own(books: Api, damage, code):
    one, other = books.admin(), books.admin()
    proposal = propose(one)
    decide(other, proposal)
    books.run(damage(books.store.database, f"adjust:{proposal['id']}"))
    assert code in {each["code"] for each in one.get(AUDIT)["violations"]}
