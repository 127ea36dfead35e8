"""`python -m tests.planted [PATCH ...]`: plant bugs and say which of them the tests catch."""

import os
import sys
import tempfile
from pathlib import Path

from tests.planted.planting import MONEY_CORE, bugs, plant_all


def main() -> int:
    """Plant the bugs that are named, or all of them; 0 when all were caught."""
    named = [Path(name) for name in sys.argv[1:]]
    wanted = {path: bugs().get(path.resolve(), MONEY_CORE) for path in named} if named else bugs()
    with tempfile.TemporaryDirectory(prefix="freehold-planted-") as folder:
        found = plant_all(wanted, Path(folder), at_once=os.cpu_count() or 1)
    for planted in found:
        sys.stdout.write(f"{planted.verdict:<15} {planted.name:<45} {planted.detail}\n")
    caught = sum(planted.verdict == "caught" for planted in found)
    sys.stdout.write(f"{caught} of {len(found)} bugs were caught\n")
    return 0 if caught == len(found) else 1


if __name__ == "__main__":
    sys.exit(main())
