"""The load: a process of its own that sends a fixed number of requests over kept connections and reads every answer.

`python -m tests.perf.load PLAN` (a file of msgpack); prints the outcome as JSON. It speaks as little HTTP as the answers need
(a Content-Length each), so that it takes little from the cores that it shares with the server.
"""

import asyncio
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

GIVE_UP_S: Final = 120.0
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Plan(Struct, frozen=True, kw_only=True):
    """Whole requests, head and body, to 127.0.0.1:`ports` in turn; `connections` of them at a time."""

    ports: list[int]
    connections: int
    requests: list[bytes]


class Outcome(Struct, frozen=True, kw_only=True):
    """How it went. `statuses` counts the answers by status; times in seconds; sizes in bytes of body."""

    statuses: dict[str, int]
    took_s: float
    median_s: float
    slowest_percent_s: float
    body_bytes: float


async def run(plan: Plan) -> Outcome:
    """Send the whole plan."""
    waiting = iter(plan.requests)
    answers: list[tuple[str, float, int]] = []
    began = time.perf_counter()
    lanes = [_lane(plan.ports[lane % len(plan.ports)], waiting, answers) for lane in range(plan.connections)]
    async with asyncio.timeout(GIVE_UP_S):
        await asyncio.gather(*lanes)
    took_s = time.perf_counter() - began
    latencies = sorted(latency for _, latency, _ in answers)
    return Outcome(
        statuses=dict(Counter(status for status, _, _ in answers)),
        took_s=took_s,
        median_s=latencies[len(latencies) // 2],
        slowest_percent_s=latencies[len(latencies) * 99 // 100],
        body_bytes=sum(size for _, _, size in answers) / len(answers),
    )


async def _lane(port: int, waiting: Iterator[bytes], answers: list[tuple[str, float, int]]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for request in waiting:
        sent_at = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(head)
        size = int(length[1]) if length else 0
        await reader.readexactly(size)
        answers.append((head[9:12].decode(), time.perf_counter() - sent_at, size))
    writer.close()


if __name__ == "__main__":
    outcome = asyncio.run(run(msgspec.msgpack.decode(Path(sys.argv[1]).read_bytes(), type=Plan)))
    sys.stdout.write(msgspec.json.encode(outcome).decode())
