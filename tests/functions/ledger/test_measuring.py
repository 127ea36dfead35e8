"""What operators watch about money is what is in the database, whoever is asked."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api import Api
from tests.escrow import Work, overdue
from tests.ledgers import fresh_database
from tests.logs_of_money import append_all

Found = dict[tuple[str, str], float]


@pytest.fixture(scope="module")
def books(mongodb_uri: str, keys: Path) -> Iterator[Work]:
    """Give a ledger of its own: 150.03 USD held, of which 50.00 are late to be released."""
    with fresh_database(mongodb_uri) as name, Api.opened(mongodb_uri, name, keys) as api:
        work = Work.begun(api)
        work.created(7_000)
        work.funded(10_003)
        late = work.submitted(5_000)
        overdue(api, late["id"], "auto_release_at", by_s=3_600)
        yield work


def measured(api: Api, sweep: str) -> Found:
    answer = api.tick(sweep)
    assert (answer.status_code, answer.json()["done"], answer.json()["more"]) == (200, 0, False)
    return {(each["name"], ",".join(each["labels"].values())): each["value"] for each in answer.json()["readings"]}


def test_what_is_held_is_late_or_asked_of_gateways_is_measured(books: Work):
    found = measured(books.api, "ledger-measure-money")
    assert found["freehold_held_money_minor", "escrow,USD"] == 15_003
    assert found["freehold_held_money_minor", "disputed,USD"] == 0
    assert found["freehold_late_milestones", "auto_release_at"] == 1
    assert 3_600 <= found["freehold_late_milestones_oldest_seconds", "auto_release_at"] < 7_200
    assert found["freehold_late_milestones", "funding_expires_at"] == 0
    assert found["freehold_late_milestones_oldest_seconds", "funding_expires_at"] == 0
    assert [found["freehold_commands", state] for state in ("waiting", "claimed", "stuck")] == [0, 0, 0]
    assert found["freehold_commands_oldest_open_seconds", ""] == 0


def test_a_command_that_waits_or_is_stuck_is_measured_with_its_age(books: Work):
    commands = books.api.store.database["commands"]
    ago = {"$dateSubtract": {"startDate": "$$NOW", "unit": "minute", "amount": 20}}
    for state in ("waiting", "stuck"):
        key = books.api.run(commands.find_one({"state": "settled"}))["_id"]
        books.api.run(commands.update_one({"_id": key}, [{"$set": {"state": state, "created_at": ago}}]))
    try:
        found = measured(books.api, "ledger-measure-money")
    finally:
        books.api.run(commands.update_many({}, {"$set": {"state": "settled"}}))
    assert [found["freehold_commands", state] for state in ("waiting", "claimed", "stuck")] == [1, 0, 1]
    assert 1_200 <= found["freehold_commands_oldest_open_seconds", ""] < 2_400


def test_receipts_that_wait_for_the_log_are_measured_with_the_age_of_the_oldest(books: Work):
    append_all(books.api)
    found = measured(books.api, "ledger-measure-money")
    assert (found["freehold_receipts_pending", ""], found["freehold_receipts_oldest_pending_seconds", ""]) == (0, 0)
    pending = books.api.store.database["pending_leaves"]
    ago = {"$dateSubtract": {"startDate": "$$NOW", "unit": "minute", "amount": 20}}
    books.funded(10_000)
    books.api.run(pending.update_many({}, [{"$set": {"created_at": ago}}]))
    books.funded(10_000)
    found = measured(books.api, "ledger-measure-money")
    assert found["freehold_receipts_pending", ""] == 2
    assert 1_200 <= found["freehold_receipts_oldest_pending_seconds", ""] < 2_400


def test_an_audit_tells_what_it_found_and_when(books: Work):
    found = measured(books.api, "ledger-audit-books")
    assert found["freehold_ledger_violations", ""] == 0
    assert found["freehold_ledger_imbalance_minor", "USD"] == 0
    assert found["freehold_ledger_journals", ""] >= 2
    journals = books.api.store.database["journals"]
    whole = books.api.run(journals.find_one({}))
    try:
        books.api.run(journals.update_one({"_id": whole["_id"]}, {"$inc": {"lines.0.amount": 100}}))
        spoilt = measured(books.api, "ledger-audit-books")
    finally:
        books.api.run(journals.replace_one({"_id": whole["_id"]}, whole))
    assert spoilt["freehold_ledger_violations", ""] >= 2
    assert spoilt["freehold_ledger_imbalance_minor", "USD"] == 100
    name = ("freehold_ledger_audited_timestamp_seconds", "")
    assert spoilt[name] > found[name] > 1_700_000_000
