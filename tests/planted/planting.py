"""Planting a bug: a copy of the repository, the patch in it, the tests over it."""

import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Final, Literal

ROOT: Final = Path(__file__).parents[2]
HERE: Final = Path(__file__).parent
CAUGHT_BY: Final = HERE / "caught_by.toml"
LIMIT_S: Final = 600
MONEY_CORE: Final = (
    "tests/domain", "tests/payments", "tests/store/test_unit.py", "tests/functions/escrow", "tests/functions/milestones",
    "tests/functions/admin/test_audit_ledger.py",
)  # fmt: skip
"""What is asked about a bug of which nobody has said what catches it."""
QUICK: Final = ("-q", "-x", "--no-header", "-p", "no:cacheprovider", "--hypothesis-seed=0")
TESTS_FAILED: Final = 1
FAILED: Final = "FAILED "
Verdict = Literal["caught", "survived", "does not apply", "tests broken"]


@dataclass(frozen=True)
class Planted:
    """What became of one bug; `detail` is the test that caught it, or what went wrong."""

    name: str
    verdict: Verdict
    detail: str


def bugs() -> dict[Path, tuple[str, ...]]:
    """List the bugs of this folder, with the tests that must catch each."""
    caught_by = tomllib.loads(CAUGHT_BY.read_text(encoding="utf-8"))
    return {patch: tuple(caught_by.get(patch.stem, MONEY_CORE)) for patch in sorted(HERE.glob("*.patch"))}


def plant_all(wanted: dict[Path, tuple[str, ...]], folder: Path, *, at_once: int) -> list[Planted]:
    """Plant each bug in one of `at_once` copies under `folder`, and ask its tests."""
    copies: SimpleQueue[Path] = SimpleQueue()
    for number in range(at_once):
        copies.put(copy_of_the_repository(folder / f"copy-{number}"))

    def one(bug: tuple[Path, tuple[str, ...]]) -> Planted:
        copy = copies.get()
        try:
            return plant(bug[0], bug[1], copy)
        finally:
            copies.put(copy)

    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(one, wanted.items()))


def copy_of_the_repository(target: Path) -> Path:
    """Copy what git knows, and what is new and not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=True, text=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    return target


def plant(patch: Path, tests: Iterable[str], copy: Path) -> Planted:
    """Plant one bug, run the tests over it, and take it out again."""
    if not _applied(patch, copy):
        return Planted(patch.stem, "does not apply", "the code has moved on: make the patch anew")
    try:
        return _asked(patch.stem, tests, copy)
    finally:
        _applied(patch, copy, "--reverse")


def _applied(patch: Path, copy: Path, *how: str) -> bool:
    command = ["git", "apply", "--whitespace=nowarn", *how, str(patch.resolve())]
    return subprocess.run(command, cwd=copy, capture_output=True, check=False).returncode == 0


def _asked(name: str, tests: Iterable[str], copy: Path) -> Planted:
    command = [sys.executable, "-m", "pytest", *QUICK, *tests]
    try:
        asked = subprocess.run(command, cwd=copy, capture_output=True, check=False, text=True, timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        return Planted(name, "caught", f"the tests hung for {LIMIT_S} s")
    failed = [line.removeprefix(FAILED).partition(" - ")[0] for line in asked.stdout.splitlines() if line.startswith(FAILED)]
    if asked.returncode == TESTS_FAILED and failed:
        return Planted(name, "caught", failed[0])
    if asked.returncode == 0:
        return Planted(name, "survived", "no test failed")
    return Planted(name, "tests broken", (asked.stdout + asked.stderr).strip()[-300:])
