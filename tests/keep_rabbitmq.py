"""`python -m tests.keep_rabbitmq FOLDER OWNER_PID VHOSTS`: keep one RabbitMQ for a test run (tests.keeping).

VHOSTS: names with commas between; the address that it publishes ends where a vhost's name goes.
"""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import keeping
from tests.rabbitmq import Broker, Trouble


@contextmanager
def running(folder: Path, vhosts: tuple[str, ...]) -> Iterator[str]:
    """Give the address, without a vhost, of a server that runs."""
    broker = Broker(folder, vhosts=vhosts)
    try:
        broker.start()
        yield broker.uri().removesuffix("%2F")
    finally:
        broker.kill()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    place = Path(sys.argv[1])
    keeping.keep(place, int(sys.argv[2]), running(place / keeping.SERVER, tuple(sys.argv[3].split(","))), Trouble)
