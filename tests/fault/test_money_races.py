"""R4: many race for the same money, each of them twice; every milestone has exactly one outcome, and the books know it."""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from freehold.documents import Journal, Milestone, PendingLeaf, SandboxObject
from freehold.domain.errors import Refused
from freehold.domain.escrow import Facts, take
from freehold.domain.fees import CURRENT_FEE_SCHEDULE, fee_of
from freehold.domain.holding import Held, Holding
from freehold.domain.money import Money
from freehold.domain.money_process import Person
from freehold.ids import new_id
from freehold.payments import carry_out
from freehold.payments.sandbox import SandboxGateway
from freehold.store import StoreError, now
from freehold.store.audit import audit_ledger
from freehold.store.commands import CommandBusy
from freehold.store.journals import pending_leaf
from freehold.store.mapping import to_bson
from freehold.store.milestones import take_due_step, take_step
from tests.ledgers import Ledger
from tests.payments.desk import A, Desk

MILESTONES = 500
AT_ONCE = 5
ONCE = 5
"""So many milestones are raced for at a time, by six each: thirty workers."""
PART = 3_333
IN_ORDER = (("milestone_version", 1), ("n", 1))
ONCE = frozenset({"refund", "dispute"})
TAKING = ("release", "part", "clock", "refund", "dispute")
"""Who takes the money, each in their way; there can be only one of them."""
STATES = {"release": "releasing", "part": "releasing", "clock": "releasing", "refund": "refunding", "dispute": "disputed"}
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
Attempt = Callable[[str], Awaitable[None]]


