"""`python -m tests.mutants [FILE ...]`: print the mutation score of the money core, and every mutant that no test notices.

--sample N   ask about N mutants only, drawn at random
--seed S     ... by this seed (else a new one, which is printed)
--survivors  ask again about those that survived the last time, and trust what was killed
"""

import argparse
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.mutants import asking, running
from tests.mutants.changed import ROOT, core
from tests.mutants.mutating import Mutant, mutants_of

BAR_PERCENT: Final = 90
EVERY: Final = 100
"""So often what is known is written down."""


def main() -> int:
    """Ask, and print: 0 when at least BAR_PERCENT of the mutants were killed."""
    wanted, began = _arguments(), time.monotonic()
    asking.prepare()
    files = [path.resolve() for path in wanted.files] or core()
    mutants = [mutant for path in files for mutant in mutants_of(path)]
    if wanted.sample:
        sys.stdout.write(f"{wanted.sample} of {len(mutants)} mutants, drawn by seed {wanted.seed}\n")
        mutants = random.Random(wanted.seed).sample(mutants, min(wanted.sample, len(mutants)))
    random.Random(0).shuffle(mutants)
    what = running.known(trusting=wanted.survivors)
    asked = _ask(mutants, what, at_once=wanted.at_once, is_kept=not wanted.sample)
    percent = _print(mutants, what)
    sys.stdout.write(f"{asked} asked about in {(time.monotonic() - began) / 60:.1f} minutes\n")
    return 0 if percent >= BAR_PERCENT else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4)))
    parser.add_argument("--survivors", action="store_true")
    parser.add_argument("--at-once", type=int, default=os.cpu_count() or 1)
    return parser.parse_args()


def _ask(mutants: Sequence[Mutant], what: running.Known, *, at_once: int, is_kept: bool) -> int:
    asked = 0

    def told() -> None:
        nonlocal asked
        asked += 1
        if asked % EVERY == 0:
            sys.stdout.write(f"{asked} ...\n")
            sys.stdout.flush()
            if is_kept:
                running.keep(what)

    running.ask_all(mutants, what, at_once=at_once, told=told)
    if is_kept:
        running.keep(what)
    return asked


def _print(mutants: Sequence[Mutant], what: running.Known) -> float:
    """Print each file's score, the survivors, and the whole score, which is answered (per cent)."""
    verdicts = {mutant: what.verdicts[mutant.key] for mutant in sorted(mutants, key=lambda each: (each.path, each.start))}
    for mutant, verdict in verdicts.items():
        if verdict == "survived":
            sys.stdout.write(f"survived {mutant.name}\n    - {_short(mutant.was)}\n    + {_short(mutant.became)}\n")
    for path in dict.fromkeys(mutant.path for mutant in verdicts):
        counted = Counter(verdict for mutant, verdict in verdicts.items() if mutant.path == path)
        sys.stdout.write(f"{_score(counted):6.1f} % of {_whole(counted):5}  {path.relative_to(ROOT)}\n")
    counted = Counter(verdicts.values())
    killed = counted["killed"] + counted["endless"]
    sys.stdout.write(
        f"mutation score {_score(counted):.1f} %: {killed} of {_whole(counted)} mutants were killed, "
        f"{counted['endless']} of them by the time they took (at least {BAR_PERCENT} % must be)\n"
    )
    return _score(counted)


def _whole(counted: Counter[running.Verdict]) -> int:
    return counted.total() - counted["no program"]


def _score(counted: Counter[running.Verdict]) -> float:
    return 100 - 100 * counted["survived"] / max(_whole(counted), 1)


def _short(code: str) -> str:
    return " ".join(code.split())


if __name__ == "__main__":
    sys.exit(main())
