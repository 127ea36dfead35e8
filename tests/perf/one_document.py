"""What a transaction costs beside one document that holds its event inside (docs/adr/0015)."""

import asyncio
import itertools
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Final

from freehold.documents import Job
from freehold.events import JobPosted
from freehold.store import Store, Unit
from freehold.store.jobs import take_opening
from freehold.store.mapping import to_bson
from tests.perf.content import stored_jobs
from tests.perf.world import World

TITLE: Final = "One document with its event inside, or a transaction"
AT_ONCE: Final = 16


def measure(world: World, *, quick: bool) -> str:
    """Measure both ways in turn, in this process; the text of this part of the page."""
    world.prepare("bench_one_document", jobs=0)
    count, rounds = (AT_ONCE, 1) if quick else (480, 5)
    one_us, plain_us, whole_us = asyncio.run(_measured(world, count, rounds))
    return (
        f"Processor time of the store alone, per job: one insert with the event inside {one_us:.0f} us; a transaction "
        f"of job and event {plain_us:.0f} us ({plain_us / one_us:.1f} times as much); with the quota's write "
        f"too {whole_us:.0f} us.\n"
    )


async def _measured(world: World, count: int, rounds: int) -> tuple[float, ...]:
    store = Store(world.uri, "bench_one_document", connections=AT_ONCE)
    jobs = stored_jobs([user.id for user in world.employers])

    async def one(job: Job) -> None:
        row = {"type": JobPosted.type, "body": {"job_id": job.id, "employer_id": job.employer_id}, "sent": None}
        await store.collection(Job).insert_one({**to_bson(job), "outbox": [row]})

    async def plain(job: Job) -> None:
        async def work(unit: Unit) -> None:
            unit.insert(job)
            unit.emit(JobPosted(job_id=job.id, employer_id=job.employer_id), job)

        await store.transact(work, deadline_s=30)

    async def whole(job: Job) -> None:
        async def work(unit: Unit) -> None:
            unit.insert(job)
            take_opening(unit, job.employer_id, limit=1_000_000)
            unit.emit(JobPosted(job_id=job.id, employer_id=job.employer_id), job)

        await store.transact(work, deadline_s=30)

    ways: tuple[Callable[[Job], Awaitable[None]], ...] = (one, plain, whole)
    taken = [[await _cost_us(way, list(itertools.islice(jobs, count))) for way in ways] for _ in range(rounds)]
    await store.close()
    return tuple(statistics.median(values) for values in zip(*taken, strict=True))


async def _cost_us(way: Callable[[Job], Awaitable[None]], jobs: list[Job]) -> float:
    began = time.process_time()
    waiting = iter(jobs)

    async def lane() -> None:
        for job in waiting:
            await way(job)

    await asyncio.gather(*[lane() for _ in range(AT_ONCE)])
    return (time.process_time() - began) / len(jobs) * 1e6
