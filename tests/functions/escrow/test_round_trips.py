"""How often a money command goes to the database inside its transaction: at most eight times, commit and record included.

What is inserted goes out at once and costs one trip, however many collections it is for; so the commands are counted too.
"""

import pytest

from tests.api import PASSWORD, Api
from tests.escrow import Work, overdue, settle_payment, usd
from tests.listening import Transactions, listening
from tests.payees import open_account

MOST_TRIPS = 8
MOST_COMMANDS = 12
LARGE = 700_000


@pytest.fixture
def watched(mongodb_uri, database, keys):
    transactions = Transactions()
    with listening(transactions), Api.opened(mongodb_uri, database, keys, fx_rate_max_age_days="400") as api:
        yield api, transactions


def test_no_money_command_takes_more_than_eight_trips(watched):
    api, transactions = watched
    work = Work.begun(api)
    waiting, paid, late, quoted = work.created(), work.funded(), work.funding(), work.funded()
    large = work.funded(LARGE)
    submitted = work.submitted()
    api.settle()
    trips, commands = {}, {}

    def watch(name, act):
        transactions.over.clear()
        transactions.trips.clear()
        transactions.of_money.clear()
        act()
        assert transactions.open == {}
        of_money = transactions.of_money
        trips[name] = max(count for count, moves in zip(transactions.trips, of_money, strict=True) if moves)
        commands[name] = max(len(each) for each, moves in zip(transactions.over, of_money, strict=True) if moves)

    deposit = {"milestone_id": waiting["id"]}
    watch("deposit", lambda: work.client.post("/api/escrow/deposit", deposit, status=202, key="trips-1"))
    watch("deposit taken in", api.settle)
    release = {"milestone_id": paid["id"], "amount": usd(500), "version": paid["version"]}
    watch("release", lambda: work.client.post("/api/escrow/release", release, status=202, key="trips-2"))
    watch("transfer taken in", api.settle)
    submit = {"transition": "submit", "version": work.read(waiting["id"])["version"], "note": "Done."}
    work.freelancer.put(f"/api/milestones/{waiting['id']}", submit, key="trips-3")
    overdue(api, submitted["id"], "auto_release_at")
    watch("release by the clock", lambda: api.tick("escrow-release-due-milestones"))
    settle_payment(api, late["id"])
    cancel = {"transition": "cancel", "version": work.read(late["id"])["version"]}
    watch("cancel", lambda: work.client.put(f"/api/milestones/{late['id']}", cancel, key="trips-4"))
    watch("late payment taken in", api.settle)
    assert work.read(late["id"])["state"] == "refunded"
    open_account(work.freelancer)
    promised = work.client.post("/api/fx/quotes", {"source": usd(17_104), "target_currency": "EUR"}, key="trips-5")
    convert = {"milestone_id": quoted["id"], "quote_id": promised["id"]}
    watch("release with a quote", lambda: work.client.post("/api/escrow/release", convert, status=202, key="trips-6"))
    watch("converted transfer taken in", api.settle)
    promised = work.client.post("/api/fx/quotes", {"source": usd(LARGE - LARGE // 10), "target_currency": "EUR"}, key="trips-7")
    convert = {"milestone_id": large["id"], "quote_id": promised["id"], "password": PASSWORD}
    watch("large release", lambda: work.client.post("/api/escrow/release", convert, status=202, key="trips-8"))
    api.settle()
    assert work.read(quoted["id"])["legs"][0]["conversion"]["state"] == "done"
    assert max(trips.values()) <= MOST_TRIPS, trips
    assert max(commands.values()) <= MOST_COMMANDS, commands
    counted = ("deposit", "release", "release with a quote", "large release")
    assert [trips[name] for name in counted] == [5, 5, 7, 8], trips
    assert [commands[name] for name in counted] == [7, 9, 11, 12], commands
