"""What is argued about: disputes freeze their own part of what is held, and chargebacks are the payer's bank's own process."""

from typing import Final

from freehold.domain import ledger
from freehold.domain.money_process.row import Row
from freehold.domain.money_process.words import BLOCKED, STATES, State

ARGUABLE: Final[tuple[State, ...]] = ("funded", "submitted", *BLOCKED)
"""Something may be held that nobody is moving right now."""

DISPUTING: Final[tuple[Row, ...]] = (
    Row(
        transition="dispute", by="client", sources=ARGUABLE, target="disputed", resolves=True,
        guards=("no_open_chargeback", "no_open_dispute", "within_escrow", "disputes_left"),
        journals=(ledger.DISPUTE,), event="milestone.disputed",
    ),
    Row(
        transition="dispute", by="freelancer", sources=ARGUABLE, target="disputed", resolves=True,
        guards=("no_open_chargeback", "no_open_dispute", "within_escrow", "disputes_left"),
        journals=(ledger.DISPUTE,), event="milestone.disputed",
    ),
    Row(
        transition="withdraw_dispute", by="operator", sources=(*ARGUABLE, "disputed"), target="submitted", resolves=True,
        when=("was_submitted",), guards=("dispute_is_open",), journals=(ledger.UNDISPUTE,),
        starts=("auto_release_at", "remind_at"),
        event="milestone.dispute_withdrawn",
    ),
    Row(
        transition="withdraw_dispute", by="operator", sources=(*ARGUABLE, "disputed"), target="funded", resolves=True,
        guards=("dispute_is_open",), journals=(ledger.UNDISPUTE,), event="milestone.dispute_withdrawn",
    ),
    Row(
        transition="settle_dispute", by="operator", sources=(*ARGUABLE, "disputed"), target="settling", resolves=True,
        guards=("no_open_chargeback", "dispute_is_open"), opens=("release", "refund"), source="disputed",
        journals=(
            ledger.RELEASE_DISPUTED, ledger.OFFSET, ledger.EXCHANGE, ledger.RESERVE_DISPUTED, ledger.DISPUTE_FEE,
        ),
        commands=("transfer", "refund"), event="milestone.settlement_started",
    ),
    Row(
        transition="chargeback_opened", by="gateway", sources=STATES, target="funded", resolves=True,
        guards=("chargeback_is_new",), journals=(ledger.CHARGEBACK_OPENED, ledger.CHARGEBACK_FEE),
        event="milestone.chargeback_opened",
    ),
    Row(
        transition="chargeback_won", by="gateway", sources=STATES, target="funded", resolves=True,
        guards=("chargeback_is_open",), journals=(ledger.CHARGEBACK_WON, ledger.CHARGEBACK_FEE_BACK),
        event="milestone.chargeback_won",
    ),
    Row(
        transition="chargeback_lost", by="gateway", sources=STATES, target="charged_back", resolves=True,
        guards=("chargeback_is_open", "no_leg_is_pending"), opens=("reversal",), source="released",
        journals=(ledger.CHARGEBACK_LOST,), commands=("reversal",), event="milestone.chargeback_lost",
    ),
)  # fmt: skip
