"""`python -m tests.perf`: run the benchmarks and write what they measured into docs/benchmarks.md (`make bench`).

`--quick` runs all of it once, with few requests, and writes nothing: it proves that the benchmarks run and that the peers do
the same work, not how fast anything is.
"""

import argparse
import datetime as dt
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Final

from tests.function_process import ROOT
from tests.perf import cold_start, growth, one_document, releases, requests_compared, world
from tests.perf.servers import EXPRESS

PAGE: Final = ROOT / "docs" / "benchmarks.md"
BEGIN: Final = "<!-- measured: everything below is written by `make bench` -->\n"
PARTS: Final[tuple[ModuleType, ...]] = (requests_compared, cold_start, one_document, growth, releases)
"""Modules with a TITLE and `measure(world, quick=...)`, which gives the text of their part of the page."""


def main(arguments: list[str]) -> int:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.perf", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="run everything once, with few requests; write nothing")
    parser.add_argument(
        "--only", choices=[part.__name__.rpartition(".")[2] for part in PARTS], help="run one part; write nothing"
    )
    parser.add_argument(
        "--largest",
        type=int,
        default=100_000,
        help="jobs in the largest database of the part growth; a million take 20 minutes",
    )
    asked = parser.parse_args(arguments)
    install_peers()
    chosen = [part for part in PARTS if asked.only in {None, part.__name__.rpartition(".")[2]}]
    with tempfile.TemporaryDirectory() as folder, world.opened(Path(folder), largest=asked.largest) as opened:
        text = measured(chosen, opened, quick=asked.quick)
        opened.remove()
    sys.stdout.write(text)
    if not asked.quick and asked.only is None:
        prose = PAGE.read_text().partition(BEGIN)[0]
        PAGE.write_text(prose + BEGIN + "\n" + text)
    return 0


def install_peers() -> None:
    """Install what the lock file of the Express peer pins, unless it is there."""
    if not (EXPRESS / "node_modules" / ".package-lock.json").exists():
        subprocess.run(
            ["npm", "ci", "--omit=dev", "--no-audit", "--no-fund"], cwd=EXPRESS, check=True, stdout=subprocess.DEVNULL
        )


def measured(parts: Sequence[ModuleType], opened: world.World, *, quick: bool) -> str:
    """Run these parts; the generated half of the page."""
    texts = []
    for part in parts:
        sys.stderr.write(f"{part.TITLE} ...\n")
        texts.append(f"## {part.TITLE}\n\n{part.measure(opened, quick=quick)}")
    return _machine() + "\n" + "\n".join(texts)


def _machine() -> str:
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    cpu = next(
        (line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line), ""
    )
    versions = ", ".join(
        f"{name} {version(name)}" for name in ("pymongo", "starlette", "uvicorn", "msgspec", "flask", "waitress")
    )
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    load = Path("/proc/loadavg").read_text().split()[0]
    return (
        f"Measured on {dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC at {commit}: {cpu}, "
        f"{len(os.sched_getaffinity(0))} cores, load {load} at the end, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, {versions}; Node {node} "
        "(its packages: tests/perf/peers/express/package-lock.json).\n"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
