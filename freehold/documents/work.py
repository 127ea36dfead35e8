"""What is worked on: milestones."""

from typing import ClassVar

from freehold.documents.document import Document, Index, Instant
from freehold.domain.holding import Held, Holding
from freehold.domain.money_process import State


class Milestone(Document, frozen=True, kw_only=True):
    """A piece of a project, and the money held for it. `job_id` and both parties repeat the project's.

    `auto_release_at` is set while submitted work waits for the client, `funding_expires_at` while a payment is awaited; both
    are set by the database's clock and compared with it. `chargeback` names the one that is open. One that came out of a
    backup says since when (`restored_at`): a payment gateway may know more of it than we do.
    """

    collection: ClassVar[str] = "milestones"
    indexes: ClassVar[tuple[Index, ...]] = (
        Index((("project_id", 1), ("_id", 1))),
        Index((("state", 1), ("auto_release_at", 1))),
        Index((("state", 1), ("funding_expires_at", 1))),
    )

    project_id: str
    job_id: str
    client_id: str
    freelancer_id: str
    title: str
    description: str = ""
    due_at: Instant | None = None
    state: State = "created"
    holding: Holding
    chargeback: str | None = None
    auto_release_at: Instant | None = None
    funding_expires_at: Instant | None = None
    submission_note: str | None = None
    submitted_at: Instant | None = None
    requested_changes: str | None = None
    restored_at: Instant | None = None
    created_at: Instant
    updated_at: Instant

    def held(self) -> Held:
        """Give the milestone as its money sees it."""
        return Held(milestone_id=self.id, state=self.state, holding=self.holding, chargeback=self.chargeback)
