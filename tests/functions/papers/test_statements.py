"""Statements: every movement once, with balances that equal the ledger; safe in a spreadsheet; nobody else's."""

import csv
import io
import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from freehold.documents import Journal
from freehold.domain.money import Money
from freehold.papers.statement import harmless
from freehold.store import now
from freehold.store.payees import owe
from tests.api import Api
from tests.escrow import Work, usd
from tests.hiring import fields_at_fault

TODAY = datetime.now(UTC).date()
PERIOD = f"from={TODAY - timedelta(days=1)}&to={TODAY + timedelta(days=1)}"


def table(person, period=PERIOD):
    answer = person.call("GET", f"/api/statements?{period}")
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, "text/csv"), answer.text
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def moves(person, period=PERIOD):
    return [(row["movement"], row["amount"], row["balance"]) for row in table(person, period)]


def lines_of(api: Api, milestone, *accounts):
    """Add up the ledger's own lines, credits above zero."""
    journals = api.run(api.store.find(Journal, {"milestone_id": milestone["id"]}))
    names = {f"{account}:{milestone['id']}" for account in accounts}
    return -sum(line.amount for journal in journals for line in journal.lines if line.account in names)


def test_both_sides_see_each_movement_once_with_balances_that_equal_the_ledger(api: Api):
    work = Work.begun(api)
    held, submitted = work.funded(10_000), work.submitted()
    work.take(work.client, submitted, "release")
    api.settle()
    assert moves(work.client) == [
        ("opening", "", "0.00"),
        ("deposit", "100.00", "100.00"),
        ("deposit", "190.05", "290.05"),
        ("release", "-190.05", "100.00"),
        ("closing", "", "100.00"),
    ]
    assert lines_of(api, held, "escrow", "disputed", "refund_due") == 10_000
    assert moves(work.freelancer) == [
        ("opening", "", "0.00"),
        ("release", "171.04", "171.04"),
        ("transfer", "-171.04", "0.00"),
        ("closing", "", "0.00"),
    ]
    assert lines_of(api, submitted, "payable") == 0


def test_what_was_before_the_period_is_its_opening_balance(api: Api):
    work = Work.begun(api)
    work.funded(10_000)
    tomorrow = TODAY + timedelta(days=1)
    later = f"from={tomorrow}&to={tomorrow + timedelta(days=5)}"
    assert moves(work.client, later) == [("opening", "", "100.00"), ("closing", "", "100.00")]
    earlier = f"from={TODAY - timedelta(days=9)}&to={TODAY - timedelta(days=8)}"
    assert moves(work.client, earlier) == []


@pytest.mark.own_ledger
def test_a_debt_that_two_operators_write_off_is_a_movement_of_its_own(api: Api):
    person, somebody, one, other = api.register(), api.register(), api.admin(), api.admin()

    async def borrow(unit):
        await owe(unit, person.id, Money(700, "USD"), now=now())

    api.run(api.store.transact(borrow, deadline_s=5))
    body = {"kind": "write_off", "money": usd(700), "user_id": person.id, "reason": "Gone abroad."}
    proposal = one.post("/api/admin/adjustments", body)
    assert moves(person) == []
    other.post(f"/api/admin/adjustments/{proposal['id']}/approve", {"note": "Seen."}, status=200)
    assert moves(person) == [("opening", "", "0.00"), ("adjust", "7.00", "7.00"), ("closing", "", "7.00")]
    tomorrow = TODAY + timedelta(days=1)
    assert moves(person, f"from={tomorrow}&to={tomorrow}") == [("opening", "", "7.00"), ("closing", "", "7.00")]
    assert (moves(somebody), moves(one)) == ([], [])
    assert "Gone abroad" not in person.call("GET", f"/api/statements?{PERIOD}").text


def test_nobody_sees_what_is_not_theirs(api: Api):
    Work.begun(api).funded()
    assert table(api.register()) == []


def test_a_statement_can_be_read_as_a_page(api: Api):
    work = Work.begun(api)
    work.funded(10_000)
    answer = work.client.call("GET", f"/api/statements?{PERIOD}&format=pdf")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    ran = subprocess.run(["pdftotext", "-layout", "-", "-"], input=answer.content, capture_output=True, check=True)
    said = ran.stdout.decode()
    assert "Closing balance" in said
    assert said.count("$100.00") == 3


def test_what_people_write_begins_no_formula(api: Api):
    work = Work.begun(api)
    milestone = work.created(title='=HYPERLINK("http://evil.example")')
    work.client.post("/api/escrow/deposit", {"milestone_id": milestone["id"]}, status=202)
    api.settle()
    (row,) = [row for row in table(work.client) if row["movement"] == "deposit"]
    assert row["milestone"] == '\'=HYPERLINK("http://evil.example")'


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1"])  # noqa: RUF001
def test_a_text_that_a_spreadsheet_would_calculate_is_made_harmless(text):
    assert harmless(text) == f"'{text}"
    assert harmless(f"Work {text}") == f"Work {text}"


@pytest.mark.parametrize(
    ("period", "at_fault"),
    [
        ("from=2026-01-01", ["query.to"]),
        ("from=2026-02-30&to=2026-03-01", ["query.from"]),
        ("from=2026-03-02&to=2026-03-01", ["query.to"]),
        ("from=2025-01-01&to=2026-03-01", ["query.to"]),
        ("from=1999-12-31&to=2000-01-01", ["query.from"]),
        ("from=2026-03-01&to=2026-03-02&format=xls", ["query.format"]),
    ],
)
def test_a_period_that_cannot_be_is_refused(api: Api, period, at_fault):
    assert fields_at_fault(api.register().get(f"/api/statements?{period}", status=422)) == at_fault
