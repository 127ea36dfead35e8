"""How money goes back to the client: while it is held, after it was released, or because it may be held no longer."""

from typing import Final

from freehold.domain import ledger
from freehold.domain.money_process.row import Row
from freehold.domain.money_process.words import BLOCKED, STATES

RETURNING: Final[tuple[Row, ...]] = (
    Row(
        transition="refund", by="freelancer", sources=("funded", "submitted", *BLOCKED), target="refunding", resolves=True,
        guards=("no_open_chargeback", "part_is_covered", "legs_left"), opens=("refund",),
        journals=(ledger.RESERVE,), commands=("refund",), event="milestone.refund_started",
    ),
    Row(
        transition="refund", by="freelancer", sources=("released",), target="refunding", resolves=True,
        guards=("no_open_chargeback", "within_released", "legs_left"), opens=("refund", "reversal"), source="released",
        journals=(ledger.RETURN,), commands=("refund", "reversal"), event="milestone.refund_started",
    ),
    Row(
        transition="refund", by="operator", sources=("released",), target="refunding", resolves=True,
        guards=("no_open_chargeback", "within_released", "legs_left"), opens=("refund", "reversal"), source="released",
        journals=(ledger.RETURN,), commands=("refund", "reversal"), event="milestone.refund_started",
    ),
    Row(
        transition="abandon", by="scheduler", sources=("funded",), target="refunding", resolves=True, due="hold_expires_at",
        guards=("no_open_chargeback",), opens=("refund",),
        journals=(ledger.RESERVE,), commands=("refund",), event="milestone.abandoned",
    ),
    Row(
        transition="abandon", by="scheduler", sources=("disputed",), target="refunding", resolves=True, due="hold_expires_at",
        guards=("no_open_chargeback",), opens=("refund",), source="disputed",
        journals=(ledger.RESERVE_DISPUTED,), commands=("refund",), event="milestone.abandoned",
    ),
    Row(
        transition="abandon", by="scheduler", sources=BLOCKED, target="refunding", resolves=True, due="hold_expires_at",
        when=("escrow_left",), guards=("no_open_chargeback",), opens=("refund",),
        journals=(ledger.RESERVE,), commands=("refund",), event="milestone.abandoned",
    ),
    Row(
        transition="abandon", by="scheduler", sources=BLOCKED, target="refunding", resolves=True, due="hold_expires_at",
        when=("disputed_left",), guards=("no_open_chargeback",), opens=("refund",), source="disputed",
        journals=(ledger.RESERVE_DISPUTED,), commands=("refund",), event="milestone.abandoned",
    ),
    Row(
        transition="refund_known", by="gateway", sources=("refunding", "settling"), target="refunded", resolves=True,
        guards=("leg_is_pending", "amount_as_asked"), turns="done", of="refund",
        journals=(ledger.REFUND,), event="milestone.refunded",
    ),
    Row(
        transition="refund_refused", by="gateway", sources=("refunding", "settling"), target="refund_blocked", resolves=True,
        guards=("leg_is_pending",), turns="blocked", of="refund", event="milestone.refund_blocked", tells=("client",),
    ),
    Row(
        transition="refund_returned", by="gateway", sources=STATES, target="refund_blocked", resolves=True,
        guards=("leg_is_done", "amount_as_asked"), turns="blocked", of="refund",
        journals=(ledger.REFUND_RETURNED,), event="milestone.refund_blocked", tells=("client",),
    ),
    Row(
        transition="retry_refund", by="client", sources=("refund_blocked",), target="refunding", resolves=True,
        guards=("no_open_chargeback",), turns="pending", of="refund",
        commands=("refund",), event="milestone.refund_started", tells=("client",),
    ),
    Row(
        transition="retry_refund", by="scheduler", sources=("refund_blocked",), target="refunding", resolves=True,
        guards=("no_open_chargeback",), turns="pending", of="refund",
        commands=("refund",), event="milestone.refund_started", tells=("client",),
    ),
    Row(
        transition="refund_by_hand", by="operator", sources=("refund_blocked",), target="refunded", resolves=True,
        guards=("no_open_chargeback",), turns="done", of="refund",
        journals=(ledger.REFUND_BY_HAND,), event="milestone.refunded",
    ),
    Row(
        transition="reversal_known", by="gateway", sources=STATES, target="refunded", resolves=True,
        guards=("leg_is_pending", "amount_as_asked"), turns="done", of="reversal",
        journals=(ledger.REVERSAL,), event="milestone.payout_reversed", tells=("freelancer",),
    ),
    Row(
        transition="reversal_refused", by="gateway", sources=STATES, target="refunded", resolves=True,
        guards=("leg_is_pending",), turns="refused", of="reversal",
        event="milestone.debt_stays", tells=("freelancer",),
    ),
)  # fmt: skip
