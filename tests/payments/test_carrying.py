"""Carrying commands out: whatever gets lost between us and the gateway, money moves once and the books know it."""

import asyncio

import msgspec
import pytest

from freehold.documents import Journal, OutboxRow
from freehold.domain.errors import Refused
from freehold.domain.escrow import Facts
from freehold.domain.money import Money
from freehold.domain.settlement import Report
from freehold.payments import GatewayNotAvailable, GatewayUnavailable, carry_out
from freehold.store import Stale, now
from freehold.store.commands import CommandBusy, claim, due_commands, settle
from tests.ledgers import fresh_ledger
from tests.listening import Transactions, listening
from tests.payments.desk import A, Desk, Unlucky


@pytest.fixture
def desk(ledger) -> Desk:
    return Desk(ledger.store, ledger.run)


def test_a_command_is_carried_out_once_and_then_closed(desk):
    milestone_id = desk.releasing()
    key = f"transfer:{milestone_id}:1"
    assert (desk.carry(key), desk.carry(key), desk.carry(key)) == ("settled", "closed", "closed")
    assert (desk.milestone(milestone_id).state, desk.moved(milestone_id, "transfer")) == ("released", [9_004])
    assert desk.gateway.calls.count("transfer") == 1
    assert (desk.command(key).tries, desk.command(key).report.money) == (1, Money(9_004, "USD"))


@pytest.mark.parametrize("fault", ["before", "after"])
@pytest.mark.parametrize("kind", ["fund", "transfer"])
def test_a_lost_request_or_reply_is_looked_up_and_never_sent_twice(desk, kind, fault):
    milestone_id = desk.funding() if kind == "fund" else desk.releasing()
    key = f"fund:{milestone_id}" if kind == "fund" else f"transfer:{milestone_id}:1"
    desk.gateway.calls.clear()
    desk.gateway.fail = fault
    with pytest.raises(GatewayUnavailable):
        desk.carry(key)
    waiting = desk.command(key)
    assert (waiting.state, waiting.tries, waiting.error is not None, waiting.due_at is not None) == ("waiting", 1, True, True)
    with pytest.raises(CommandBusy):
        desk.carry(key)
    desk.let_time_pass(key)
    assert desk.carry(key) == "settled"
    look_up = "capture_state" if kind == "fund" else "look_up"
    assert desk.gateway.calls == [kind, look_up, kind] if fault == "before" else desk.gateway.calls == [kind, look_up]
    money = [A] if kind == "fund" else [9_004]
    assert desk.moved(milestone_id, "payment" if kind == "fund" else "transfer") == money
    assert desk.milestone(milestone_id).state == ("funded" if kind == "fund" else "released")


def test_a_gateway_that_is_gone_leaves_the_command_to_pause_with_its_reason(desk):
    key = f"fund:{desk.funding()}"

    def gone(_):
        raise GatewayNotAvailable("it was taken away")

    with pytest.raises(GatewayNotAvailable):
        desk.run(carry_out(key, gateways=gone, transact=desk.transact, finish=desk.transact))
    paused = desk.command(key)
    assert (paused.state, paused.error) == ("waiting", "GatewayNotAvailable: it was taken away")
    desk.let_time_pass(key)
    assert desk.carry(key) == "settled"


def test_a_gateway_that_does_not_answer_in_time_is_looked_up_later(desk, monkeypatch):
    milestone_id = desk.releasing()
    key = f"transfer:{milestone_id}:1"
    monkeypatch.setattr("freehold.payments.carrying.CALL_TIMEOUT_S", 0.05)
    desk.gateway.fail = "silence"
    with pytest.raises(GatewayUnavailable):
        desk.carry(key)
    assert desk.command(key).state == "waiting"
    monkeypatch.undo()
    desk.let_time_pass(key)
    assert desk.carry(key) == "settled"
    assert desk.moved(milestone_id, "transfer") == [9_004]


def test_a_crash_after_the_call_leaves_the_claim_until_it_ends_and_then_heals(desk):
    milestone_id = desk.releasing()
    key = f"transfer:{milestone_id}:1"
    desk.gateway.fail = "crash"
    with pytest.raises(KeyboardInterrupt):
        desk.carry(key)
    assert (desk.command(key).state, desk.milestone(milestone_id).state) == ("claimed", "releasing")
    with pytest.raises(CommandBusy):
        desk.carry(key)
    assert key not in desk.run(due_commands(desk.store, limit=1_000))
    desk.let_time_pass(key)
    assert key in desk.run(due_commands(desk.store, limit=1_000))
    assert desk.carry(key) == "settled"
    assert desk.moved(milestone_id, "transfer") == [9_004]
    assert desk.milestone(milestone_id).state == "released"


def test_who_has_lost_the_claim_records_nothing(desk):
    milestone_id = desk.releasing()
    key = f"transfer:{milestone_id}:1"
    stopped = desk.run(desk.transact(lambda unit: claim(unit, key)))
    desk.let_time_pass(key)
    newer = desk.run(desk.transact(lambda unit: claim(unit, key)))
    assert newer.fence == stopped.fence + 1
    report = Report(outcome="done", reference="gw_1", money=Money(9_004, "USD"))
    with pytest.raises(Stale):
        desk.run(desk.transact(lambda unit: settle(unit, stopped, report, now=now())))
    disguised = msgspec.structs.replace(stopped, version=newer.version)
    with pytest.raises(Stale):
        desk.run(desk.transact(lambda unit: settle(unit, disguised, report, now=now())))
    assert desk.milestone(milestone_id).state == "releasing"
    desk.run(desk.transact(lambda unit: settle(unit, newer, report, now=now())))
    assert desk.milestone(milestone_id).state == "released"


