"""What happens to payees, their accounts and holds, to saved payment methods; and what operators decide about money."""

from typing import ClassVar

from freehold.documents.document import Instant
from freehold.domain.money import Money
from freehold.events.event import Event


class PaymentMethodRequested(Event, frozen=True, kw_only=True):
    """Somebody wants to save a payment method, or to know how it stands: the gateway is to be asked."""

    type: ClassVar[str] = "payment_method.requested"
    method_id: str
    user_id: str


class PaymentMethodChanged(Event, frozen=True, kw_only=True):
    """A saved payment method stands differently now: `state` is pending (its owner must act), ready or refused."""

    type: ClassVar[str] = "payment_method.changed"
    method_id: str
    user_id: str
    gateway: str
    label: str
    state: str
    reason: str | None = None


class PayoutAccountRequested(Event, frozen=True, kw_only=True):
    """Somebody wants to be paid at a gateway, or to know how their account stands: the gateway is to be asked."""

    type: ClassVar[str] = "payout_account.requested"
    account_id: str
    user_id: str


class PayoutAccountChanged(Event, frozen=True, kw_only=True):
    """A payout account stands differently now: pending (its owner must act), ready, or restricted for these `reasons`."""

    type: ClassVar[str] = "payout_account.changed"
    account_id: str
    user_id: str
    gateway: str
    state: str
    reasons: tuple[str, ...] = ()


class PayoutsHeld(Event, frozen=True, kw_only=True):
    """Somebody's payouts are held up, for this reason, until then (null: until it is lifted)."""

    type: ClassVar[str] = "payouts.held"
    hold_id: str
    user_id: str
    kind: str
    reason: str
    until: Instant | None = None
    by: str | None = None


class PayoutHoldLifted(Event, frozen=True, kw_only=True):
    """A hold is over, by itself or by an operator (`by`, with a `note`). `free`: nothing else holds the payouts up."""

    type: ClassVar[str] = "payouts.hold_lifted"
    hold_id: str
    user_id: str
    free: bool
    by: str | None = None
    note: str = ""


class FeeScheduleApproved(Event, frozen=True, kw_only=True):
    """Two operators have decided on a fee schedule, for what is funded from `effective_at` on."""

    type: ClassVar[str] = "fees.schedule_approved"
    schedule_id: str
    number: int
    basis_points: int
    effective_at: Instant


class AdjustmentApproved(Event, frozen=True, kw_only=True):
    """Two operators have adjusted the ledger by hand."""

    type: ClassVar[str] = "ledger.adjusted"
    adjustment_id: str
    kind: str
    amount: Money
    by: str
