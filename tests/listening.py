"""Seeing every command that goes to MongoDB: clients made inside `listening(...)` report theirs."""

from collections.abc import Iterator
from contextlib import contextmanager

from pymongo import monitoring


@contextmanager
def listening(listener: monitoring.CommandListener) -> Iterator[None]:
    """Attach a listener to every client that is made inside; PyMongo knows no way to take one off again but this."""
    listeners = monitoring._LISTENERS.command_listeners
    listeners.append(listener)
    try:
        yield
    finally:
        listeners.remove(listener)


class Transactions(monitoring.CommandListener):
    """Follows transactions: the commands of those that are open, by session, and of those that are over, in their order."""

    def __init__(self) -> None:
        self.open: dict[bytes, list[str]] = {}
        self.over: list[list[str]] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """Count a command to its transaction."""
        session = bytes(event.command.get("lsid", {}).get("id", b""))
        if event.command.get("startTransaction"):
            self.open[session] = []
        if session in self.open:
            self.open[session].append(event.command_name)
            if event.command_name in {"commitTransaction", "abortTransaction"}:
                self.over.append(self.open.pop(session))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Nothing to note."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Nothing to note."""