class Racers:
    """The ways in which somebody may go for a submitted milestone's money."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.won: dict[str, Counter[str]] = {}

    def contenders(self) -> dict[str, Attempt]:
        """Name those who race for each milestone; each of them tries twice, or once who refunds or disputes."""
        return {
            "release": lambda each: self._by_client(each, "release", Facts()),
            "part": lambda each: self._by_client(each, "release", Facts(part=PART)),
            "changes": lambda each: self._by_client(each, "request_changes", Facts()),
            "refund": lambda each: self._by(each, "refund", "freelancer", Facts()),
            "dispute": lambda each: self._by(each, "dispute", "client", Facts(dispute_id=f"dsp_{each}")),
            "clock": lambda each: self.desk.transact(lambda unit: take_due_step(unit, each, "auto_release_at", now=now())),
        }

    async def race(self, milestone_id: str) -> None:
        """Let all of them go for one milestone, twice each."""
        self.won[milestone_id] = Counter()
        entries = list(self.contenders().items())
        random.shuffle(entries)
        await asyncio.gather(*(self._go_twice(milestone_id, name, attempt) for name, attempt in entries))

    async def _go_twice(self, milestone_id: str, name: str, attempt: Attempt) -> None:
        for _ in range(2):
            with contextlib.suppress(Refused, StoreError):
                await attempt(milestone_id)
                self.won[milestone_id][name] += 1
            if name in ONCE:
                break

    async def _by_client(self, milestone_id: str, transition: str, facts: Facts) -> None:
        await self._by(milestone_id, transition, "client", facts)

    async def _by(self, milestone_id: str, transition: str, actor: Person, facts: Facts) -> None:
        async def work(unit):
            milestone = await unit.require(Milestone, milestone_id)
            await take_step(unit, milestone, transition, by=actor, facts=facts, now=now())

        await self.desk.transact(work)


async def at_most(limit: int, works) -> None:
    """Run all of these, so many at a time."""
    places = asyncio.Semaphore(limit)

    async def one(work):
        async with places:
            await work

    await asyncio.gather(*(one(work) for work in works))


def submitted(number: int) -> tuple[Milestone, Journal, PendingLeaf, SandboxObject]:
    """Make a funded milestone whose work is submitted and whose inspection period is over, as the engine would have it."""
    milestone_id, payment_id, people = new_id("mst"), new_id("pay"), [new_id("usr"), new_id("usr")]
    held = Held(milestone_id=milestone_id, state="created", holding=Holding(amount=Money(A, "USD")))
    asked = Facts(payment_id=payment_id, gateway="sandbox", fee_schedule=CURRENT_FEE_SCHEDULE)
    held = take(held, "fund", by="client", facts=asked).after
    paid = take(held, "deposit_paid", by="gateway", facts=Facts(payment_id=payment_id, paid=Money(A, "USD")))
    held = take(paid.after, "submit", by="freelancer", facts=Facts()).after
    milestone = Milestone(
        id=milestone_id,
        version=4,
        project_id=new_id("prj"),
        job_id=new_id("job"),
        client_id=people[0],
        freelancer_id=people[1],
        title=f"Work {number}",
        state=held.state,
        holding=held.holding,
        auto_release_at=LONG_AGO,
        created_at=LONG_AGO,
        updated_at=LONG_AGO,
    )
    (entry,) = paid.journals
    journal = Journal(
        id=new_id("jrn"),
        key=entry.key,
        milestone_id=milestone_id,
        milestone_version=3,
        n=0,
        lines=entry.lines,
        created_at=LONG_AGO,
    )
    payment = SandboxObject(
        id=f"fund:{milestone_id}",
        kind="payment",
        group=milestone_id,
        payment_id=payment_id,
        account=people[0],
        digest=b"",
        money=Money(A, "USD"),
        state="done",
        created_at=LONG_AGO,
    )
    return milestone, journal, pending_leaf(journal), payment


async def prepare(ledger: Ledger) -> list[str]:
    """Store MILESTONES of them."""
    rows = [submitted(number) for number in range(MILESTONES)]
    for documents in zip(*rows, strict=True):
        await ledger.store.collection(type(documents[0])).insert_many([to_bson(document) for document in documents])
    return [row[0].id for row in rows]


def test_whoever_races_for_held_money_exactly_one_gets_it(ledger: Ledger):
    desk = Desk(ledger.store, ledger.run)
    desk.gateway = SandboxGateway(ledger.store)
    ids = ledger.run(prepare(ledger))
    assert ledger.run(audit_ledger(ledger.store)).violations == ()
    racers = Racers(desk)
    ledger.run(at_most(AT_ONCE, [racers.race(each) for each in ids]))
    outcomes = Counter(_outcome(ledger, each, racers.won[each]) for each in ids)
    assert outcomes.total() == MILESTONES
    assert len(outcomes) >= 3, outcomes

    ledger.run(at_most(20, [_carry_quietly(desk, key) for key in _commands(ledger) * 2]))
    report = ledger.run(audit_ledger(ledger.store))
    assert (report.violations, report.at_rest, report.milestones) == ((), True, MILESTONES)
    balances = {total.account: total.balance for total in report.totals}
    assert balances["clearing:sandbox"] == ledger.run(desk.gateway.balance("USD")).amount
    released = {each: _released(ledger, each) for each in ids}
    back = A * (outcomes["refund"] + outcomes["changes+refund"])
    assert balances["escrow"] + balances.get("disputed", 0) == sum(released.values()) + back - A * MILESTONES
    assert balances["fees"] == -sum(fee_of(gross, CURRENT_FEE_SCHEDULE) for gross in released.values())


def _outcome(ledger: Ledger, milestone_id: str, won: Counter[str]) -> str:
    """Check that one milestone's race had one winner, and name how it went."""
    milestone = ledger.run(ledger.store.require(Milestone, milestone_id))
    keys = [each.key for each in ledger.run(ledger.store.find(Journal, {"milestone_id": milestone_id}, sort=IN_ORDER))]
    takers = [name for name in TAKING for _ in range(won[name])]
    assert len(takers) <= 1, won
    assert won["changes"] <= 1, won
    assert not (won["changes"] and won["clock"]), won
    assert takers or won["changes"], won
    begun = {"refund": f"reserve:{milestone_id}:1", "dispute": f"dispute:dsp_{milestone_id}"}
    assert keys[1:] == [begun.get(taker, f"release:{milestone_id}:1") for taker in takers]
    assert milestone.state == (STATES[takers[0]] if takers else "funded")
    moved = sum(leg.gross for leg in milestone.holding.legs)
    assert moved == (0 if takers in ([], ["dispute"]) else PART if takers == ["part"] else A)
    return "+".join(sorted(name for name, count in won.items() if count))


def _commands(ledger: Ledger) -> list[str]:
    rows = ledger.run(ledger.store.database["commands"].find({}, {"_id": 1}).to_list())
    return [row["_id"] for row in rows]


async def _carry_quietly(desk: Desk, key: str) -> None:
    with contextlib.suppress(CommandBusy):
        await carry_out(key, gateways=lambda _: desk.gateway, transact=desk.transact, finish=desk.transact)


def _released(ledger: Ledger, milestone_id: str) -> int:
    return ledger.run(ledger.store.require(Milestone, milestone_id)).holding.released
