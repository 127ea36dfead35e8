"""Processor time per request, beside the peers, on the same MongoDB in the same run."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

from msgspec import Struct

from tests.perf import agreement, servers
from tests.perf.measuring import Comparison, Requests, compare, sample
from tests.perf.servers import Server
from tests.perf.world import World

JOBS_BEFORE: Final = 1_000
WARM_S: Final = 8.0
HEAD: Final = """\
| request | peer | ours, us | peer, us | ratio (median of rounds) | lowest to highest | bar |
|---|---|---|---|---|---|---|
"""
TITLE: Final = "Processor time per request, beside the peers"


class Load(Struct, frozen=True):
    """One kind of request: what it is called, what it answers, how much of Express's time it may take."""

    name: str
    status: str
    bar: float
    requests: Requests


def measure(world: World, *, quick: bool) -> str:
    """Measure every load; the text of this part of the page."""
    count, rounds = (32, 1) if quick else (600, 11)
    with _all(world) as compared:
        agreement.check(world, compared)
        loads = _loads(world, count)
        for server in () if quick else compared:
            _warm(world, server, loads)
        rows = [
            _row(load, comparison)
            for load in loads
            for comparison in compare(compared, load.requests, world.folder, rounds=rounds, status=load.status)
        ]
    return f"{rounds} rounds of {count} requests, 16 at a time, each server in turn.\n\n{HEAD}" + "".join(rows)


@contextmanager
def _all(world: World) -> Iterator[list[Server]]:
    with ExitStack() as stack:
        running = []
        for name, start in (("freehold", servers.ours), ("express", servers.express), ("template", servers.template)):
            world.prepare(f"bench_{name}", jobs=JOBS_BEFORE)
            running.append(stack.enter_context(start(world.keys, f"bench_{name}", world.folder)))
        yield running


def _loads(world: World, count: int) -> list[Load]:
    return [
        Load("create a job, token seen before", "201", 0.65, lambda: world.creations(count, fresh_tokens=False)),
        Load("create a job, token never seen", "201", 0.80, lambda: world.creations(count, fresh_tokens=True)),
        Load("list 20 jobs", "200", 0.50, lambda: world.lists(count)),
    ]


def _warm(world: World, server: Server, loads: list[Load]) -> None:
    """Run the loads until WARM_S seconds of them have passed."""
    spent_s = 0.0
    while spent_s < WARM_S:
        for load in (loads[0], loads[2]):
            spent_s += sample(server, load.requests(), world.folder, status=load.status).outcome.took_s


def _row(load: Load, found: Comparison) -> str:
    bar = f"{load.bar:.2f}" if found.peer == "Express" else ""
    return (
        f"| {load.name} | {found.peer} | {found.ours_us:.0f} | {found.peer_us:.0f} | **{found.ratio:.2f}** "
        f"| {found.lowest:.2f} to {found.highest:.2f} | {bar} |\n"
    )
