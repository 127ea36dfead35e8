"""An adjustment of the ledger, as operators see it."""

import msgspec

from freehold.documents import Adjustment
from freehold.domain.adjustments import AdjustmentKind
from freehold.domain.money import Money
from freehold.views.proposals import ProposalView


class AdjustmentView(ProposalView, frozen=True, kw_only=True):
    """An adjustment: what for, by whom, and what became of it. Until `expires_at` another operator may approve it."""

    kind: AdjustmentKind
    money: Money
    gateway: str | None
    user_id: str | None
    version: int


def view_adjustment(adjustment: Adjustment) -> AdjustmentView:
    """Show an adjustment."""
    return msgspec.convert(adjustment, AdjustmentView, from_attributes=True)
