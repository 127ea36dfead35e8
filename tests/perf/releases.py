"""Releases of held money: one by one beside a transaction written by hand, and by the sweep over thousands that are due.

The peer is what an engineer would write with PyMongo alone: the same reads, the same writes, one transaction, no checks.
"""

import asyncio
import itertools
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

import psutil
from pymongo import AsyncMongoClient
from pymongo.read_concern import ReadConcern
from pymongo.uri_parser import parse_uri
from pymongo.write_concern import WriteConcern

from freehold.documents import Journal, Milestone, PayeeProfile
from freehold.domain.escrow import Facts, take
from freehold.domain.fees import CURRENT_FEE_SCHEDULE
from freehold.domain.holding import Held, Holding
from freehold.domain.money import Money
from freehold.ids import new_id
from freehold.store import Store, Unit, now
from freehold.store.due import take_due_steps
from freehold.store.mapping import to_bson
from freehold.store.milestones import take_step
from tests.perf.world import World

TITLE: Final = "Releases of held money"
AT_ONCE: Final = 8
AMOUNT: Final = 10_005
LONG_AGO: Final = datetime(2026, 1, 1, tzinfo=UTC)


def measure(world: World, *, quick: bool) -> str:
    """Measure both; the text of this part of the page."""
    world.prepare("bench_releases", jobs=0)
    count, rounds = (AT_ONCE, 1) if quick else (400, 5)
    sizes = (AT_ONCE,) if quick else (10_000, 100_000)
    return asyncio.run(_measured(world, count, rounds, sizes))


async def _measured(world: World, count: int, rounds: int, sizes: tuple[int, ...]) -> str:
    store = Store(world.uri, "bench_releases", connections=AT_ONCE)
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(world.uri, maxPoolSize=AT_ONCE, tz_aware=True)
    try:
        ratios = [await _ratio(store, client, count) for _ in range(rounds)]
        swept = [await _swept(store, world.uri, size) for size in sizes]
    finally:
        await client.close()
        await store.close()
    beside = (
        f"Releases one by one: {statistics.median(ratios):.2f} times the rate of a transaction that is written by hand with "
        f"PyMongo (rounds from {min(ratios):.2f} to {max(ratios):.2f}), {count} releases by {AT_ONCE} at once.\n"
    )
    lines = [
        f"The sweep over {size} due milestones: {size / wall_s:.0f} releases a second, {size / own_s:.0f} a second of the "
        f"function's processor time, {size / all_s:.0f} with MongoDB's counted too.\n"
        for size, (wall_s, own_s, all_s) in zip(sizes, swept, strict=True)
    ]
    return "\n".join([beside, *lines])


async def _ratio(store: Store, client: AsyncMongoClient[dict[str, Any]], count: int) -> float:
    """Release as many milestones both ways, one way after the other; our rate to the peer's."""
    ids = [await _submitted(store, count) for _ in range(2)]
    ours = await _wall_s(lambda each: _release(store, each), ids[0])
    theirs = await _wall_s(lambda each: _by_hand(client, store, each), ids[1])
    return theirs / ours


async def _wall_s(work: Callable[[str], Awaitable[Any]], ids: list[str]) -> float:
    began, waiting = time.perf_counter(), iter(ids)

    async def lane() -> None:
        for each in waiting:
            await work(each)

    await asyncio.gather(*(lane() for _ in range(AT_ONCE)))
    return time.perf_counter() - began


async def _release(store: Store, milestone_id: str) -> None:
    async def work(unit: Unit) -> None:
        milestone = await unit.require(Milestone, milestone_id)
        await take_step(unit, milestone, "release", by="client", facts=Facts(), now=now())

    await store.transact(work, deadline_s=30)


async def _by_hand(client: AsyncMongoClient[dict[str, Any]], store: Store, milestone_id: str) -> None:
    """Do the same writes without the engine: what they are was worked out before by a release that was rolled back."""
    database = client[store.database.name]
    async with (
        client.start_session() as session,
        await session.start_transaction(read_concern=ReadConcern("snapshot"), write_concern=WriteConcern("majority", j=True)),
    ):
        milestone = await database[Milestone.collection].find_one({"_id": milestone_id}, session=session)
        assert milestone is not None
        await database[PayeeProfile.collection].find_one({"_id": milestone["freelancer_id"]}, session=session)
        change, rows = _writes(milestone)
        result = await database[Milestone.collection].update_one(
            {"_id": milestone_id, "version": milestone["version"], "state": "submitted"}, {"$set": change}, session=session
        )
        assert result.modified_count == 1
        for collection, documents in rows.items():
            await database[collection].insert_many(documents, session=session)


