"""How held money reaches the freelancer: work is submitted and released, by the client, by the clock, or as agreed."""

from typing import Final

from freehold.domain import ledger
from freehold.domain.money_process.row import Row
from freehold.domain.money_process.words import BLOCKED, STATES

RELEASING: Final[tuple[Row, ...]] = (
    Row(
        transition="submit", by="freelancer", sources=("funded",), target="submitted",
        starts=("auto_release_at", "remind_at"), event="milestone.submitted",
    ),
    Row(
        transition="request_changes", by="client", sources=("submitted",), target="funded", guards=("is_milestone",),
        stops=("auto_release_at", "remind_at"), event="milestone.changes_requested",
    ),
    Row(
        transition="remind", by="scheduler", sources=("submitted",), target="submitted", due="remind_at",
        starts=("remind_at",), event="milestone.release_nears",
    ),
    Row(
        transition="release", by="client", sources=("funded", "submitted", *BLOCKED), target="releasing", resolves=True,
        guards=("no_open_chargeback", "part_is_covered", "legs_left"), opens=("release",),
        journals=(ledger.RELEASE, ledger.OFFSET, ledger.EXCHANGE), commands=("transfer",), event="milestone.release_started",
    ),
    Row(
        transition="auto_release", by="scheduler", sources=("submitted",), target="releasing", resolves=True,
        due="auto_release_at", guards=("no_open_chargeback", "part_is_covered"), opens=("release",),
        journals=(ledger.RELEASE, ledger.OFFSET, ledger.EXCHANGE), commands=("transfer",), event="milestone.release_started",
    ),
    Row(
        transition="auto_release", by="scheduler", sources=("submitted",), target="releasing", resolves=True,
        due="hold_expires_at", guards=("no_open_chargeback", "part_is_covered"), opens=("release",),
        journals=(ledger.RELEASE, ledger.OFFSET, ledger.EXCHANGE), commands=("transfer",), event="milestone.release_started",
    ),
    Row(
        transition="auto_release", by="scheduler", sources=BLOCKED, target="releasing", resolves=True, due="auto_release_at",
        when=("was_submitted", "escrow_left"), guards=("no_open_chargeback", "part_is_covered"), opens=("release",),
        journals=(ledger.RELEASE, ledger.OFFSET, ledger.EXCHANGE), commands=("transfer",), event="milestone.release_started",
    ),
    Row(
        transition="auto_release", by="scheduler", sources=BLOCKED, target="releasing", resolves=True, due="hold_expires_at",
        when=("was_submitted", "escrow_left"), guards=("no_open_chargeback", "part_is_covered"), opens=("release",),
        journals=(ledger.RELEASE, ledger.OFFSET, ledger.EXCHANGE), commands=("transfer",), event="milestone.release_started",
    ),
    Row(
        transition="propose_split", by="client", sources=("funded", "submitted"), target="funded", resolves=True,
        guards=("split_is_covered",), event="milestone.split_proposed",
    ),
    Row(
        transition="propose_split", by="freelancer", sources=("funded", "submitted"), target="funded", resolves=True,
        guards=("split_is_covered",), event="milestone.split_proposed",
    ),
    Row(
        transition="accept_split", by="client", sources=("funded", "submitted"), target="settling", resolves=True,
        guards=("no_open_chargeback", "proposal_is_theirs"), opens=("release", "refund"),
        journals=(ledger.RELEASE, ledger.OFFSET, ledger.EXCHANGE, ledger.RESERVE), commands=("transfer", "refund"),
        event="milestone.settlement_started",
    ),
    Row(
        transition="accept_split", by="freelancer", sources=("funded", "submitted"), target="settling", resolves=True,
        guards=("no_open_chargeback", "proposal_is_theirs"), opens=("release", "refund"),
        journals=(ledger.RELEASE, ledger.OFFSET, ledger.EXCHANGE, ledger.RESERVE), commands=("transfer", "refund"),
        event="milestone.settlement_started",
    ),
    Row(
        transition="transfer_known", by="gateway", sources=("releasing", "settling"), target="released", resolves=True,
        guards=("leg_is_pending", "amount_as_asked"), turns="done", of="release",
        journals=(ledger.TRANSFER, ledger.PAYOUT_FEE, ledger.EXCHANGE_SETTLED, ledger.TRANSFER_CONVERTED),
        event="milestone.released",
    ),
    Row(
        transition="transfer_refused", by="gateway", sources=("releasing", "settling"), target="payout_blocked", resolves=True,
        guards=("leg_is_pending",), turns="blocked", of="release",
        journals=(ledger.EXCHANGE_UNDONE,), event="milestone.payout_blocked",
    ),
    Row(
        transition="payout_returned", by="gateway", sources=STATES, target="payout_blocked", resolves=True,
        guards=("leg_is_done", "amount_as_asked"), turns="blocked", of="release",
        journals=(ledger.PAYOUT_RETURNED, ledger.CONVERTED_RETURNED), event="milestone.payout_blocked",
    ),
    Row(
        transition="retry_payout", by="freelancer", sources=("payout_blocked",), target="releasing", resolves=True,
        guards=("no_open_chargeback", "payout_not_held"), turns="pending", of="release",
        journals=(ledger.OFFSET, ledger.EXCHANGE), commands=("transfer",), event="milestone.release_started",
    ),
    Row(
        transition="retry_payout", by="scheduler", sources=("payout_blocked",), target="releasing", resolves=True,
        guards=("no_open_chargeback", "payout_not_held"), turns="pending", of="release",
        journals=(ledger.OFFSET, ledger.EXCHANGE), commands=("transfer",), event="milestone.release_started",
    ),
)  # fmt: skip
