"""The lease: one holder at a time, by the database's clock alone, and a fence that only rises."""

import threading
import time

import pytest

from connector import lease as lease_module
from connector.database import Rows
from connector.lease import Leadership, LeaseLost
from tests.connector.world import World, eventually


@pytest.fixture
def world(emptied: World) -> World:
    return emptied


@pytest.fixture
def leases(world: World) -> Rows:
    return world.database.leases


def leadership(leases: Rows, holder: str, lease_s: float = 0.3) -> Leadership:
    return Leadership(leases, role="tests", holder=holder, lease_s=lease_s)


def run_out(leases: Rows) -> None:
    """Let the lease end now."""
    leases.update_one({"_id": "tests"}, [{"$set": {"expires_at": "$$NOW"}}])


def test_the_first_takes_it_and_the_second_does_not(leases: Rows) -> None:
    assert leadership(leases, "a", 60).keep().fence == 1
    assert leadership(leases, "b", 60).keep() is None


def test_of_many_at_once_one_takes_it(leases: Rows) -> None:
    taken = []
    start = threading.Barrier(12)

    def race(name: str) -> None:
        mine = leadership(leases, name, 60)
        start.wait()
        if mine.keep() is not None:
            taken.append(name)

    racers = [threading.Thread(target=race, args=(f"racer {number}",)) for number in range(12)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert len(taken) == 1
    assert leases.find_one({"_id": "tests"})["holder"] == taken[0]


def test_each_new_holder_gets_a_higher_fence(leases: Rows) -> None:
    for fence in (1, 2, 3):
        assert leadership(leases, f"holder {fence}", 60).keep().fence == fence
        run_out(leases)


def test_a_holder_that_keeps_it_keeps_its_fence(leases: Rows) -> None:
    mine = leadership(leases, "a", 0.3)
    first = mine.keep()
    before = leases.find_one({"_id": "tests"})["expires_at"]
    eventually(lambda: mine.keep() and leases.find_one({"_id": "tests"})["expires_at"] > before)
    assert mine.held.fence == first.fence == 1


def test_one_that_slept_past_its_end_is_told_when_it_comes_back(leases: Rows) -> None:
    sleeper, successor = leadership(leases, "sleeper", 0.1), leadership(leases, "successor", 3)
    assert sleeper.keep().fence == 1
    assert eventually(successor.keep).fence == 2
    assert eventually(lambda: sleeper.keep() is None)
    assert leases.find_one({"_id": "tests"})["holder"] == "successor"


def test_a_lease_that_ran_out_and_that_nobody_took_is_renewed(leases: Rows) -> None:
    mine = leadership(leases, "a", 0.1)
    mine.keep()
    run_out(leases)
    eventually(lambda: leases.count_documents({"_id": "tests", "$expr": {"$gt": ["$expires_at", "$$NOW"]}}) or not mine.keep())
    assert mine.held.fence == 1


def test_one_that_cannot_renew_leads_no_longer_than_its_lease(leases: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = leadership(leases, "a", 60)
    assert not mine.leads
    mine.keep()
    assert mine.leads
    later_s = time.monotonic() + 61
    monkeypatch.setattr("connector.lease.time.monotonic", lambda: later_s)
    assert not mine.leads, "nobody could be asked, and it has run out"
    mine.keep()
    assert mine.leads, "renewed"


def test_our_own_clock_does_not_matter(leases: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    leadership(leases, "a", 60).keep()
    for skew_s in (6 * 3600.0, -6 * 3600.0):
        monkeypatch.setattr(lease_module.time, "time", lambda skew_s=skew_s: skew_s)
        assert leadership(leases, "b", 60).keep() is None


def test_giving_up_lets_the_next_one_in_at_once(leases: Rows) -> None:
    mine = leadership(leases, "a", 60)
    mine.keep()
    mine.give_up()
    assert leadership(leases, "b", 60).keep().fence == 2


def test_giving_up_what_somebody_else_holds_by_now_changes_nothing(leases: Rows) -> None:
    mine, other = leadership(leases, "a", 60), leadership(leases, "b", 60)
    mine.keep()
    run_out(leases)
    other.keep()
    before = leases.find_one({"_id": "tests"})
    mine.give_up()
    assert leases.find_one({"_id": "tests"}) == before


def test_a_transaction_of_a_former_holder_does_not_commit(leases: Rows) -> None:
    mine = leadership(leases, "a", 60)
    held = mine.keep()
    run_out(leases)
    leadership(leases, "b", 60).keep()
    with leases.database.client.start_session() as session:
        session.start_transaction()
        leases.database.outbox.insert_one({"_id": "evt_1", "aggregate": "x"}, session=session)
        with pytest.raises(LeaseLost):
            mine.confirm(held, session)
    assert leases.database.outbox.count_documents({}) == 0
    assert mine.held is None
