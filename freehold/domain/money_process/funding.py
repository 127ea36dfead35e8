"""How money comes in: paying for a milestone, and what can go wrong with that."""

from typing import Final

from freehold.domain import ledger
from freehold.domain.money_process.row import Row

FUNDING: Final[tuple[Row, ...]] = (
    Row(
        transition="fund", by="client", sources=("created",), target="funding",
        commands=("fund",), starts=("funding_expires_at",),
        event="milestone.funding_started", tells=("client",),
    ),
    Row(
        transition="fund", by="client", sources=("funding",), target="funding", when=("payment_refused",),
        commands=("fund",), starts=("funding_expires_at",),
        event="milestone.funding_started", tells=("client",),
    ),
    Row(
        transition="fund", by="scheduler", sources=("created",), target="funding", when=("is_week",),
        commands=("fund",), starts=("funding_expires_at",),
        event="milestone.funding_started", tells=("client",),
    ),
    Row(
        transition="fund", by="scheduler", sources=("funding",), target="funding", when=("is_week", "payment_refused"),
        commands=("fund",), starts=("funding_expires_at",),
        event="milestone.funding_started", tells=("client",),
    ),
    Row(
        transition="deposit_paid", by="gateway", sources=("funding",), target="submitted", when=("amount_matches", "is_week"),
        guards=("same_payment", "currency_matches"), journals=(ledger.DEPOSIT, ledger.GATEWAY_FEE),
        starts=("auto_release_at", "hold_expires_at"), stops=("funding_expires_at",),
        event="milestone.funded",
    ),
    Row(
        transition="deposit_paid", by="gateway", sources=("funding",), target="funded", when=("amount_matches",),
        guards=("same_payment", "currency_matches"), journals=(ledger.DEPOSIT, ledger.GATEWAY_FEE),
        starts=("hold_expires_at",), stops=("funding_expires_at",),
        event="milestone.funded",
    ),
    Row(
        transition="deposit_paid", by="gateway", sources=("funding",), target="refunding", when=("amount_differs",),
        guards=("same_payment", "currency_matches"), opens=("refund",), source="unmatched",
        journals=(ledger.UNMATCHED_DEPOSIT, ledger.GATEWAY_FEE), commands=("refund",), stops=("funding_expires_at",),
        event="milestone.refund_started",
    ),
    Row(
        transition="deposit_paid", by="gateway", sources=("cancelled",), target="refunding",
        guards=("same_payment", "currency_matches"), opens=("refund",),
        journals=(ledger.DEPOSIT, ledger.GATEWAY_FEE, ledger.RESERVE), commands=("refund",),
        event="milestone.refund_started", tells=("client",),
    ),
    Row(
        transition="deposit_refused", by="gateway", sources=("funding",), target="funding", guards=("same_payment",),
        event="milestone.payment_refused", tells=("client",),
    ),
    Row(
        transition="payment_cancelled", by="gateway", sources=("funding",), target="cancelled", guards=("same_payment",),
        stops=("funding_expires_at",), event="milestone.cancelled",
    ),
    Row(
        transition="expire_funding", by="scheduler", sources=("funding",), target="cancelled", due="funding_expires_at",
        commands=("cancel",), stops=("funding_expires_at",), event="milestone.cancelled",
    ),
    Row(
        transition="cancel", by="client", sources=("funding",), target="cancelled",
        commands=("cancel",), stops=("funding_expires_at",), event="milestone.cancelled",
    ),
    Row(
        transition="cancel", by="client", sources=("created",), target="cancelled",
        event="milestone.cancelled", tells=("freelancer",),
    ),
)  # fmt: skip
