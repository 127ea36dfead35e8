"""What telemetry costs a function: process CPU per request and memory, as ratios against the same process without it.

`python -m tests.perf.telemetry_cost [REQUESTS]` starts its own MongoDB and prints a table. Each variant is a process that
serves `GET /api/auth/jwks.json` (the cheapest request there is, so that what is added shows most); rounds of the variants
alternate, and the median of the rounds is taken.
"""

import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import psutil

from infra.keys import make_keys, write_secret
from infra.local import mongod
from tests.function_process import SERVER, function_process, wait_for
from tests.otlp import backend

ROUNDS = 7
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e47{:02x}-00f067aa0ba902b7-01"
UNMETERED = """
import sys
from freehold.edge import app
app.RequestMeter.answered = lambda *_: None
from freehold.edge.server import main
sys.exit(main())
"""


class Variant:
    """A process, and what its rounds have cost in seconds of CPU."""

    def __init__(self, name: str, process: subprocess.Popen[str], port: int) -> None:
        self.name = name
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30)
        self.process = psutil.Process(process.pid)
        self.rounds: list[float] = []

    def round(self, requests: int) -> None:
        """Make a round of requests, each with a trace of its own."""
        before = self._cpu_s()
        for number in range(requests):
            self.client.get("/api/auth/jwks.json", headers={"traceparent": TRACEPARENT.format(number % 256)}).raise_for_status()
        self.rounds.append(self._cpu_s() - before)

    def pss_mib(self) -> float:
        """Give the process's proportional share of memory."""
        return float(self.process.memory_full_info().pss) / 2**20

    def _cpu_s(self) -> float:
        times = self.process.cpu_times()
        return float(times.user + times.system)


@contextmanager
def secrets() -> Iterator[Path]:
    """Start a MongoDB of our own; give a folder of secrets."""
    with tempfile.TemporaryDirectory() as name, mongod.running(Path(name)) as place:
        keys = Path(name) / "keys"
        make_keys(keys, development=True)
        write_secret(keys / "mongodb-uri", place.uri)
        yield keys


def main() -> None:
    """Measure and print."""
    requests = int(sys.argv[1]) if len(sys.argv) > 1 else 1_500
    with ExitStack() as stack:
        keys = stack.enter_context(secrets())
        endpoint = {"OTEL_EXPORTER_OTLP_ENDPOINT": stack.enter_context(backend()).url, "OTEL_TRACES_SAMPLER": "traceidratio"}
        told = {
            "metrics off, traces off": {},
            "metrics on, traces off": {},
            "traces sampled 0 %": {**endpoint, "OTEL_TRACES_SAMPLER_ARG": "0"},
            "traces sampled 10 %": {**endpoint, "OTEL_TRACES_SAMPLER_ARG": "0.1"},
            "traces sampled 100 %": {**endpoint, "OTEL_TRACES_SAMPLER_ARG": "1"},
        }
        variants: list[Variant] = []
        for name, environ in told.items():
            program = SERVER if variants else ("-c", UNMETERED)
            serving = function_process(keys, "cost", "auth-list-keys", program=program, FREEHOLD_LOG_LEVEL="error", **environ)
            process, port = stack.enter_context(serving)
            wait_for(port, "/_/ready", 200)
            variants.append(Variant(name, process, port))
        for _ in range(ROUNDS):
            for variant in variants:
                variant.round(requests)
        report(variants, requests)


def report(variants: list[Variant], requests: int) -> None:
    """Print the table."""
    base = statistics.median(variants[0].rounds)
    for variant in variants:
        cpu_s = statistics.median(variant.rounds)
        per_request_us = cpu_s / requests * 1e6
        sys.stdout.write(f"{variant.name:26} {per_request_us:7.0f} us  x{cpu_s / base:4.2f}  {variant.pss_mib():5.1f} MiB\n")


if __name__ == "__main__":
    main()
