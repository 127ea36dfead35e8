"""Fee schedules: public, decided by two, in force from a date by the database's clock, captured when a milestone is funded."""

from datetime import UTC, datetime, timedelta

import pytest

from freehold.documents import FeeScheduleChange, Milestone
from freehold.ids import new_id
from tests.api import Api
from tests.escrow import Work, usd
from tests.hiring import fields_at_fault
from tests.ledgers import fresh_database
from tests.payees import due


@pytest.fixture
def books(mongodb_uri, keys):
    """Give an API over a database of its own: fees hold for everybody in it."""
    with fresh_database(mongodb_uri) as name, Api.opened(mongodb_uri, name, keys) as api:
        yield api


def propose(admin, *, status=201, in_days=1, **body):
    effective_at = (datetime.now(UTC) + timedelta(days=in_days)).isoformat()
    good = {"basis_points": 500, "effective_at": effective_at, "reason": "Growth."}
    return admin.post("/api/admin/fee-schedules", {**good, **body}, status=status)


def decide(admin, proposal, how="approve", *, status=200):
    return admin.post(f"/api/admin/fee-schedules/{proposal['id']}/{how}", {"note": "Seen."}, status=status)


def read(api, path="/api/fees", *, status=200):
    answer = api.call("GET", path)
    assert answer.status_code == status, answer.text
    return answer.json()


def in_force(api, proposal):
    """Let an approved schedule have come into force a second ago; no process remembers what was before."""
    due(api, FeeScheduleChange.collection, proposal["id"], "effective_at")
    api.app.services.fees._known = None


def test_without_a_decision_the_products_own_schedule_holds(books: Api):
    fees = read(books)
    assert fees["current_version"] == 1
    assert [(each["version"], each["basis_points"], each["effective_at"]) for each in fees["schedules"]] == [(1, 1_000, None)]


def test_a_schedule_is_captured_by_what_is_funded_from_its_date_on_and_by_nothing_before(books: Api):
    work = Work.begun(books)
    before = work.funded(10_000)
    one, other = books.admin(), books.admin()
    proposal = propose(one)
    assert read(books)["current_version"] == 1
    approved = decide(other, proposal)
    assert (approved["version"], approved["state"], read(books)["current_version"]) == (2, "approved", 1)
    in_force(books, proposal)
    assert read(books)["current_version"] == 2
    after = work.funded(10_000)
    captured = [books.run(books.store.require(Milestone, each["id"])).holding.fee_schedule for each in (before, after)]
    assert [(each.version, each.basis_points) for each in captured] == [(1, 1_000), (2, 500)]


def test_whoever_proposed_it_does_not_approve_it_but_may_take_it_back(books: Api):
    admin = books.admin()
    proposal = propose(admin)
    assert decide(admin, proposal, status=409)["code"] == "own_proposal"
    assert decide(admin, proposal, "reject")["state"] == "rejected"
    assert decide(books.admin(), proposal, status=409)["code"] == "proposal_decided"


def test_a_schedule_that_was_not_approved_before_its_date_never_comes_into_force(books: Api):
    proposal = propose(books.admin())
    due(books, FeeScheduleChange.collection, proposal["id"], "effective_at")
    assert decide(books.admin(), proposal, status=409)["code"] == "proposal_expired"
    assert read(books)["current_version"] == 1


@pytest.mark.parametrize(
    ("body", "at_fault"),
    [
        ({"in_days": -1}, "body.effective_at"),
        ({"basis_points": 5_001}, "body.basis_points"),
        ({"basis_points": -1}, "body.basis_points"),
        ({"tax_basis_points": 4_001}, "body.tax_basis_points"),
        ({"reason": ""}, "body.reason"),
    ],
)
def test_what_cannot_be_a_schedule_is_refused_by_its_field(books: Api, body, at_fault):
    assert fields_at_fault(propose(books.admin(), status=422, **body)) == [at_fault]


def test_what_was_not_proposed_is_not_found(books: Api):
    for how in ("approve", "reject"):
        assert decide(books.admin(), {"id": new_id("fee")}, how, status=404)["code"] == "not_found"


def test_operators_list_what_was_proposed(books: Api):
    admin = books.admin()
    proposal = propose(admin)
    assert admin.get("/api/admin/fee-schedules")["items"] == [proposal]


def test_the_preview_is_what_is_then_taken(books: Api):
    work = Work.begun(books)
    shown = read(books, "/api/fees/preview?amount=10001&currency=USD&parts=3333&parts=3334")
    assert (shown["version"], shown["fee"], shown["net"]) == (1, usd(1_000), usd(9_001))
    milestone = work.submitted(10_001)
    for part in (usd(3_333), usd(3_334), None):
        work.take(work.client, work.read(milestone["id"]), "release", **({"amount": part} if part else {}))
        books.settle()
    legs = work.read(milestone["id"])["legs"]
    assert [(each["gross"], each["fee"], each["net"]) for each in legs] == [
        (each["gross"], each["fee"], each["net"]) for each in shown["legs"]
    ]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("amount=10000&currency=XXX", 422, "invalid"),
        ("amount=99&currency=USD", 422, "invalid"),
        ("amount=9007199254740993&currency=USD", 422, "invalid"),
        ("amount=1.5&currency=USD", 422, "invalid"),
        ("currency=USD&amount=", 422, "invalid"),
        ("amount=10000&currency=USD&parts=20000", 409, "part_not_covered"),
        ("amount=10000&currency=USD&parts=9950", 409, "part_not_covered"),
        ("amount=10000&currency=USD" + "&parts=100" * 21, 422, "invalid"),
    ],
)
def test_what_would_not_be_released_is_not_previewed(books: Api, query, status, code):
    assert read(books, f"/api/fees/preview?{query}", status=status)["code"] == code
