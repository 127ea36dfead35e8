"""Adjustments of the ledger: proposing, approving (the journal, in the same transaction), rejecting, and their audit."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import msgspec
from msgspec import Struct
from pymongo.asynchronous.client_session import AsyncClientSession

from freehold.documents import Adjustment, Journal, Withdrawals
from freehold.domain import ledger
from freehold.domain.adjustments import journal_of, key_of, require_covered
from freehold.domain.audit import Violation
from freehold.domain.proposals import ProposalExpired, require_decidable
from freehold.events import AdjustmentApproved
from freehold.ids import new_id
from freehold.store.connection import Store
from freehold.store.errors import Missing, Stale
from freehold.store.journals import post_journal
from freehold.store.mapping import from_bson
from freehold.store.payees import settle_debt
from freehold.store.reads import Reads
from freehold.store.unit import Unit, now

LASTS_S: Final = 7 * 86_400
"""A proposal is decided within this time, by the database's clock."""
UNDECIDED: Final[dict[str, Any]] = {"state": "proposed", "$expr": {"$gt": ["$expires_at", "$$NOW"]}}


async def propose(unit: Unit, adjustment: Adjustment) -> Adjustment:
    """Keep a proposal, with its end."""
    kept = msgspec.structs.replace(adjustment, expires_at=await unit.database_now() + timedelta(seconds=LASTS_S))
    unit.insert(kept)
    return kept


async def approve(unit: Unit, adjustment_id: str, *, by: str, note: str) -> Adjustment:
    """Approve an adjustment and write its journal.

    Raises Missing, ProposalDecided, OwnProposal, ProposalExpired; NotCovered for a withdrawal of what is not the platform's
    own, DebtTooSmall for writing off more than is owed.
    """
    adjustment = await _decidable(unit, adjustment_id, by=by, approving=True)
    after = adjustment.decided("approved", by=by, note=note, at=now())
    try:
        stored = await unit.update(adjustment, after, guard=UNDECIDED)
    except Stale as error:
        raise ProposalExpired("it was to be approved before its end") from error
    await _require_possible(unit, stored)
    post_journal(unit, _journal(stored))
    unit.emit(AdjustmentApproved(adjustment_id=stored.id, kind=stored.kind, amount=stored.money, by=by), stored)
    return stored


async def reject(unit: Unit, adjustment_id: str, *, by: str, note: str) -> Adjustment:
    """Reject an adjustment, or take one's own back. Raises Missing, ProposalDecided."""
    adjustment = await _decidable(unit, adjustment_id, by=by, approving=False)
    return await unit.update(
        adjustment, adjustment.decided("rejected", by=by, note=note, at=now()), guard={"state": "proposed"}
    )  # fmt: skip


async def balances_in(reads: Reads, currency: str) -> Mapping[str, int]:
    """Add up every account in one currency, milestones' accounts under their common name. It reads the whole ledger."""
    account = {"$arrayElemAt": [{"$split": ["$lines.account", ":mst_"]}, 0]}
    pipeline: list[dict[str, Any]] = [
        {"$match": {"lines.currency": currency}},
        {"$unwind": "$lines"},
        {"$match": {"lines.currency": currency}},
        {"$group": {"_id": account, "amount": {"$sum": "$lines.amount"}}},
        {"$project": {"_id": 0, "account": "$_id", "amount": 1}},
    ]
    balances: defaultdict[str, int] = defaultdict(int)
    for row in await reads.aggregate(Journal, pipeline, into=_Sum):
        balances[row.account] += row.amount
    return balances


class _Sum(Struct, frozen=True):
    account: str
    amount: int


async def _require_possible(unit: Unit, adjustment: Adjustment) -> None:
    if adjustment.kind == "withdrawal" and adjustment.gateway is not None:
        currency = adjustment.money.currency
        await _meet_other_withdrawals(unit, currency)
        require_covered(adjustment.money, gateway=adjustment.gateway, balances=await balances_in(unit, currency))
    if adjustment.kind == "write_off" and adjustment.user_id is not None:
        await settle_debt(unit, adjustment.user_id, adjustment.money, now=now())


async def _meet_other_withdrawals(unit: Unit, currency: str) -> None:
    """Write to what all withdrawals of a currency write to: of two at once, the second counts the first."""
    known = await unit.get(Withdrawals, currency)
    if known is None:
        unit.insert(Withdrawals(id=currency, count=1), duplicate=Stale(f"another withdrawal of {currency} was first"))
    else:
        await unit.update(known, msgspec.structs.replace(known, count=known.count + 1))


async def check_adjustments(store: Store, session: AsyncClientSession) -> tuple[list[Journal], list[Violation]]:
    """Compare the approved adjustments with their journals, at the moment of a snapshot: each has exactly its own.

    Gives the journals that belong to an adjustment, and what is wrong.
    """
    violations: list[Violation] = []
    expected: dict[str, Adjustment] = {}
    async for raw in store.collection(Adjustment).find({"state": "approved"}, session=session):
        adjustment = from_bson(raw, Adjustment)
        expected[key_of(adjustment.id)] = adjustment
    found: list[Journal] = []
    async for raw in store.collection(Journal).find({"key": {"$gte": "adjust:", "$lt": "adjust;"}}, session=session):
        journal = from_bson(raw, Journal)
        of_it = expected.pop(journal.key, None)
        if of_it is None:
            continue  # it belongs to nobody, which the audit says of every such journal
        found.append(journal)
        if journal.lines != journal_of_adjustment(of_it).lines:
            violations.append(Violation(code="journal_differs", subject=of_it.id, detail=f"{journal.key} is not as approved"))
    violations += [
        Violation(code="journal_missing", subject=adjustment.id, detail=f"{key} was approved and is not there")
        for key, adjustment in sorted(expected.items())
    ]
    return found, violations


def _journal(adjustment: Adjustment) -> Journal:
    journal = journal_of_adjustment(adjustment)
    return Journal(
        id=new_id("jrn"),
        key=journal.key,
        milestone_id=adjustment.id,
        milestone_version=adjustment.version,
        n=0,
        lines=journal.lines,
        created_at=now(),
    )


def journal_of_adjustment(adjustment: Adjustment) -> ledger.Journal:
    """Make the journal that an approved adjustment must have."""
    return journal_of(adjustment.id, adjustment.kind, adjustment.money, gateway=adjustment.gateway, user_id=adjustment.user_id)


async def _decidable(unit: Unit, adjustment_id: str, *, by: str, approving: bool) -> Adjustment:
    adjustment = await unit.get(Adjustment, adjustment_id)
    if adjustment is None:
        raise Missing(f"no adjustment {adjustment_id} was proposed")
    require_decidable(adjustment.state, proposed_by=adjustment.proposed_by, by=by, approving=approving)
    return adjustment
