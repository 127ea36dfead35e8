"""What every proposal shows to operators, whatever it is about."""

from msgspec import Struct

from freehold.documents import Instant
from freehold.documents.operations import ProposalState


class ProposalView(Struct, frozen=True, kw_only=True):
    """Why it was proposed, by whom, and what became of it. Until `expires_at` another operator may approve it."""

    id: str
    reason: str
    state: ProposalState
    proposed_by: str
    decided_by: str | None
    decision_note: str
    created_at: Instant
    expires_at: Instant
    decided_at: Instant | None
