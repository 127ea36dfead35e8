"""Reconciliations, as admins see them."""

from typing import Literal

from msgspec import Struct

from freehold.documents import Instant, Reconciliation
from freehold.documents.reconciliation import Counts, Scope
from freehold.domain.reconciliation import Difference


class BalanceView(Struct, frozen=True, kw_only=True):
    """What lies at a gateway, in minor units: by the ledger, by the gateway (null: it could not be asked).

    They may differ by what was `in_flight` meanwhile.
    """

    gateway: str
    currency: str
    ledger: int
    reported: int | None
    in_flight: int
    agrees: bool


class ReconciliationSummary(Struct, frozen=True, kw_only=True):
    """A run over all payment gateways. `clean`: it is done, and nothing differs. `as_of` is when it ended.

    Open commands are all looked up, those that are over if they were made after `since`. `asked_by` is null for the clock.
    """

    id: str
    scope: Scope
    state: Literal["running", "done"]
    clean: bool
    asked_by: str | None
    since: Instant
    started_at: Instant
    as_of: Instant | None
    counts: Counts
    difference_count: int


class ReconciliationView(ReconciliationSummary, frozen=True, kw_only=True):
    """A run with all that it found; of the differences at most the first 200."""

    balances: tuple[BalanceView, ...]
    differences: tuple[Difference, ...]


def summary_of(run: Reconciliation) -> ReconciliationSummary:
    """Show a run in a list."""
    return ReconciliationSummary(
        id=run.id,
        scope=run.scope,
        state=run.state,
        clean=run.state == "done" and not run.difference_count,
        asked_by=run.asked_by,
        since=run.since,
        started_at=run.started_at,
        as_of=run.as_of,
        counts=run.counts,
        difference_count=run.difference_count,
    )


def view_of(run: Reconciliation) -> ReconciliationView:
    """Show a run."""
    summary = summary_of(run)
    balances = tuple(
        BalanceView(
            gateway=each.gateway,
            currency=each.currency,
            ledger=each.ledger,
            reported=each.reported,
            in_flight=each.in_flight,
            agrees=each.agrees,
        )
        for each in run.balances
    )
    told = {name: getattr(summary, name) for name in ReconciliationSummary.__struct_fields__}
    return ReconciliationView(**told, balances=balances, differences=run.differences)
