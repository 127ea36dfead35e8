"""Whether more processes do more, and whether more documents cost more."""

import asyncio
import os
import statistics
import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any, Final

from pymongo.errors import ExecutionTimeout

from freehold.documents import Job
from freehold.store import Store
from freehold.store.driver import READ_TIMEOUT_MS
from freehold.store.job_search import JobQuestion, Key, TextSearch
from freehold.views.jobs import JobView
from tests.perf import servers
from tests.perf.measuring import drive
from tests.perf.world import World

TITLE: Final = "More processes, more documents"
ASKED: Final = 15
PAGE: Final = 20
SIZES: Final = (1_000, 10_000, 100_000, 1_000_000)
Question = tuple[str, JobQuestion, Sequence[Key] | None]


def measure(world: World, *, quick: bool) -> str:
    """Measure both; the text of this part of the page."""
    sizes = [size for size in SIZES if size <= world.largest]
    count, replicas, sizes = (32, (1,), sizes[:1]) if quick else (1_200, (1, 2, 3), sizes)
    return _processes(world, count, replicas) + "\n" + _documents(world, sizes)


def _processes(world: World, count: int, numbers: Sequence[int]) -> str:
    world.prepare("bench_growth", jobs=1_000)
    rows = ""
    for replicas in numbers:
        with ExitStack() as stack:
            running = [stack.enter_context(servers.ours(world.keys, "bench_growth", world.folder)) for _ in range(replicas)]
            drive(running, world.lists(count // 4), world.folder)
            listed = drive(running, world.lists(count), world.folder, connections=24)
            posted = drive(running, world.creations(count // 2, fresh_tokens=False), world.folder, connections=24)
        rows += f"| {replicas} | {count / listed.took_s:.0f} | {count // 2 / posted.took_s:.0f} |\n"
    return (
        f"Answers per second with {os.cpu_count()} cores for everything: functions, MongoDB and the load itself.\n\n"
        f"| processes | lists a second | posts a second |\n|---|---|---|\n{rows}"
    )


def _documents(world: World, sizes: Sequence[int]) -> str:
    rows = ""
    for size in sizes:
        database = f"bench_documents_{size}"
        world.prepare(database, jobs=size)
        rows += asyncio.run(_asked(world, database, size))
    return (
        f"The search's own questions, a page each, median of {ASKED} in milliseconds, and how many documents "
        "MongoDB looked at.\n\n"
        f"| jobs | question | ms | documents examined |\n|---|---|---|---|\n{rows}"
    )


async def _asked(world: World, database: str, size: int) -> str:
    store = Store(world.uri, database, connections=1)
    deep = (
        await store.database["jobs"]
        .find({"state": "open"})
        .sort([("posted_at", -1), ("_id", -1)])
        .skip(size // 2)
        .limit(1)
        .next()
    )
    after = (int(deep["posted_at"].timestamp() * 1000), deep["_id"])
    newest = {"order": "newest", "states": ("open",)}
    questions: list[Question] = [
        ("first page", JobQuestion(**newest), None),
        ("a page in the middle", JobQuestion(**newest), after),
        ("a category", JobQuestion(**newest, category="design"), None),
        ("a skill and a budget", JobQuestion(**newest, skills=("seo",), currency="EUR", price_least=200_000), None),
        ("a word, by relevance", JobQuestion(order="relevance", states=("open",), words="blender"), None),
    ]
    rows = ""
    for name, question, keys in questions:
        try:
            took_ms, examined = await _median_ms(store, question, keys), await _examined(store, question, keys)
        except ExecutionTimeout:
            rows += f"| {size:,} | {name} | not within {READ_TIMEOUT_MS / 1000:.0f} s: refused | |\n"
        else:
            rows += f"| {size:,} | {name} | {took_ms:.1f} | {examined:,} |\n"
    await store.close()
    return rows


async def _median_ms(store: Store, question: JobQuestion, after: Sequence[Key] | None) -> float:
    taken = []
    for _ in range(ASKED):
        began = time.perf_counter()
        await TextSearch(store).find(question, JobView, after=after, limit=PAGE)
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


async def _examined(store: Store, question: JobQuestion, after: Sequence[Key] | None) -> int:
    """Ask MongoDB's profiler what the search's own command looked at, so that nothing is said of another one."""
    await store.database.command("profile", 2)
    await TextSearch(store).find(question, JobView, after=after, limit=PAGE)
    await store.database.command("profile", 0)
    commands = store.database["system.profile"].find({"ns": f"{store.database.name}.{Job.collection}"})
    profiled: dict[str, Any] = await commands.sort([("$natural", -1)]).limit(1).next()
    return int(profiled["docsExamined"])
