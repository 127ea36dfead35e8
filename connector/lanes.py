"""Which deliveries may run now. Pure: no I/O.

A reaction that hangs must not hold up the others, so each has a share of the places. One aggregate's events reach one
reaction one at a time and in their order, as far as this process can see; after a failed try the next ones go ahead,
and a reaction that minds asks for `newest_only`.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct


class Due(Struct, frozen=True, kw_only=True):
    """A delivery that may be claimed, with what decides on its turn."""

    id: str
    reaction: str
    due_at: datetime
    aggregate: str
    aggregate_version: int
    n: int

    @property
    def line(self) -> tuple[str, str]:
        """The line in which it stands: deliveries of one line run one after the other."""
        return (self.reaction, self.aggregate)


class Lanes:
    """The places: `limit` in all, `limit_per_reaction` for each reaction."""

    def __init__(self, *, limit: int, limit_per_reaction: int) -> None:
        self._limit = limit
        self._limit_per_reaction = limit_per_reaction
        self._running: dict[str, Due] = {}
        self._lines: set[tuple[str, str]] = set()
        self._per_reaction: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._running)

    @property
    def room(self) -> int:
        """How many more may run."""
        return self._limit - len(self._running)

    @property
    def full(self) -> tuple[str, ...]:
        """The reactions that have used up their share."""
        return tuple(name for name, running in self._per_reaction.items() if running >= self._limit_per_reaction)

    def take(self, found: Sequence[Due]) -> list[Due]:
        """Choose which of these start now, and take their places. Once one of a line must wait, so must those behind it."""
        waiting: set[tuple[str, str]] = set()
        taken: list[Due] = []
        for due in sorted(found, key=lambda due: (due.due_at, due.aggregate_version, due.n, due.id)):
            if due.line in waiting or not self._admits(due):
                waiting.add(due.line)
                continue
            self._running[due.id] = due
            self._lines.add(due.line)
            self._per_reaction[due.reaction] += 1
            taken.append(due)
        return taken

    def leave(self, due: Due) -> None:
        """Give a place back."""
        del self._running[due.id]
        self._lines.discard(due.line)
        self._per_reaction[due.reaction] -= 1

    def _admits(self, due: Due) -> bool:
        return (
            self.room > 0
            and due.id not in self._running
            and due.line not in self._lines
            and self._per_reaction[due.reaction] < self._limit_per_reaction
        )
