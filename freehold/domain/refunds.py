"""Refunds that wait because the gateway could not make them, and what operators may do about them by hand."""

from freehold.domain.errors import Refused
from freehold.domain.holding import Holding
from freehold.domain.legs import Leg


class RefundNotBlocked(Refused):
    """No refund waits there for somebody to act, or not the one that was meant."""

    code = "refund_not_blocked"


class RefundedByHand(Refused):
    """Operators are paying this refund in another way: it is not tried again at the gateway meanwhile."""

    code = "refunded_by_hand"


def blocked_refund(holding: Holding) -> Leg | None:
    """Find the refund that waits for somebody to act: of several the first, which every step about them turns."""
    return next((leg for leg in holding.legs_of("refund") if leg.state == "blocked"), None)


def require_blocked(holding: Holding) -> Leg:
    """Give the refund that waits. Raises RefundNotBlocked."""
    leg = blocked_refund(holding)
    if leg is None:
        raise RefundNotBlocked("no refund of this milestone waits for somebody to act")
    return leg


def require_same(holding: Holding, *, leg: int, attempt: int, amount_minor: int) -> None:
    """Raise RefundNotBlocked unless this try of this leg still waits, with the same amount."""
    waiting = require_blocked(holding)
    if (waiting.number, waiting.attempt, waiting.sent) != (leg, attempt, amount_minor):
        raise RefundNotBlocked("the refund that was proposed to be paid by hand is not the one that waits now")
