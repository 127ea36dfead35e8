"""Marketplace processes as data: which step leads from which states to which, and who takes it.

From a table come the check before a step, the buttons that a person sees, and the pages that document it.
"""

from typing import ClassVar

from msgspec import Struct

from freehold.domain.errors import Refused


class NotInThisState(Refused):
    """The step does not lead on from the state that the object is in."""

    code: ClassVar[str] = "not_in_this_state"


class NotYourStep(Refused):
    """The step is the other side's, or the clock's."""

    code: ClassVar[str] = "not_your_step"


class Step(Struct, frozen=True, kw_only=True):
    """One row of a table: `actor` may take `name` from any of `sources` to `target`. `timer` names the clock's field."""

    name: str
    actor: str
    sources: tuple[str, ...]
    target: str
    timer: str | None = None


class Process(Struct, frozen=True):
    """What an object may go through. `noun` is what people call it."""

    noun: str
    steps: tuple[Step, ...]

    def step(self, name: str, *, actor: str, state: str) -> Step:
        """Find the row for this step. Raises NotYourStep or NotInThisState."""
        rows = [row for row in self.steps if row.name == name and row.actor == actor]
        if not rows:
            raise NotYourStep(f"to {name} this {self.noun} is not for its {actor}")
        for row in rows:
            if state in row.sources:
                return row
        raise NotInThisState(f"the {self.noun} is {state}; to {name} it, it must be {' or '.join(self.sources_of(name))}")

    def sources_of(self, name: str) -> tuple[str, ...]:
        """Name the states that this step leads on from."""
        return tuple(dict.fromkeys(source for row in self.steps if row.name == name for source in row.sources))

    def open_to(self, actor: str, *, state: str) -> tuple[str, ...]:
        """Name the steps that this actor may take now."""
        return tuple(row.name for row in self.steps if row.actor == actor and state in row.sources)
