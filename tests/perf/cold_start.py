"""What a function costs to start, and how much memory it needs once it has worked."""

import compileall
import statistics
from typing import Final

import httpx

from tests.function_process import ROOT
from tests.perf import servers
from tests.perf.world import World

TITLE: Final = "Cold start and memory"
FUNCTION: Final = "jobs-list-jobs"
BAR_S: Final = 0.5
BAR_MIB: Final = 60.0


def measure(world: World, *, quick: bool) -> str:
    """Start one function several times; the text of this part of the page."""
    for folder in ("freehold", "functions"):
        compileall.compile_dir(str(ROOT / folder), quiet=1)
    world.prepare("bench_cold", jobs=100)
    starts = [_start(world) for _ in range(1 if quick else 5)]
    used_s, pss_mib = (statistics.median(values) for values in zip(*starts, strict=True))
    return (
        f"`{FUNCTION}` alone, bytecode compiled, median of {len(starts)}: **{used_s:.2f} CPU-s** until it is ready "
        f"(bar {BAR_S}), "
        f"**{pss_mib:.0f} MiB** of its own (PSS) after its first query (bar {BAR_MIB:.0f}).\n"
    )


def _start(world: World) -> tuple[float, float]:
    with servers.ours(world.keys, "bench_cold", world.folder, FUNCTION) as server:
        used_s = server.cpu_s()
        response = httpx.get(f"http://127.0.0.1:{server.port}/api/jobs")
        assert response.status_code == 200
        return used_s, server.pss_mib()
