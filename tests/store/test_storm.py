"""Transactions over held connections in a storm of cancelled calls, broken connections and killed operations.

Nothing that was acknowledged is lost, nothing is done twice or by half, no answer is somebody else's, no connection is leaked.
"""

import asyncio
import random
from collections import Counter
from contextlib import suppress

from pymongo.errors import PyMongoError

from freehold.documents import OutboxRow, Position
from freehold.events import UserRegistered
from freehold.ids import new_id
from freehold.store import Store, StoreError, Unit
from tests.realtime.proxy import Proxy, open_proxy

CONNECTIONS = 5
WORKERS = 12
ROUNDS = 40
LONGEST_PATIENCE_S = 0.03
"""So long, at most, one call in three waits for its answer."""


class Storm:
    """Workers, each with a counter of its own, and what they were told."""

    def __init__(self, store: Store, proxy: Proxy, aside: Store) -> None:
        self.store = store
        self.proxy = proxy
        self.aside = aside
        self.counters = [new_id("trc") for _ in range(WORKERS)]
        self.acknowledged: dict[str, list[str]] = {counter: [] for counter in self.counters}
        self.seen: Counter[str] = Counter()
        self._dice = random.Random(20)

    async def rage(self) -> None:
        """Let all work until they are through, while connections break and operations are killed."""
        for counter in self.counters:
            row = {"_id": counter, "version": 1, "aggregate_version": 1, "n": 0}
            await self.aside.collection(Position).insert_one(row)
        trouble = asyncio.create_task(self._trouble())
        await asyncio.gather(*(self._work(counter) for counter in self.counters))
        trouble.cancel()
        with suppress(asyncio.CancelledError):
            await trouble

    async def _work(self, counter: str) -> None:
        for number in range(1, ROUNDS + 1):
            mark = new_id("trc")
            patience_s = self._dice.uniform(0, LONGEST_PATIENCE_S) if number % 3 == 0 else None
            try:
                async with asyncio.timeout(patience_s):
                    await self._count(counter, mark, number)
                    self.acknowledged[counter].append(mark)
                    await self._look(mark)
            except (TimeoutError, StoreError, PyMongoError) as error:
                self.seen[type(error).__name__] += 1

    async def _count(self, counter: str, mark: str, number: int) -> None:
        async def work(unit: Unit) -> None:
            before = await unit.require(Position, counter)
            made = Position(id=mark, aggregate_version=number, n=self.counters.index(counter))

            async def check(stands: dict[str, int]) -> None:
                assert (before.id, stands) == (counter, {"n": before.n + 1})

            if number % 2:
                await check(await unit.increment(Position, counter, {"n": 1}))
            else:
                unit.increment_at_end(Position, counter, {"n": 1}, check)
            unit.insert(made)
            unit.emit(UserRegistered(user_id=mark), made)
            await unit.flush()
            assert (await unit.require(Position, mark)).aggregate_version == number

        await self.store.transact(work, deadline_s=30)

    async def _look(self, mark: str) -> None:
        assert (await self.store.require(Position, mark)).id == mark

    async def _trouble(self) -> None:
        while True:
            await asyncio.sleep(self._dice.uniform(0.02, 0.2))
            if self._dice.random() < 0.2:
                self.seen["broken"] += self.proxy.break_one(self._dice)
            else:
                await self._kill_one()

    async def _kill_one(self) -> None:
        admin = self.aside.client.admin
        ours = {"active": True, "lsid": {"$exists": True}, "command.$db": self.store.database.name}
        running = await (await admin.aggregate([{"$currentOp": {"localOps": True}}, {"$match": ours}])).to_list()
        for operation in running[:1]:
            await admin.command({"killOp": 1, "op": operation["opid"]})
            self.seen["killed"] += 1

    async def check(self) -> None:
        """Compare what is stored with what was acknowledged; then look for what the storm left behind."""
        for number, counter in enumerate(self.counters):
            stored = await self.aside.find(Position, {"n": number, "_id": {"$nin": self.counters}, "version": 1}, limit=1000)
            marks = {position.id for position in stored}
            assert set(self.acknowledged[counter]) <= marks
            assert (await self.aside.require(Position, counter)).n == len(marks)
            events = await self.aside.find(OutboxRow, {"aggregate": {"$in": list(marks)}}, limit=1000)
            assert sorted(event.aggregate for event in events) == sorted(marks)
        pool = next(iter(self.store.client._topology._servers.values())).pool
        assert (self.store.client._held, pool.requests, pool.active_sockets) == ({}, 0, 0)


def test_a_storm_loses_nothing_doubles_nothing_and_mixes_up_no_answers(mongodb_uri: str, database: str) -> None:
    async def scenario() -> None:
        async with open_proxy(mongodb_uri) as (proxy, uri):
            store, aside = Store(uri, database, connections=CONNECTIONS), Store(mongodb_uri, database, connections=2)
            await aside.collection(Position).delete_many({})
            storm = Storm(store, proxy, aside)
            await storm.rage()
            await storm.check()
            assert min(storm.seen["TimeoutError"], storm.seen["broken"]) > 0, storm.seen
            assert sum(map(len, storm.acknowledged.values())) > WORKERS * ROUNDS / 3
            await store.close()
            await aside.close()

    asyncio.run(scenario())
