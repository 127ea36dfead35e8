"""Many things that each have the same time left, and the heartbeat made of them. Pure: the clock's reading is handed in.

Because the time is the same for all, the order of arrival is the order of their ends: every step costs only what is due.
"""

from collections.abc import Hashable
from typing import Generic, TypeVar

from msgspec import Struct

from realtime.protocol import Limits

T = TypeVar("T", bound=Hashable)


class Deadlines(Generic[T]):
    """Things that are due `after_s` seconds after their start."""

    def __init__(self, after_s: float) -> None:
        self._after_s = after_s
        self._due_at: dict[T, float] = {}

    def __contains__(self, thing: T) -> bool:
        return thing in self._due_at

    def __len__(self) -> int:
        return len(self._due_at)

    def start(self, thing: T, *, now_s: float) -> None:
        """Begin the thing's time, anew if it had begun. `now_s` never goes back between calls."""
        self._due_at.pop(thing, None)
        self._due_at[thing] = now_s + self._after_s

    def stop(self, thing: T) -> bool:
        """Forget the thing; say whether it was waiting."""
        return self._due_at.pop(thing, None) is not None

    def take_due(self, *, now_s: float) -> list[T]:
        """Take out what is due, the oldest first."""
        due: list[T] = []
        for thing, due_at in self._due_at.items():
            if due_at > now_s:
                break
            due.append(thing)
        for thing in due:
            del self._due_at[thing]
        return due


class Turn(Struct, Generic[T], frozen=True):
    """What a heartbeat's turn found: whom to ping, who did not answer, who joined no namespace in time."""

    to_ping: list[T]
    silent: list[T]
    idle: list[T]


class Heartbeat(Generic[T]):
    """The one heartbeat of all connections: each is pinged after an interval of quiet and answers within the timeout."""

    def __init__(self, limits: Limits) -> None:
        self._to_join: Deadlines[T] = Deadlines(limits.connect_timeout_s)
        self._to_ping: Deadlines[T] = Deadlines(limits.ping_interval_s)
        self._to_answer: Deadlines[T] = Deadlines(limits.ping_timeout_s)

    def opened(self, connection: T, *, now_s: float) -> None:
        """Take in a new connection."""
        self._to_join.start(connection, now_s=now_s)
        self._to_ping.start(connection, now_s=now_s)

    def joined(self, connection: T) -> None:
        """Note that a connection has joined a namespace."""
        self._to_join.stop(connection)

    def heard(self, connection: T, *, now_s: float) -> None:
        """Note a pong. One that nobody asked for changes nothing."""
        if self._to_answer.stop(connection):
            self._to_ping.start(connection, now_s=now_s)

    def ended(self, connection: T) -> None:
        """Forget a connection."""
        for deadlines in (self._to_join, self._to_ping, self._to_answer):
            deadlines.stop(connection)

    def turn(self, *, now_s: float) -> Turn[T]:
        """Find what is due now; those to ping are expected to answer from now on."""
        silent = self._to_answer.take_due(now_s=now_s)
        idle = self._to_join.take_due(now_s=now_s)
        to_ping = self._to_ping.take_due(now_s=now_s)
        for connection in to_ping:
            self._to_answer.start(connection, now_s=now_s)
        return Turn(to_ping=to_ping, silent=silent, idle=idle)
