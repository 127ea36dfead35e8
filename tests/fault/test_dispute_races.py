"""Disputes under races: against the clock's release, and between those who would end one in different ways at once."""

import asyncio
import contextlib
import os
import random
from collections import Counter
from collections.abc import Awaitable

import msgspec

from freehold.documents import Dispute, Journal, Milestone
from freehold.domain.dispute_case import Facts
from freehold.domain.dispute_process import Actor, Transition
from freehold.domain.errors import Refused
from freehold.domain.money import Money
from freehold.payments.sandbox import SandboxGateway
from freehold.store import StoreError, now
from freehold.store.audit import audit_ledger
from freehold.store.dispute_clock import take_due_step as take_due_step_of_dispute
from freehold.store.disputes import Claim, file_dispute, take_step
from freehold.store.mapping import to_bson
from freehold.store.milestones import take_due_step
from tests.domain.disputes import after, filed
from tests.fault.test_money_races import at_most, submitted
from tests.ledgers import Ledger
from tests.payments.desk import A, Desk

FULL = os.environ.get("FREEHOLD_FAULTS") == "full"
RACES = 1_000 if FULL else 100
ENDINGS = 300 if FULL else 40
AT_ONCE = 8


class Quarrels:
    """Milestones whose inspection period is over, and the ways to dispute them without the API."""

    def __init__(self, ledger: Ledger, count: int) -> None:
        self.ledger = ledger
        self.desk = Desk(ledger.store, ledger.run)
        self.desk.gateway = SandboxGateway(ledger.store)
        self.ids = ledger.run(self._stored(count))

    async def _stored(self, count: int) -> list[str]:
        made = [submitted(number) for number in range(count)]
        rows = [(msgspec.structs.replace(milestone, inspection_s=3_600), *rest) for milestone, *rest in made]
        for documents in zip(*rows, strict=True):
            kind = type(documents[0])
            await self.ledger.store.collection(kind).insert_many([to_bson(document) for document in documents])
        return [row[0].id for row in rows]

    async def file(self, milestone_id: str) -> Dispute:
        """Dispute all that is held, as the client."""

        async def work(unit):
            milestone = await unit.require(Milestone, milestone_id)
            whole = Money(A, "USD")
            claim = Claim(
                filer="client", filed_by_id=milestone.client_id, amount=whole, claim=whole, reason="quality", statement="Bad."
            )
            return await file_dispute(unit, milestone, claim, now=now())

        return await self.desk.transact(work)

    async def release(self, milestone_id: str) -> bool:
        """Release what is due, as the clock."""
        return await self.desk.transact(lambda unit: take_due_step(unit, milestone_id, "auto_release_at", now=now()))

    async def in_ruling(self, milestone_id: str) -> str:
        """Bring a dispute to where it is to be ruled while an offer of each side stands."""
        dispute = await self.file(milestone_id)
        case = after(
            filed(disputed=A, claim=A),
            ("contest", "respondent"),
            ("offer", "filer", {"to_freelancer": 1_000}),
            ("offer", "respondent", {"to_freelancer": 9_000}),
            ("escalate", "filer"),
            ("propose", "mediator", {"to_freelancer": 5_000, "text": "Half."}),
            ("refuse_proposal", "filer"),
        )
        later = msgspec.structs.replace(dispute, case=case)
        await self.desk.transact(lambda unit: unit.update(dispute, later))
        return dispute.id

    async def take(self, dispute_id: str, transition: Transition, by: Actor, **facts: object) -> None:
        """Take a step of a dispute."""

        async def work(unit):
            dispute = await unit.require(Dispute, dispute_id)
            await take_step(unit, dispute, transition, by=by, facts=Facts(now=now(), **facts))

        await self.desk.transact(work)


async def first_of(contenders: dict[str, Awaitable[object]]) -> list[str]:
    """Let all of them go at once; name those that were not refused."""
    won: list[str] = []

    async def go(name: str, attempt: Awaitable[object]) -> None:
        with contextlib.suppress(Refused, StoreError):
            await attempt
            won.append(name)

    entries = list(contenders.items())
    random.shuffle(entries)
    await asyncio.gather(*(go(name, attempt) for name, attempt in entries))
    return won


def test_of_a_dispute_and_the_clocks_release_exactly_one_wins_each_time(ledger: Ledger):
    quarrels = Quarrels(ledger, RACES)
    won: dict[str, list[str]] = {}

    async def race(each: str) -> None:
        won[each] = await first_of({"dispute": quarrels.file(each), "clock": quarrels.release(each)})

    ledger.run(at_most(AT_ONCE, [race(each) for each in quarrels.ids]))
    assert {len(winners) for winners in won.values()} == {1}
    outcomes = Counter(winners[0] for winners in won.values())
    assert set(outcomes) == {"dispute", "clock"}, outcomes
    for each in quarrels.ids:
        milestone = ledger.run(ledger.store.require(Milestone, each))
        disputes = ledger.run(ledger.store.find(Dispute, {"milestone_id": each}))
        keys = {row.key.partition(":")[0] for row in ledger.run(ledger.store.find(Journal, {"milestone_id": each}))}
        if won[each] == ["dispute"]:
            assert (milestone.state, milestone.holding.balances.disputed, len(disputes)) == ("disputed", A, 1)
            assert keys == {"deposit", "dispute"}
        else:
            assert (milestone.state, milestone.holding.balances.disputed, disputes) == ("releasing", 0, [])
            assert keys == {"deposit", "release"}
    assert ledger.run(audit_ledger(ledger.store)).violations == ()


def test_of_a_ruling_and_two_settlements_at_once_exactly_one_counts_and_is_executed(ledger: Ledger):
    quarrels = Quarrels(ledger, ENDINGS)
    awarded = {"ruling": 3_000, "filer accepts": 9_000, "respondent accepts": 1_000}
    winners: Counter[str] = Counter()

    async def race(milestone_id: str) -> None:
        each = await quarrels.in_ruling(milestone_id)
        won = await first_of(
            {
                "ruling": quarrels.take(each, "rule", "mediator", to_freelancer=3_000, text="Because."),
                "filer accepts": quarrels.take(each, "accept_offer", "filer", offer=2),
                "respondent accepts": quarrels.take(each, "accept_offer", "respondent", offer=1),
                "withdrawal": quarrels.take(each, "withdraw", "filer"),
            }
        )
        assert len(won) == 1, won
        winners[won[0]] += 1
        dispute = await ledger.store.require(Dispute, each)
        if won == ["withdrawal"]:
            assert (dispute.case.state, dispute.case.outcome) == ("withdrawn", None)
            return
        assert dispute.case.outcome.awarded == awarded[won[0]]
        await quarrels.desk.transact(lambda unit: take_due_step_of_dispute(unit, each, now=now()))

    ledger.run(at_most(AT_ONCE, [race(each) for each in quarrels.ids]))
    assert len(winners) >= 3, winners
    report = ledger.run(audit_ledger(ledger.store))
    assert report.violations == ()
    balances = {total.account: total.balance for total in report.totals}
    assert balances.get("disputed", 0) == 0
    assert -balances.get("escrow", 0) == winners["withdrawal"] * A
