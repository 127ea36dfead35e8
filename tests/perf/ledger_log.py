"""The Merkle log at its size: `python -m tests.perf.ledger_log [--leaves 1000000]`.

It fills a database of its own with journals that wait, appends all of them as the sweep does, a transaction a batch, and then
proves random ones. Beside it a peer in the same run: the same leaves inserted and the same rows removed in the same
transactions, without tree, head or signature. Wall time, and processor time of this process and of MongoDB: on a machine that
others use, the second is what can be compared.
"""

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

import msgspec
import psutil

from freehold.documents import LogHead, LogLeaf, PendingLeaf
from freehold.documents.proof import LEDGER
from freehold.domain.leaves import Leaf, place_of
from freehold.domain.ledger import Line
from freehold.domain.merkle import hash_leaf, inclusion_spans, is_included
from freehold.edge.note_signing import NoteSigner
from freehold.store import Store, Unit, apply_schema
from freehold.store.ledger_log import BATCH, append_waiting, prove, root_at
from freehold.store.mapping import to_bson
from infra.keys import new_key
from infra.local import mongod

FILL: Final = 10_000
PROOFS: Final = 300
PEER_SHARE: Final = 10
"""The peer, whose work does not grow with the tree, moves this part of the leaves."""
MOST_APPEND_US: Final = 100
MOST_PROOF_MS: Final = 5
NOW: Final = datetime(2026, 11, 27, 12, tzinfo=UTC)


class Meter:
    """Wall and processor time of what runs inside of it, in seconds; processor time is ours and MongoDB's."""

    def __init__(self) -> None:
        children = psutil.Process().children(recursive=True)
        self._processes = [psutil.Process(), *(each for each in children if each.name() == "mongod")]
        self.wall_s = self.processor_s = 0.0

    async def run(self, work: Awaitable[int]) -> int:
        """Wait for work, and add what it took."""
        wall, processor = time.perf_counter(), self._used_s()
        done = await work
        self.wall_s += time.perf_counter() - wall
        self.processor_s += self._used_s() - processor
        return done

    def _used_s(self) -> float:
        return sum(each.cpu_times().user + each.cpu_times().system for each in self._processes)


def waiting(number: int) -> PendingLeaf:
    """Make the row of a release, as a milestone writes it."""
    milestone = f"mst_{number // 3:032x}"
    lines = (
        Line(f"escrow:{milestone}", 125_000, "USD"),
        Line(f"payable:{milestone}", -112_500, "USD"),
        Line("fees", -12_500, "USD"),
    )
    leaf = Leaf(
        id=f"jrn_{number:032x}", key=f"release:{milestone}:{number % 3}", milestone_id=milestone,
        milestone_version=number % 3 + 1, n=0, leg=1, lines=lines, created_at=NOW,
    )  # fmt: skip
    return PendingLeaf(id=leaf.order, journal_id=leaf.id, leaf=leaf.text, created_at=NOW)


async def fill(store: Store, begin: int, count: int) -> None:
    """Let so many journals wait."""
    rows = [to_bson(waiting(number)) for number in range(begin, begin + count)]
    await store.collection(PendingLeaf).insert_many(rows, ordered=False)


async def append_by_hand(unit: Unit, begin: int) -> int:
    """Move rows from one collection to the other, and nothing else."""
    rows = await unit.find(PendingLeaf, {}, sort=(("_id", 1),), limit=BATCH)
    await unit.remove(PendingLeaf, [row.id for row in rows])
    for index, row in enumerate(rows, begin):
        unit.insert(LogLeaf(id=place_of(index), journal_id=row.journal_id, leaf=row.leaf, nodes=b""))
    return len(rows)


async def grow(store: Store, leaves: int, append: Callable[[Unit, int], Awaitable[int]]) -> Meter:
    """Bring a log to its size."""
    meter, size = Meter(), 0
    while size < leaves:
        await fill(store, size, min(FILL, leaves - size))
        while done := await meter.run(store.transact(partial(_appended, append, size), deadline_s=60)):
            size += done
    return meter


async def _appended(append: Callable[[Unit, int], Awaitable[int]], size: int, unit: Unit) -> int:
    return await append(unit, size)


async def prove_some(store: Store, leaves: int) -> tuple[list[float], Meter]:
    """Prove random leaves as a receipt does, each checked; give the milliseconds of each."""
    root = await root_at(store, leaves)
    meter, took_ms = Meter(), []
    for index in random.sample(range(leaves), min(PROOFS, leaves)):

        async def one(index: int = index) -> int:
            leaf = await store.first(LogLeaf, {"journal_id": f"jrn_{index:032x}"})
            head = await store.require(LogHead, LEDGER)
            assert leaf is not None
            proof = await prove(store, inclusion_spans(int(leaf.id), head.size))
            assert is_included(hash_leaf(leaf.leaf.encode()), int(leaf.id), head.size, proof, root)
            return 1

        before = meter.wall_s
        await meter.run(one())
        took_ms.append((meter.wall_s - before) * 1_000)
    return took_ms, meter


async def measure(uri: str, leaves: int) -> bool:
    """Measure, print a table, and say whether the bars hold."""
    signer = partial(NoteSigner, msgspec.json.encode(new_key(development=True)).decode())
    ours, peer = Store(uri, "bench_log", connections=4, patient=True), Store(uri, "bench_by_hand", connections=4, patient=True)
    for store in (ours, peer):
        await apply_schema(store.database)
    few = max(1, leaves // PEER_SHARE)
    by_hand = await grow(peer, few, append_by_hand)
    log = await grow(ours, leaves, lambda unit, _: append_waiting(unit, "bench/ledger", signer, now=NOW))
    took_ms, proofs = await prove_some(ours, leaves)
    rows = [(log.wall_s / leaves, log.processor_s / leaves), (by_hand.wall_s / few, by_hand.processor_s / few)]
    for name, (wall_s, processor_s) in zip(
        (f"a leaf appended, of {leaves:,}", f"moved by hand, of {few:,}"), rows, strict=True
    ):
        sys.stdout.write(f"| {name} | {wall_s * 1e6:.0f} us | {processor_s * 1e6:.0f} us |\n")
    sys.stdout.write(f"| ratio to by hand | {rows[0][0] / rows[1][0]:.2f} | {rows[0][1] / rows[1][1]:.2f} |\n")
    median, slow = statistics.median(took_ms), statistics.quantiles(took_ms, n=100)[98]
    processor = proofs.processor_s / len(took_ms) * 1_000
    sys.stdout.write(f"| proof at {leaves:,} leaves, median / 99 % | {median:.1f} / {slow:.1f} ms | {processor:.1f} ms |\n")
    for store in (ours, peer):
        await store.client.drop_database(store.database.name)
        await store.close()
    return log.wall_s / leaves * 1e6 <= MOST_APPEND_US and median <= MOST_PROOF_MS


def main() -> int:
    """Run the command; 0 when the bars hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.perf.ledger_log")
    parser.add_argument("--leaves", type=int, default=1_000_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, mongod.running(Path(folder)) as place:
        return 0 if asyncio.run(measure(place.uri, given.leaves)) else 1


if __name__ == "__main__":
    raise SystemExit(main())
