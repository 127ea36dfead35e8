"""Which deliveries may run now. Pure: no I/O.

A reaction that hangs must not hold up the others, so each has a share of the places. One aggregate's events reach one
reaction one at a time and in their order, as far as this process can see; after a failed try the next ones go ahead,
and a reaction that minds asks for `newest_only`.
"""

from bisect import insort
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Generic, TypeVar

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


D = TypeVar("D", bound=Due)


class Lanes(Generic[D]):
    """The places: `limit` in all, `limit_per_reaction` for each reaction; and what was seen to be due and waits for one."""

    def __init__(self, *, limit: int, limit_per_reaction: int) -> None:
        self._limit = limit
        self._limit_per_reaction = limit_per_reaction
        self._running: dict[str, D] = {}
        self._lines: set[tuple[str, str]] = set()
        self._per_reaction: Counter[str] = Counter()
        self._offered: list[D] = []
        self._left_out: frozenset[str] = frozenset()
        self._seen_all = False

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

    def offer(self, found: Sequence[D], *, left_out: Sequence[str], is_all: bool) -> None:
        """Take note of what a look has found. It replaces what was seen before, but for the reactions it left out."""
        self._left_out = frozenset(left_out)
        self._seen_all = is_all
        kept = [due for due in self._offered if due.reaction in self._left_out]
        self._offered = sorted([*kept, *found], key=_turn)

    def join(self, due: D) -> None:
        """Take note of one more that came by itself."""
        insort(self._offered, due, key=_turn)

    def forget(self) -> None:
        """Forget what waits for a place."""
        self._offered = []

    def miss_a_look(self) -> None:
        """Take note that there may be more than was seen."""
        self._seen_all = False

    def want_a_look(self, freed: str) -> bool:
        """Say whether, now that a place of the reaction `freed` is free, there may be more to start than was seen."""
        if self.room == 0:
            return False
        if freed in self._left_out:
            return all(due.reaction != freed for due in self._offered)
        return not self._seen_all and not self._offered

    def take(self) -> list[D]:
        """Choose what starts now, and give it its places. What is behind another one of its line has to wait."""
        taken: list[D] = []
        kept: list[D] = []
        for due in self._offered:
            if not self._admits(due):
                kept.append(due)
                continue
            self._running[due.id] = due
            self._lines.add(due.line)
            self._per_reaction[due.reaction] += 1
            taken.append(due)
        self._offered = kept
        return taken

    def leave(self, due: D) -> None:
        """Give a place back."""
        del self._running[due.id]
        self._lines.discard(due.line)
        self._per_reaction[due.reaction] -= 1

    def _admits(self, due: D) -> bool:
        return (
            self.room > 0
            and due.id not in self._running
            and due.line not in self._lines
            and self._per_reaction[due.reaction] < self._limit_per_reaction
        )


def _turn(due: Due) -> tuple[datetime, int, int, str]:
    return (due.due_at, due.aggregate_version, due.n, due.id)
