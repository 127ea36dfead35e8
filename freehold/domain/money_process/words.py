"""The words of the process of a milestone's money: states, steps, who takes them, what they look at and what they ask for."""

from typing import Final, Literal, get_args

State = Literal[
    "created", "funding", "funded", "submitted", "disputed", "releasing", "released", "payout_blocked",
    "cancelled", "refunding", "refunded", "refund_blocked", "settling", "charged_back",
]  # fmt: skip
Transition = Literal[
    "fund", "deposit_paid", "deposit_refused", "payment_cancelled", "expire_funding", "cancel",
    "submit", "request_changes", "remind", "release", "auto_release", "propose_split", "accept_split",
    "transfer_known", "transfer_refused", "payout_returned", "retry_payout",
    "refund", "abandon", "refund_known", "refund_refused", "refund_returned", "retry_refund", "refund_by_hand",
    "reversal_known", "reversal_refused",
    "dispute", "withdraw_dispute", "settle_dispute",
    "chargeback_opened", "chargeback_won", "chargeback_lost",
]  # fmt: skip
Party = Literal["client", "freelancer"]
Person = Party | Literal["operator"]
"""`operator` is an administrator, and the platform where it carries out what both parties agreed on or what was ruled."""
Actor = Person | Literal["scheduler", "gateway"]
Condition = Literal[
    "payment_refused", "amount_matches", "amount_differs", "is_week", "was_submitted", "escrow_left", "disputed_left"
]
Guard = Literal[
    "currency_matches",
    "no_open_chargeback",
    "no_open_dispute",
    "part_is_covered",
    "within_escrow",
    "within_released",
    "split_is_covered",
    "legs_left",
    "disputes_left",
    "same_payment",
    "leg_is_pending",
    "leg_is_done",
    "no_leg_is_pending",
    "amount_as_asked",
    "payout_not_held",
    "proposal_is_theirs",
    "dispute_is_open",
    "is_milestone",
    "chargeback_is_new",
    "chargeback_is_open",
]
Deadline = Literal["auto_release_at", "funding_expires_at", "hold_expires_at", "remind_at"]
CommandKind = Literal["fund", "cancel", "transfer", "refund", "reversal"]
LegKind = Literal["release", "refund", "reversal"]
LegState = Literal["pending", "done", "blocked", "refused"]
Source = Literal["escrow", "disputed", "unmatched", "released"]
"""Where a leg's money comes from: what is held, what is disputed, a deposit that did not match, what was released before."""
HoldingKind = Literal["milestone", "week"]
"""A piece of work that is submitted and looked at, or a week of hours that was looked at before it was paid."""

STATES: Final[tuple[State, ...]] = get_args(State)
TRANSITIONS: Final[tuple[Transition, ...]] = get_args(Transition)
DEADLINES: Final[tuple[Deadline, ...]] = get_args(Deadline)
TERMINAL: Final[frozenset[State]] = frozenset({"released", "cancelled", "refunded", "charged_back"})
"""Nothing is held any more. (Out of these leads only what comes from outside, or what is given back of one's own will.)"""
BLOCKED: Final[tuple[State, ...]] = ("payout_blocked", "refund_blocked")
"""A leg waits for somebody to unblock it. The rest may be held still, and goes on without it."""
SETTLING: Final[frozenset[State]] = frozenset({"funding", "releasing", "refunding", "settling"})
"""Waiting for a payment gateway; at rest, nothing stays here."""
HUMAN: Final[frozenset[Actor]] = frozenset({"client", "freelancer", "operator"})
PARTIES: Final[tuple[Party, ...]] = get_args(Party)
