"""Disputes between the two parties of a milestone."""

from typing import ClassVar

from msgspec import Struct

from freehold.documents.argued import Argued
from freehold.documents.document import Index, Instant
from freehold.domain.dispute_case import Case
from freehold.domain.dispute_process import TERMINAL, Actor, Reason, State, Transition


class StepTaken(Struct, frozen=True, kw_only=True):
    """A line of a dispute's history, which both sides see. `by_id` is the person's, null for the clock."""

    transition: Transition
    by: Actor
    by_id: str | None
    came_from: State | None
    went_to: State
    at: Instant


class MediatorNote(Struct, frozen=True, kw_only=True):
    """What mediators tell each other. No party ever sees it."""

    text: str
    by_id: str
    at: Instant


class Dispute(Argued, frozen=True, kw_only=True):
    """A dispute about a part of what is held for a milestone. Both parties and the title repeat the milestone's.

    While `is_open` its money is frozen; a milestone has one open dispute at most. `due_at` ends the present state, and both
    sides are reminded at `remind_half_at` and `remind_late_at`; all three are set by the database's clock and compared with
    it. `filed_by_id` is an operator's when one has filed for a party. `blocked_by` says why a decision was not executed yet.
    """

    collection: ClassVar[str] = "disputes"
    indexes: ClassVar[tuple[Index, ...]] = (
        Index((("milestone_id", 1),), unique=True, partial={"is_open": True}),
        Index((("milestone_id", 1), ("_id", -1))),
        Index((("client_id", 1), ("_id", -1))),
        Index((("freelancer_id", 1), ("_id", -1))),
        Index((("case.state", 1), ("_id", -1))),
        Index((("due_at", 1),)),
        Index((("remind_half_at", 1),)),
        Index((("remind_late_at", 1),)),
    )

    milestone_id: str
    project_id: str
    title: str
    case: Case
    is_open: bool = True
    reason: Reason
    statement: str
    answer: str | None = None
    filed_by_id: str
    mediator_id: str | None = None
    notes: tuple[MediatorNote, ...] = ()
    history: tuple[StepTaken, ...] = ()
    due_at: Instant | None = None
    remind_half_at: Instant | None = None
    remind_late_at: Instant | None = None
    blocked_by: str | None = None
    created_at: Instant
    updated_at: Instant

    @property
    def is_over(self) -> bool:
        """Whether nothing is frozen for it any more."""
        return self.case.state in TERMINAL
