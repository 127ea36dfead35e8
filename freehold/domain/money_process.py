"""The process of a milestone's money, as data: who takes which step, from where to where, under which guard, and what it moves.

This table is the only place that says so. From it come the transition function (`escrow`), the buttons that each actor sees,
the deadlines' filters, the notifications per recipient, the page in the docs, and the tests.
Rows with the same transition and source are tried in order; the first whose `when` holds is taken, then its guards must hold.
"""

from typing import Final, Literal, get_args

from msgspec import Struct

from freehold.domain import ledger
from freehold.domain.ledger import Template

State = Literal[
    "created", "funding", "funded", "submitted", "releasing", "released", "payout_blocked",
    "cancelled", "refunding", "refunded", "refund_blocked",
]  # fmt: skip
Transition = Literal[
    "fund", "deposit_paid", "deposit_refused", "payment_cancelled", "expire_funding", "cancel", "submit", "request_changes",
    "release", "auto_release", "transfer_known", "transfer_refused", "retry_payout",
    "refund_known", "refund_refused", "retry_refund",
]  # fmt: skip
Party = Literal["client", "freelancer"]
Actor = Party | Literal["scheduler", "gateway"]
Condition = Literal["payment_refused", "amount_matches", "amount_differs"]
Guard = Literal[
    "currency_matches",
    "no_open_chargeback",
    "part_is_covered",
    "legs_left",
    "same_payment",
    "leg_is_pending",
    "amount_as_asked",
]
Deadline = Literal["auto_release_at", "funding_expires_at"]
CommandKind = Literal["fund", "cancel", "transfer", "refund"]
LegKind = Literal["release", "refund"]
LegState = Literal["pending", "done", "blocked"]

STATES: Final[tuple[State, ...]] = get_args(State)
TRANSITIONS: Final[tuple[Transition, ...]] = get_args(Transition)
TERMINAL: Final[frozenset[State]] = frozenset({"released", "cancelled", "refunded"})
"""Nothing is held any more. (A cancelled milestone comes back to life for one reason only: it was paid after all.)"""
SETTLING: Final[frozenset[State]] = frozenset({"funding", "releasing", "refunding"})
"""Waiting for a payment gateway; at rest, nothing stays here."""
HUMAN: Final[frozenset[Actor]] = frozenset(get_args(Party))
BOTH: Final[tuple[Party, ...]] = ("client", "freelancer")


class Row(Struct, frozen=True, kw_only=True):
    """One step. `rest_returns` sends a milestone back to where its leg began while money is left in escrow."""

    transition: Transition
    by: Actor
    sources: tuple[State, ...]
    target: State
    rest_returns: bool = False
    when: Condition | None = None
    guards: tuple[Guard, ...] = ()
    due: Deadline | None = None
    opens_leg: LegKind | None = None
    turns_leg: LegState | None = None
    journals: tuple[Template, ...] = ()
    command: CommandKind | None = None
    starts: Deadline | None = None
    stops: Deadline | None = None
    event: str
    tells: tuple[Party, ...] = BOTH


