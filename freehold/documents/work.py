"""What is worked on: milestones."""

from typing import ClassVar

from freehold.documents.document import Document, Index, Instant
from freehold.domain.checklist import Checklist
from freehold.domain.holding import Held, Holding
from freehold.domain.money_process import HoldingKind, State


class Milestone(Document, frozen=True, kw_only=True):
    """A piece of a project, and the money held for it. `job_id` and both parties repeat the project's.

    `auto_release_at` is set while submitted work waits for the client, `funding_expires_at` while a payment is awaited; both
    are set by the database's clock and compared with it. `hold_expires_at` is when the gateway's own limit for holding money
    is near (`max_hold_days`), `remind_at` when the client is reminded of a release by itself, `inspection_s` how long they
    have to look at the work; a `week` of hours is paid after it was looked at. `chargeback` names the one that is open. One
    that came out of a backup says since when (`restored_at`): a payment gateway may know more of it than we do.
    `invoice_count` counts what was invoiced by hand: writing it makes that meet every step of the milestone (ADR 6).
    """

    collection: ClassVar[str] = "milestones"
    indexes: ClassVar[tuple[Index, ...]] = (
        Index((("project_id", 1), ("_id", 1))),
        Index((("client_id", 1), ("_id", 1))),
        Index((("freelancer_id", 1), ("_id", 1))),
        Index((("state", 1), ("_id", -1))),
        Index((("state", 1), ("auto_release_at", 1))),
        Index((("state", 1), ("funding_expires_at", 1))),
        Index((("state", 1), ("hold_expires_at", 1))),
        Index((("state", 1), ("remind_at", 1))),
    )

    project_id: str
    job_id: str
    client_id: str
    freelancer_id: str
    title: str
    description: str = ""
    due_at: Instant | None = None
    checklist: Checklist = ()
    kind: HoldingKind = "milestone"
    state: State = "created"
    holding: Holding
    chargeback: str | None = None
    auto_release_at: Instant | None = None
    funding_expires_at: Instant | None = None
    hold_expires_at: Instant | None = None
    remind_at: Instant | None = None
    reminders: int = 0
    inspection_s: float | None = None
    max_hold_days: int | None = None
    submission_note: str | None = None
    submitted_at: Instant | None = None
    requested_changes: str | None = None
    restored_at: Instant | None = None
    invoice_count: int = 0
    created_at: Instant
    updated_at: Instant

    def held(self) -> Held:
        """Give the milestone as its money sees it."""
        return Held(milestone_id=self.id, payee_id=self.freelancer_id, kind=self.kind, state=self.state, holding=self.holding)
