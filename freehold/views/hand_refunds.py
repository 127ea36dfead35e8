"""Refunds by hand, and the refunds that wait for one, as operators see them."""

import msgspec
from msgspec import Struct

from freehold.documents import HandRefund, Instant, Milestone
from freehold.domain.legs import Leg
from freehold.domain.money import Money
from freehold.views.proposals import ProposalView


class HandRefundView(ProposalView, frozen=True, kw_only=True):
    """A refund paid by hand: of what, why, how it is proven, by whom. Until `expires_at` another operator may approve it."""

    milestone_id: str
    client_id: str
    leg: int
    money: Money
    reference: str
    version: int


class BlockedRefundView(Struct, frozen=True, kw_only=True):
    """A refund that waits: the gateway refused it, or its money came back. `reason` is the gateway's, `tries` counts them."""

    milestone_id: str
    client_id: str
    leg: int
    gateway: str
    money: Money
    tries: int
    reason: str | None
    updated_at: Instant


def view_hand_refund(proposal: HandRefund) -> HandRefundView:
    """Show a refund by hand."""
    return msgspec.convert(proposal, HandRefundView, from_attributes=True)


def view_blocked_refund(milestone: Milestone, leg: Leg) -> BlockedRefundView:
    """Show a refund that waits."""
    return BlockedRefundView(
        milestone_id=milestone.id,
        client_id=milestone.client_id,
        leg=leg.number,
        gateway=milestone.holding.gateway or "",
        money=Money(leg.sent, milestone.holding.amount.currency),
        tries=leg.attempt,
        reason=leg.reason,
        updated_at=milestone.updated_at,
    )
