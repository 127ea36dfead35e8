"""Denials: what the transport said no to lately, so that others go ahead of it. Bounded, however much is refused."""

import time
from collections import Counter
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from connector.transport import REFUSED_S
from freehold.events import EventEnvelope

MANY: Final = 200
"""From so many of one type on, it is taken for the type's queue that says no, and the whole type waits."""


class Postponed(Struct, frozen=True):
    """What to leave out for now: single events by their ids, and whole types."""

    events: tuple[str, ...] = ()
    types: tuple[str, ...] = ()


class Denials:
    """Remembers for `REFUSED_S`: at most MANY events of a type and a batch, then only the type.

    So what is behind them is reached, even behind more than anybody could remember one by one.
    """

    def __init__(self) -> None:
        self._events: dict[str, tuple[str, float]] = {}
        self._types: dict[str, float] = {}

    def note(self, denied: Iterable[EventEnvelope]) -> None:
        """Take note of events that got a no just now."""
        until_s = time.monotonic() + REFUSED_S
        self._events |= {event.id: (event.type, until_s) for event in denied}
        counted = Counter(kind for kind, _ in self._events.values())
        self._types |= {kind: until_s for kind, count in counted.items() if count >= MANY}
        self._events = {name: noted for name, noted in self._events.items() if noted[0] not in self._types}

    def postponed(self) -> Postponed:
        """Say what still waits."""
        now_s = time.monotonic()
        self._events = {name: noted for name, noted in self._events.items() if noted[1] > now_s}
        self._types = {kind: until_s for kind, until_s in self._types.items() if until_s > now_s}
        return Postponed(events=tuple(self._events), types=tuple(self._types))
