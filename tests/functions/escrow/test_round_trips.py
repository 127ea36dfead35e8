"""How often a money command goes to the database inside its transaction: at most eight times, commit and record included.

What is inserted goes out at once and costs one trip, however many collections it is for; so the commands are counted too.
"""

import pytest

from tests.api import Api
from tests.escrow import Work, overdue, settle_payment, usd
from tests.listening import Transactions, listening

MOST_TRIPS = 8
MOST_COMMANDS = 9


@pytest.fixture
def watched(mongodb_uri, database, keys):
    transactions = Transactions()
    with listening(transactions), Api.opened(mongodb_uri, database, keys) as api:
        yield api, transactions


def test_no_money_command_takes_more_than_eight_trips(watched):
    api, transactions = watched
    work = Work.begun(api)
    waiting, paid, late = work.created(), work.funded(), work.funding()
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
    assert max(trips.values()) <= MOST_TRIPS, trips
    assert max(commands.values()) <= MOST_COMMANDS, commands
    assert (trips["deposit"], trips["release"]) == (5, 5), trips
    assert (commands["deposit"], commands["release"]) == (7, 9), commands
