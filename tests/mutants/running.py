"""Asking about many mutants: as many at once as there are processors, and what is known of them kept between runs."""

import ast
import os
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Final, Literal, NoReturn

import msgspec

from tests.mutants import asking
from tests.mutants.changed import ROOT, fingerprint
from tests.mutants.mutating import Mutant

Verdict = Literal["killed", "endless", "survived", "no program"]
KEPT: Final = ROOT / ".freehold" / "mutants.json"
SPARE_S: Final = 20
"""On top of ten times what the tests take: past it, a mutant has no end (seconds of a processor)."""


class Known(msgspec.Struct):
    """What is known of the mutants of one state of the rules and their tests."""

    fingerprint: str
    seen: asking.Seen
    verdicts: dict[str, Verdict]


def known(*, trusting: bool) -> Known:
    """Take what an earlier run has kept, or watch the tests once. Raises SystemExit when they fail with nothing changed.

    `trusting`: what was killed is believed to be killed still, though rules or tests have changed since.
    """
    now = fingerprint()
    kept = msgspec.json.decode(KEPT.read_bytes(), type=Known) if KEPT.exists() else None
    if kept is not None and kept.fingerprint == now and not trusting:
        return kept
    believed = {key: verdict for key, verdict in kept.verdicts.items() if verdict != "survived"} if kept and trusting else {}
    with tempfile.TemporaryDirectory() as folder:
        into = Path(folder, "seen.json")
        pid = _fork(lambda: asking.watch(into))
        if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]):
            raise SystemExit("the tests must hold before anything is changed")
        return Known(now, msgspec.json.decode(into.read_bytes(), type=asking.Seen), believed)


def keep(what: Known) -> None:
    """Write what is known, so that a run that was stopped goes on where it was."""
    KEPT.parent.mkdir(exist_ok=True)
    temporary = KEPT.with_suffix(".new")
    temporary.write_bytes(msgspec.json.encode(what))
    temporary.replace(KEPT)


def ask_all(mutants: Iterable[Mutant], what: Known, *, at_once: int, told: Callable[[], None]) -> None:
    """Ask about each mutant of which nothing is known, and call `told` after each."""
    waiting = [mutant for mutant in mutants if mutant.key not in what.verdicts]
    killers: Counter[tuple[Path, str]] = Counter()
    running: dict[int, tuple[Mutant, Path]] = {}
    with tempfile.TemporaryDirectory(prefix="freehold-mutants-") as folder:
        try:
            while waiting or running:
                if waiting and len(running) < at_once:
                    mutant = waiting.pop(0)
                    killer = Path(folder, str(len(waiting)))
                    running[_begin(mutant, what, killers, killer)] = mutant, killer
                    continue
                pid, status = os.wait()
                mutant, killer = running.pop(pid)
                what.verdicts[mutant.key] = _verdict(os.waitstatus_to_exitcode(status))
                if killer.exists():
                    killers[mutant.path, killer.read_text()] += 1
                told()
        finally:
            for pid in running:
                os.kill(pid, signal.SIGKILL)


def _begin(mutant: Mutant, what: Known, killers: Counter[tuple[Path, str]], killer: Path) -> int:
    near = set(what.seen.tests_of(f"{mutant.path}:{line}" for span in _functions(mutant.path) for line in span))
    tests = sorted(tests_of(mutant, what.seen), key=lambda test: (-killers[mutant.path, test], test not in near))
    limit_s = SPARE_S + int(10 * sum(what.seen.seconds[test] for test in tests))
    return _fork(lambda: asking.ask(mutant, tests, limit_s=limit_s, killer=killer))


def tests_of(mutant: Mutant, seen: asking.Seen) -> list[str]:
    """List the tests that may notice, the most telling first: those that call the function, or, of a table, all."""
    lines = next((span for span in _functions(mutant.path) if mutant.line in span), range(0))
    return seen.tests_of(f"{mutant.path}:{line}" for line in lines) or seen.tests_of_tables()


@cache
def _functions(path: Path) -> tuple[range, ...]:
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    found = (node for node in ast.walk(ast.parse(path.read_bytes())) if isinstance(node, kinds))
    return tuple(
        range(min([node.lineno, *(each.lineno for each in node.decorator_list)]), node.end_lineno + 1) for node in found
    )


def _fork(child: Callable[[], NoReturn]) -> int:
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        try:
            child()
        finally:
            os._exit(asking.KILLED)
    return pid


def _verdict(code: int) -> Verdict:
    if code == asking.SURVIVED:
        return "survived"
    if code == asking.NO_PROGRAM:
        return "no program"
    return "endless" if code in {-signal.SIGXCPU, -signal.SIGKILL} else "killed"
