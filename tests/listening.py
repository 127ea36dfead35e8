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
    """Follows transactions: the commands of those that are open, by session, and of those that are over, in their order.

    `trips` counts for each that is over how often something went to the database and back: commands that are sent before
    the answer to an earlier one is there go with it.
    """

    def __init__(self) -> None:
        self.open: dict[bytes, list[str]] = {}
        self.over: list[list[str]] = []
        self.trips: list[int] = []
        self.of_money: list[bool] = []
        """Whether each that is over wrote a journal, or asked a gateway for something."""
        self._moved: set[bytes] = set()
        self._sent: dict[bytes, int] = {}
        self._unanswered: dict[int, bytes] = {}

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """Count a command to its transaction."""
        session = bytes(event.command.get("lsid", {}).get("id", b""))
        if event.command.get("startTransaction"):
            self.open[session] = []
            self._sent[session] = 0
        if session in self.open:
            self._sent[session] += session not in self._unanswered.values()
            self._unanswered[event.request_id] = session
            self.open[session].append(event.command_name)
            if event.command.get("insert") in {"journals", "commands"}:
                self._moved.add(session)
            if event.command_name in {"commitTransaction", "abortTransaction"}:
                self.over.append(self.open.pop(session))
                self.trips.append(self._sent.pop(session))
                self.of_money.append(session in self._moved)
                self._moved.discard(session)

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Note that the answer is there."""
        self._unanswered.pop(event.request_id, None)

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Note that the answer is there."""
        self._unanswered.pop(event.request_id, None)