def test_of_many_who_take_a_command_at_once_one_holds_it(desk):
    milestone_id = desk.releasing()
    key = f"transfer:{milestone_id}:1"

    async def all_at_once():
        asked = [
            carry_out(key, gateways=lambda _: desk.gateway, transact=desk.transact, finish=desk.transact) for _ in range(10)
        ]
        return await asyncio.gather(*asked, return_exceptions=True)

    outcomes = desk.run(all_at_once())
    assert outcomes.count("settled") == 1
    assert all(outcome in ("settled", "closed") or isinstance(outcome, CommandBusy) for outcome in outcomes)
    assert desk.gateway.calls.count("transfer") == 1
    assert desk.moved(milestone_id, "transfer") == [9_004]


def test_a_command_whose_event_is_lost_is_found_by_the_sweep_once_it_is_old(desk):
    key = f"fund:{desk.funding()}"
    assert key not in desk.run(due_commands(desk.store, limit=1_000))
    old = {"$dateSubtract": {"startDate": "$$NOW", "unit": "minute", "amount": 5}}
    desk.run(desk.store.database["commands"].update_one({"_id": key}, [{"$set": {"created_at": old}}]))
    assert key in desk.run(due_commands(desk.store, limit=1_000))


def test_pauses_grow_while_the_outcome_is_not_known(desk):
    key = f"fund:{desk.funding(method='never_paid')}"
    pauses = []
    for _ in range(4):
        before = desk.run(desk.store.database_now())
        assert desk.carry(key) == "pending"
        pauses.append((desk.command(key).due_at - before).total_seconds())
        desk.let_time_pass(key)
    assert [round(pause) for pause in pauses] == [2, 4, 8, 16]


def test_a_cancellation_waits_while_the_payment_is_being_asked_for(desk):
    milestone_id = desk.funding()
    desk.run(desk.transact(lambda unit: claim(unit, f"fund:{milestone_id}")))
    desk.step(milestone_id, "cancel", "client", Facts())
    with pytest.raises(CommandBusy):
        desk.carry(f"cancel:{milestone_id}")
    assert (desk.command(f"cancel:{milestone_id}").tries, desk.gateway.calls) == (0, [])
    desk.let_time_pass(f"fund:{milestone_id}")
    assert desk.carry(f"fund:{milestone_id}") == "withdrawn"
    assert desk.carry(f"cancel:{milestone_id}") == "settled"
    assert desk.milestone(milestone_id).state == "cancelled"


def test_a_payment_that_was_asked_for_and_is_not_wanted_any_more_is_cancelled(desk):
    milestone_id = desk.funding(method="never_paid")
    desk.gateway.fail = "after"
    with pytest.raises(GatewayUnavailable):
        desk.carry(f"fund:{milestone_id}")
    desk.step(milestone_id, "cancel", "client", Facts())
    desk.let_time_pass(f"fund:{milestone_id}")
    assert desk.carry(f"fund:{milestone_id}") == "settled"
    assert desk.command(f"fund:{milestone_id}").report.outcome == "cancelled"
    assert desk.carry(f"cancel:{milestone_id}") == "settled"
    assert desk.milestone(milestone_id).state == "cancelled"


def test_money_that_the_milestone_cannot_take_in_sticks_and_is_not_tried_again(desk):
    milestone_id = desk.releasing()
    key = f"transfer:{milestone_id}:1"
    change = {"$set": {"money.amount": 9_000}}
    desk.run(desk.store.database["commands"].update_one({"_id": key}, change))
    with pytest.raises(Refused):
        desk.carry(key)
    stuck = desk.command(key)
    assert (stuck.state, stuck.error.partition(":")[0], stuck.report.outcome) == ("stuck", "payment_not_expected", "done")
    assert desk.carry(key) == "closed"
    assert desk.milestone(milestone_id).state == "releasing"


def test_no_gateway_is_called_while_a_transaction_is_open(mongodb_uri):
    transactions, open_at_calls = Transactions(), []

    class Watched(Unlucky):
        def __getattr__(self, name):
            open_at_calls.append(len(transactions.open))
            return super().__getattr__(name)

    with listening(transactions), fresh_ledger(mongodb_uri) as ledger:
        desk = Desk(ledger.store, ledger.run)
        desk.gateway = Watched(ledger.store)
        desk.carry(f"transfer:{desk.releasing()}:1")
    assert (open_at_calls, len(transactions.over) >= 6) == ([0, 0], True)


def test_every_step_of_a_milestone_emits_its_event_and_writes_each_journal_once(desk):
    milestone_id = desk.releasing()
    desk.carry(f"transfer:{milestone_id}:1")
    rows = desk.run(desk.store.find(OutboxRow, {"aggregate": milestone_id}, sort=(("aggregate_version", 1), ("n", 1))))
    assert [row.type for row in rows] == [
        "milestone.funding_started",
        "payment.fund_requested",
        "milestone.funded",
        "milestone.release_started",
        "payment.transfer_requested",
        "milestone.released",
    ]
    journals = desk.run(desk.store.find(Journal, {"milestone_id": milestone_id}, sort=(("milestone_version", 1), ("n", 1))))
    assert [journal.key.partition(":")[0] for journal in journals] == ["deposit", "release", "transfer"]
    assert all(sum(line.amount for line in journal.lines) == 0 for journal in journals)