PROCESS: Final[tuple[Row, ...]] = (
    Row(
        transition="fund", by="client", sources=("created",), target="funding",
        command="fund", starts="funding_expires_at",
        event="milestone.funding_started", tells=("client",),
    ),
    Row(
        transition="fund", by="client", sources=("funding",), target="funding", when="payment_refused",
        command="fund", starts="funding_expires_at",
        event="milestone.funding_started", tells=("client",),
    ),
    Row(
        transition="deposit_paid", by="gateway", sources=("funding",), target="funded", when="amount_matches",
        guards=("same_payment", "currency_matches"), journals=(ledger.DEPOSIT, ledger.GATEWAY_FEE), stops="funding_expires_at",
        event="milestone.funded",
    ),
    Row(
        transition="deposit_paid", by="gateway", sources=("funding",), target="refunding", when="amount_differs",
        guards=("same_payment", "currency_matches"), opens_leg="refund",
        journals=(ledger.UNMATCHED_DEPOSIT, ledger.GATEWAY_FEE), command="refund", stops="funding_expires_at",
        event="milestone.refund_started",
    ),
    Row(
        transition="deposit_paid", by="gateway", sources=("cancelled",), target="refunding",
        guards=("same_payment", "currency_matches"), opens_leg="refund",
        journals=(ledger.DEPOSIT, ledger.GATEWAY_FEE, ledger.RESERVE), command="refund",
        event="milestone.refund_started", tells=("client",),
    ),
    Row(
        transition="deposit_refused", by="gateway", sources=("funding",), target="funding", guards=("same_payment",),
        event="milestone.payment_refused", tells=("client",),
    ),
    Row(
        transition="payment_cancelled", by="gateway", sources=("funding",), target="cancelled", guards=("same_payment",),
        stops="funding_expires_at", event="milestone.cancelled",
    ),
    Row(
        transition="expire_funding", by="scheduler", sources=("funding",), target="cancelled", due="funding_expires_at",
        command="cancel", stops="funding_expires_at", event="milestone.cancelled",
    ),
    Row(
        transition="cancel", by="client", sources=("funding",), target="cancelled",
        command="cancel", stops="funding_expires_at", event="milestone.cancelled",
    ),
    Row(
        transition="cancel", by="client", sources=("created",), target="cancelled",
        event="milestone.cancelled", tells=("freelancer",),
    ),
    Row(
        transition="submit", by="freelancer", sources=("funded",), target="submitted",
        starts="auto_release_at", event="milestone.submitted",
    ),
    Row(
        transition="request_changes", by="client", sources=("submitted",), target="funded",
        stops="auto_release_at", event="milestone.changes_requested",
    ),
    Row(
        transition="release", by="client", sources=("funded", "submitted"), target="releasing",
        guards=("no_open_chargeback", "part_is_covered", "legs_left"), opens_leg="release", journals=(ledger.RELEASE,),
        command="transfer", event="milestone.release_started",
    ),
    Row(
        transition="auto_release", by="scheduler", sources=("submitted",), target="releasing", due="auto_release_at",
        guards=("no_open_chargeback", "part_is_covered"), opens_leg="release", journals=(ledger.RELEASE,),
        command="transfer", event="milestone.release_started",
    ),
    Row(
        transition="transfer_known", by="gateway", sources=("releasing",), target="released", rest_returns=True,
        guards=("leg_is_pending", "amount_as_asked"), turns_leg="done", journals=(ledger.TRANSFER,), event="milestone.released",
    ),
    Row(
        transition="transfer_refused", by="gateway", sources=("releasing",), target="payout_blocked",
        guards=("leg_is_pending",), turns_leg="blocked", event="milestone.payout_blocked",
    ),
    Row(
        transition="retry_payout", by="freelancer", sources=("payout_blocked",), target="releasing",
        turns_leg="pending", command="transfer", event="milestone.release_started",
    ),
    Row(
        transition="refund_known", by="gateway", sources=("refunding",), target="refunded", rest_returns=True,
        guards=("leg_is_pending", "amount_as_asked"), turns_leg="done", journals=(ledger.REFUND,), event="milestone.refunded",
    ),
    Row(
        transition="refund_refused", by="gateway", sources=("refunding",), target="refund_blocked",
        guards=("leg_is_pending",), turns_leg="blocked", event="milestone.refund_blocked", tells=("client",),
    ),
    Row(
        transition="retry_refund", by="client", sources=("refund_blocked",), target="refunding",
        turns_leg="pending", command="refund", event="milestone.refund_started", tells=("client",),
    ),
)  # fmt: skip


def rows_for(transition: Transition, state: State) -> tuple[Row, ...]:
    """List the rows of this transition from this state, in the order in which they are tried."""
    return tuple(row for row in PROCESS if row.transition == transition and state in row.sources)


def actors_of(transition: Transition) -> frozenset[Actor]:
    """Say who ever takes this transition."""
    return frozenset(row.by for row in PROCESS if row.transition == transition)


def timed_rows(deadline: Deadline) -> tuple[Row, ...]:
    """List the rows that this deadline drives."""
    return tuple(row for row in PROCESS if row.due == deadline)


def parties_told(transition: Transition, *, came_from: State, went_to: State) -> frozenset[Party]:
    """Say which parties hear of this step (nobody, when the table has no such step)."""
    return frozenset(
        party
        for row in rows_for(transition, came_from)
        if went_to == row.target or (row.rest_returns and went_to not in SETTLING)
        for party in row.tells
    )
