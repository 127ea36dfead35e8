"""Fee schedules, as everybody and as operators see them."""

from msgspec import Struct

from freehold.documents import FeeScheduleChange, Instant
from freehold.views.proposals import ProposalView


class FeeScheduleView(Struct, frozen=True, kw_only=True):
    """One version of what the platform takes from the freelancer's side, in hundredths of a percent, half up.

    It holds for what is funded from `effective_at` on (null: from the beginning).
    """

    version: int
    basis_points: int
    tax_basis_points: int
    effective_at: Instant | None


class ScheduleProposalView(ProposalView, frozen=True, kw_only=True):
    """A schedule that an operator proposed; `version` is given when another one approves it."""

    version: int | None
    basis_points: int
    tax_basis_points: int
    effective_at: Instant


def view_proposal(change: FeeScheduleChange) -> ScheduleProposalView:
    """Show a proposed schedule to an operator."""
    return ScheduleProposalView(
        id=change.id,
        version=change.number,
        basis_points=change.basis_points,
        tax_basis_points=change.tax_basis_points,
        effective_at=change.effective_at,
        reason=change.reason,
        state=change.state,
        proposed_by=change.proposed_by,
        decided_by=change.decided_by,
        decision_note=change.decision_note,
        created_at=change.created_at,
        expires_at=change.expires_at,
        decided_at=change.decided_at,
    )


def view_approved(change: FeeScheduleChange) -> FeeScheduleView:
    """Show an approved schedule to everybody."""
    return FeeScheduleView(
        version=change.number or 0,
        basis_points=change.basis_points,
        tax_basis_points=change.tax_basis_points,
        effective_at=change.effective_at,
    )