def _writes(milestone: dict[str, Any]) -> tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]:
    """Write down what a whole release changes and inserts."""
    name, fee = milestone["_id"], (AMOUNT + 5) // 10
    leg = {"number": 1, "kind": "release", "gross": AMOUNT, "fee": fee, "origin": "submitted", "state": "pending", "attempt": 1}
    change = {
        "state": "releasing", "version": milestone["version"] + 1, "updated_at": now(), "holding.balances.escrow": 0,
        "holding.balances.payable": AMOUNT - fee, "holding.legs": [leg],
    }  # fmt: skip
    lines = [
        {"account": f"escrow:{name}", "amount": AMOUNT, "currency": "USD"},
        {"account": f"payable:{name}", "amount": fee - AMOUNT, "currency": "USD"},
        {"account": "fees", "amount": -fee, "currency": "USD"},
    ]
    journal = {
        "_id": new_id("jrn"), "version": 1, "key": f"release:{name}:1", "milestone_id": name, "leg": 1, "lines": lines, "n": 0,
        "milestone_version": change["version"], "created_at": now(),
    }  # fmt: skip
    body = {"milestone_id": name, "state": "releasing", "title": milestone["title"], "leg": 1}
    events = [
        {"_id": new_id("evt"), "version": 1, "type": kind, "aggregate": name, "aggregate_version": change["version"], "n": n,
         "body": body, "sent": False, "created_at": now()}
        for n, kind in enumerate(("milestone.release_started", "payment.transfer_requested"))
    ]  # fmt: skip
    command = {
        "_id": f"transfer:{name}:1", "version": 1, "kind": "transfer", "milestone_id": name, "gateway": "sandbox",
        "money": {"amount": AMOUNT - fee, "currency": "USD"}, "payment_id": "pay", "leg": 1, "attempt": 1, "payer_id": "usr",
        "payee_id": milestone["freelancer_id"], "method": "", "state": "waiting", "tries": 0, "fence": 0, "created_at": now(),
    }  # fmt: skip
    leaf = {"_id": f"{name}:{change['version']}:0", "version": 1, "journal_id": journal["_id"], "leaf": repr(journal)}
    return change, {"journals": [journal], "pending_leaves": [leaf], "outbox": events, "commands": [command]}


async def _swept(store: Store, uri: str, size: int) -> tuple[float, float, float]:
    """Let the sweep release so many; wall time, processor time of this process, and with MongoDB's."""
    await _submitted(store, size, due=True)
    own, server = psutil.Process(), _mongod(uri)
    began, own_before, server_before = time.perf_counter(), _cpu_s(own), _cpu_s(server)
    done = 0
    while done < size:
        taken, _ = await take_due_steps(
            store, "auto_release_at", transact=lambda work: store.transact(work, deadline_s=30), now=now()
        )
        assert taken, f"the sweep stopped at {done}"
        done += taken
    wall_s, own_s = time.perf_counter() - began, _cpu_s(own) - own_before
    assert await store.collection(Journal).count_documents({"key": {"$regex": "^release:"}}) >= size
    return wall_s, own_s, own_s + _cpu_s(server) - server_before


def _mongod(uri: str) -> psutil.Process:
    """Find the server behind this address, on this machine."""
    ports = [str(port) for _, port in parse_uri(uri)["nodelist"]]
    servers = (each for each in psutil.process_iter(["name", "cmdline"]) if each.info["name"] == "mongod")
    return next(each for each in servers if set(ports) & set(each.info["cmdline"]))


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


async def _submitted(store: Store, count: int, *, due: bool = False) -> list[str]:
    """Store milestones whose work is submitted, as the engine would have them."""
    ids: list[str] = []
    for batch in _batches(_milestones(count, due=due)):
        await store.collection(Milestone).insert_many([to_bson(each) for each in batch])
        ids += [each.id for each in batch]
    return ids


def _batches(milestones: Iterator[Milestone]) -> Iterator[list[Milestone]]:
    while batch := list(itertools.islice(milestones, 1_000)):
        yield batch


def _milestones(count: int, *, due: bool) -> Iterator[Milestone]:
    for _ in range(count):
        nothing = Holding(amount=Money(AMOUNT, "USD"))
        held = Held(milestone_id=new_id("mst"), payee_id=new_id("usr"), state="created", holding=nothing)
        asked = Facts(payment_id=new_id("pay"), gateway="sandbox", fee_schedule=CURRENT_FEE_SCHEDULE)
        held = take(held, "fund", by="client", facts=asked).after
        paid = Facts(payment_id=asked.payment_id, paid=Money(AMOUNT, "USD"))
        held = take(take(held, "deposit_paid", by="gateway", facts=paid).after, "submit", by="freelancer", facts=Facts()).after
        yield Milestone(
            id=held.milestone_id,
            version=4,
            project_id=new_id("prj"),
            job_id=new_id("job"),
            client_id=new_id("usr"),
            freelancer_id=held.payee_id,
            title="Work",
            state=held.state,
            holding=held.holding,
            auto_release_at=LONG_AGO if due else None,
            created_at=LONG_AGO,
            updated_at=LONG_AGO,
        )
