"""What stands in the way of trying a refund again: operators are paying it by hand."""

from typing import Any, Final

from freehold.documents import HandRefund
from freehold.domain.refunds import RefundedByHand
from freehold.store.reads import Reads

UNDECIDED: Final[dict[str, Any]] = {"state": "proposed", "$expr": {"$gt": ["$expires_at", "$$NOW"]}}
"""Proposals that may still be approved, by the database's clock."""


async def require_not_by_hand(reads: Reads, milestone_id: str) -> None:
    """Raise RefundedByHand while a refund of this milestone is proposed to be paid by hand."""
    if await reads.first(HandRefund, {"milestone_id": milestone_id, **UNDECIDED}) is not None:
        raise RefundedByHand("operators are paying this refund by hand; it is not tried again at the gateway")
