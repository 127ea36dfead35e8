"""An adjustment of the ledger, as operators see it."""

import msgspec
from msgspec import Struct

from freehold.documents import Adjustment, Instant
from freehold.documents.operations import ProposalState
from freehold.domain.adjustments import AdjustmentKind
from freehold.domain.money import Money


class AdjustmentView(Struct, frozen=True, kw_only=True):
    """An adjustment: what for, by whom, and what became of it. Until `expires_at` another operator may approve it."""

    id: str
    kind: AdjustmentKind
    money: Money
    gateway: str | None
    user_id: str | None
    reason: str
    state: ProposalState
    proposed_by: str
    decided_by: str | None
    decision_note: str
    created_at: Instant
    expires_at: Instant
    decided_at: Instant | None
    version: int


def view_adjustment(adjustment: Adjustment) -> AdjustmentView:
    """Show an adjustment."""
    return msgspec.convert(adjustment, AdjustmentView, from_attributes=True)
