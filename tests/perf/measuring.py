"""Measuring: the same load on each server in turn, round after round, and the ratios of the rounds."""

import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from tests.function_process import ROOT
from tests.perf.load import Outcome, Plan
from tests.perf.servers import Server

CONNECTIONS: Final = 16
Requests = Callable[[], list[bytes]]


class Sample(Struct, frozen=True):
    """One load on one server: its processor time per request (microseconds), and how the answers came."""

    cpu_us: float
    outcome: Outcome


class Comparison(Struct, frozen=True, kw_only=True):
    """Rounds of the same load on ours and on a peer. `ratio` is the median of the rounds' ratios, ours to the peer's."""

    peer: str
    ours_us: float
    peer_us: float
    ratio: float
    lowest: float
    highest: float


def drive(servers: Sequence[Server], requests: list[bytes], folder: Path, *, connections: int = CONNECTIONS) -> Outcome:
    """Send the requests to the servers in turn, from a process of its own."""
    plan = folder / "plan"
    plan.write_bytes(
        msgspec.msgpack.encode(Plan(ports=[each.port for each in servers], connections=connections, requests=requests))
    )
    done = subprocess.run([sys.executable, "-m", "tests.perf.load", str(plan)], cwd=ROOT, capture_output=True, check=True)
    return msgspec.json.decode(done.stdout, type=Outcome)


def sample(server: Server, requests: list[bytes], folder: Path, *, status: str) -> Sample:
    """Measure one load. Raises AssertionError when an answer has another status than this."""
    before = server.cpu_s()
    outcome = drive([server], requests, folder)
    used_s = server.cpu_s() - before
    if set(outcome.statuses) != {status}:
        raise AssertionError(f"{server.name} answered {outcome.statuses}, not {status}")
    return Sample(used_s / len(requests) * 1e6, outcome)


def compare(servers: Sequence[Server], requests: Requests, folder: Path, *, rounds: int, status: str) -> list[Comparison]:
    """Load the first server (ours) and its peers in turns; compare it with each of them."""
    taken = [[sample(server, requests(), folder, status=status).cpu_us for server in servers] for _ in range(rounds)]
    return [
        _comparison(peer.name, [each[0] for each in taken], [each[position] for each in taken])
        for position, peer in enumerate(servers)
        if position
    ]


def _comparison(peer: str, ours_us: list[float], peer_us: list[float]) -> Comparison:
    ratios = [own / other for own, other in zip(ours_us, peer_us, strict=True)]
    return Comparison(
        peer=peer,
        ours_us=statistics.median(ours_us),
        peer_us=statistics.median(peer_us),
        ratio=statistics.median(ratios),
        lowest=min(ratios),
        highest=max(ratios),
    )
