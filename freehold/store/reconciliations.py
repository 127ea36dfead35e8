"""Reconciliations as they are stored: when one is due, who goes on with it, which commands come next, what the ledger says."""

from datetime import timedelta
from typing import Any, Final

from msgspec import Struct

from freehold.documents import Command, Journal, Reconciliation
from freehold.documents.reconciliation import Place, Scope
from freehold.domain.errors import Refused
from freehold.ids import new_id
from freehold.store.reads import Reads
from freehold.store.unit import Unit

SINCE: Final[dict[Scope, timedelta]] = {"recent": timedelta(days=2), "full": timedelta(days=120)}
"""How far back a run looks. 120 days is as long as most card networks let a payer take a payment back."""
EVERY: Final[dict[Scope, timedelta]] = {"recent": timedelta(hours=1), "full": timedelta(hours=24)}
LEASE_S: Final = 60.0
"""Longer than a function may work; whoever is gone by then has left the run to another one."""
PAGE: Final = 20
MOST_RUNNING: Final = 5
OPEN: Final = ("waiting", "claimed", "stuck")
OVER: Final = ("settled", "withdrawn")
CLEARING: Final = "clearing:"

Totals = dict[tuple[str, str], int]
"""Minor units by gateway and currency."""


class _Total(Struct, frozen=True):
    name: str
    currency: str
    amount: int


class TooManyReconciliations(Refused):
    """As many reconciliations as may run are waiting or running already; their reports will come."""

    code = "too_many_reconciliations"


async def due_scope(reads: Reads) -> Scope | None:
    """Say which run is due by the database's clock; null while none is, or one is running."""
    if await reads.count(Reconciliation, {"state": "running"}, limit=1):
        return None
    clock = await reads.database_now()
    for scopes in (("full",), ("full", "recent")):
        last = await reads.first(Reconciliation, {"state": "done", "scope": {"$in": list(scopes)}}, sort=(("started_at", -1),))
        scope: Scope = "full" if scopes == ("full",) else "recent"
        if last is None or last.started_at + EVERY[scope] <= clock:
            return scope
    return None


async def start(unit: Unit, scope: Scope, *, asked_by: str | None) -> Reconciliation:
    """Begin a run. Raises TooManyReconciliations, or Duplicate at the end when the clock's own is running already."""
    if await unit.count(Reconciliation, {"state": "running"}, limit=MOST_RUNNING) == MOST_RUNNING:
        raise TooManyReconciliations(f"{MOST_RUNNING} are waiting or running; their reports will come")
    clock = await unit.database_now()
    run = Reconciliation(
        id=new_id("rcn"),
        scope=scope,
        asked_by=asked_by,
        is_routine=asked_by is None,
        since=clock - SINCE[scope],
        started_at=clock,
    )
    unit.insert(run)
    return run


async def take_on(unit: Unit) -> Reconciliation | None:
    """Take on the run that nobody is at, for LEASE_S; null when there is none. Raises Stale when somebody was quicker."""
    free = {"$or": [{"due_at": None}, {"due_at": {"$type": "date"}, "$expr": {"$lte": ["$due_at", "$$NOW"]}}]}
    run = await unit.first(Reconciliation, {"state": "running", **free}, sort=(("_id", 1),))
    return None if run is None else await unit.update(run, run, deadlines={"due_at": LEASE_S})


async def page_of(reads: Reads, run: Reconciliation, *, limit: int) -> list[Command]:
    """Read the commands that come next; a cancellation is looked up with its payment."""
    place = run.place
    if place.part == "open":
        is_open = {"state": {"$in": list(OPEN)}, "kind": {"$ne": "cancel"}, "_id": {"$gt": place.key}}
        return await reads.find(Command, is_open, sort=(("_id", 1),), limit=limit)
    begins = place.created_at or run.since
    after = [{"created_at": {"$gt": begins}}, {"created_at": begins, "_id": {"$gt": place.key}}]
    is_over = {"created_at": {"$gte": begins}, "state": {"$in": list(OVER)}, "kind": {"$ne": "cancel"}, "$or": after}
    return await reads.find(Command, is_over, sort=(("created_at", 1), ("_id", 1)), limit=limit)


def place_after(run: Reconciliation, page: list[Command], *, limit: int) -> Place:
    """Say where a run goes on after this page."""
    if run.place.part == "open":
        return Place("open", key=page[-1].id) if len(page) == limit else Place("over")
    return Place("over", created_at=page[-1].created_at, key=page[-1].id) if len(page) == limit else Place("balances")


async def cleared(reads: Reads) -> Totals:
    """Add up what the ledger says lies at each gateway, in each currency."""
    pipeline: list[dict[str, Any]] = [
        {"$match": {"lines.account": {"$regex": f"^{CLEARING}"}}},
        {"$unwind": "$lines"},
        {"$match": {"lines.account": {"$regex": f"^{CLEARING}"}}},
        _grouped("$lines.account", "$lines.currency", "$lines.amount"),
        *_AS_TOTALS,
    ]
    return {
        (row.name.removeprefix(CLEARING), row.currency): row.amount for row in await reads.aggregate(Journal, pipeline, _Total)
    }


_BOTH_SIDES: Final = ["$money", "$conversion.source", "$conversion.spread"]
"""What a command moves, and what it exchanges for that and for the spread that stays."""


async def in_flight(reads: Reads) -> Totals:
    """Add up what is asked of each gateway, or stuck there, in each currency."""
    pipeline: list[dict[str, Any]] = [
        {"$match": {"state": {"$in": list(OPEN)}, "kind": {"$ne": "cancel"}}},
        {"$set": {"money": {"$filter": {"input": _BOTH_SIDES, "cond": {"$ne": [{"$type": "$$this.amount"}, "missing"]}}}}},
        {"$unwind": "$money"},
        _grouped("$gateway", "$money.currency", "$money.amount"),
        *_AS_TOTALS,
    ]
    return {(row.name, row.currency): row.amount for row in await reads.aggregate(Command, pipeline, _Total)}


async def newest_done(reads: Reads) -> Reconciliation | None:
    """Read the run that has ended last."""
    return await reads.first(Reconciliation, {"state": "done"}, sort=(("started_at", -1),))


def _grouped(name: str, currency: str, amount: str) -> dict[str, Any]:
    return {"$group": {"_id": {"name": name, "currency": currency}, "amount": {"$sum": amount}}}


_AS_TOTALS: Final[list[dict[str, Any]]] = [
    {"$project": {"_id": 0, "name": "$_id.name", "currency": "$_id.currency", "amount": 1}}
]
