"""`python -m tests.prove`: run every part, plant every bug, and print one table. 0 when all of it holds."""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from tests.planted.planting import ROOT, bugs, plant_all
from tests.prove.parts import PARTS, Part

COUNTED: Final = "FREEHOLD_COUNTED"
"""Where a test writes what it has counted, as JSON: a file name that ends in the number of its share."""
MUTANTS: Final = 150
"""So many of the money core's mutants are drawn; `make mutants` asks about all of them."""
_SCORE: Final = re.compile(r"^mutation score ([^(]*) \(", re.MULTILINE)
_DRAWN: Final = re.compile(r"drawn by (seed \d+)")
_SUMMARY: Final = re.compile(r"(\d+) (passed|failed|error|errors)")


@dataclass(frozen=True)
class Shown:
    """How a part went: how many tests passed and failed, and what was counted on the way."""

    part: Part
    passed: int
    failed: int
    counted: dict[str, int]
    seconds: float
    output: str

    @property
    def holds(self) -> bool:
        """Whether something ran and nothing failed."""
        return self.passed > 0 and self.failed == 0


def main() -> int:
    """Run all, one row of the table each."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="freehold-prove-") as folder:
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            shares = [(part, share) for part in PARTS for share in range(part.shares)]
            shown = list(pool.map(lambda each: _run(*each, Path(folder)), shares))
        planted = plant_all(bugs(), Path(folder), at_once=os.cpu_count() or 1)
    rows = [_row(part, [each for each in shown if each.part is part]) for part in PARTS]
    caught = [each for each in planted if each.verdict == "caught"]
    rows.append(
        ("R3", "realistic bugs, planted one by one", f"{len(caught)} of {len(planted)} caught", len(caught) == len(planted))
    )
    score, unnoticed = _mutants()
    rows.append(score)
    _print(rows, time.monotonic() - began)
    for each in shown:
        if not each.holds:
            sys.stdout.write(f"\n{each.part.number}:\n{each.output[-3000:]}\n")
    sys.stdout.write(unnoticed)
    for missed in planted:
        if missed.verdict != "caught":
            sys.stdout.write(f"{missed.verdict}: {missed.name}: {missed.detail}\n")
    return 0 if all(holds for *_, holds in rows) else 1


def _run(part: Part, share: int, folder: Path) -> Shown:
    counted = folder / f"{part.number}-{share}.json"
    environment = {**os.environ, **part.size, COUNTED: str(counted)}
    seed = int.from_bytes(os.urandom(4)) if part.shares > 1 else share
    command = [sys.executable, "-m", "pytest", "-q", "--no-header", "-p", "no:cacheprovider", f"--hypothesis-seed={seed}"]
    command += ["-k", part.select] if part.select else []
    began = time.monotonic()
    asked = subprocess.run([*command, *part.tests], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    outcomes = {what: int(count) for count, what in _SUMMARY.findall(asked.stdout.rpartition("\n\n")[2] or asked.stdout)}
    counts = msgspec.json.decode(counted.read_bytes(), type=dict[str, int]) if counted.exists() else {}
    if part.shares > 1:
        counts["seed"] = seed
    failed = outcomes.get("failed", 0) + outcomes.get("error", 0) + outcomes.get("errors", 0)
    return Shown(
        part, outcomes.get("passed", 0), failed or int(asked.returncode != 0), counts, time.monotonic() - began, asked.stdout
    )


def _mutants() -> tuple[tuple[str, str, str, bool], str]:
    """Ask about a sample of the mutants: its row, and what else was said where too many survived."""
    command = [sys.executable, "-m", "tests.mutants", "--sample", str(MUTANTS)]
    asked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    holds, found, drawn = asked.returncode == 0, _SCORE.search(asked.stdout), _DRAWN.search(asked.stdout)
    figures = f"{found[1]}; {drawn[1]}" if found and drawn else asked.stderr[-300:]
    return ("R3", "mutants of the money core, drawn at random", figures, holds), "" if holds else asked.stdout


def _row(part: Part, shown: list[Shown]) -> tuple[str, str, str, bool]:
    passed, failed = sum(each.passed for each in shown), sum(each.failed for each in shown)
    figures = [f"{passed} passed" + (f", {failed} FAILED" if failed else "")]
    seeds = [str(each.counted["seed"]) for each in shown if "seed" in each.counted]
    names = dict.fromkeys(name for each in shown for name in each.counted if name != "seed")
    figures += [f"{sum(each.counted.get(name, 0) for each in shown):,} {name}" for name in names]
    figures += [f"seeds {', '.join(seeds)}"] if seeds else []
    return part.number, part.promise, "; ".join(figures), all(each.holds for each in shown)


def _print(rows: Iterable[tuple[str, str, str, bool]], seconds: float) -> None:
    sys.stdout.write("\n")
    for number, promise, figures, holds in rows:
        sys.stdout.write(f"{'holds' if holds else 'BROKEN':<8}{number:<5}{promise}\n             {figures}\n")
    sys.stdout.write(f"\nin {seconds / 60:.1f} minutes\n")


if __name__ == "__main__":
    sys.exit(main())
