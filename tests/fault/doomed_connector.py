"""A connector in which somebody dies: `python -m tests.fault.doomed_connector N [PID]`, else like `python -m connector`.

Before its n-th command to MongoDB it kills the process PID (a broker, say), or itself.
"""

import connector.green  # noqa: F401 - before anything else, as in the connector itself

# isort: split
import os
import signal
import sys
import threading

from pymongo import monitoring

from connector.main import main


class Fate(monitoring.CommandListener):
    """Counts commands."""

    def __init__(self, dies_before: int, pid: int) -> None:
        self.left = dies_before
        self.pid = pid
        self.counting = threading.Lock()

    def started(self, _: monitoring.CommandStartedEvent) -> None:
        """Count down, and kill once."""
        with self.counting:
            self.left -= 1
        if self.left == 0:
            os.kill(self.pid, signal.SIGKILL)

    def succeeded(self, _: monitoring.CommandSucceededEvent) -> None:
        """Nothing to count."""

    def failed(self, _: monitoring.CommandFailedEvent) -> None:
        """Nothing to count."""


if __name__ == "__main__":
    monitoring.register(Fate(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else os.getpid()))
    main()
