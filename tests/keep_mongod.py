"""`python -m tests.keep_mongod FOLDER OWNER_PID`: keep one `mongod` for a test run (tests.keeping)."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.local import mongod
from tests import keeping


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """Give the address of a server that runs."""
    try:
        with mongod.running(folder) as place:
            yield place.uri
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    place = Path(sys.argv[1])
    keeping.keep(place, int(sys.argv[2]), running(place / keeping.SERVER), mongod.MongodTrouble)
