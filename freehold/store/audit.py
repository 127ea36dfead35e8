"""The ledger's audit: every journal against zero, every milestone against its journals, all in one snapshot.

Milestones are read in batches and their journals are added up by the database, so memory stays bounded however long the
ledger is. What a payment gateway itself counts is compared by the caller (`freehold.store` knows no gateway).
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import nullcontext
from datetime import datetime
from typing import Any, Final

from msgspec import Struct
from pymongo.asynchronous.client_session import AsyncClientSession

from freehold.documents import Command, Journal, Milestone
from freehold.domain.audit import Violation, violations_of
from freehold.domain.money_process import SETTLING, CommandKind
from freehold.store.adjustments import check_adjustments
from freehold.store.connection import Store
from freehold.store.hand_refunds import check_hand_refunds
from freehold.store.log_audit import violations_of_log
from freehold.store.mapping import from_bson

BATCH: Final = 500
MOST_VIOLATIONS: Final = 100
OPEN: Final = ("waiting", "claimed")

_CURRENCIES: Final = {"$setUnion": ["$lines.currency", []]}
_LINES_OF_IT: Final = {"$filter": {"input": "$lines", "cond": {"$eq": ["$$this.currency", "$$currency"]}}}
_ITS_SUM: Final = {"$sum": {"$map": {"input": _LINES_OF_IT, "in": "$$this.amount"}}}
UNBALANCED: Final[dict[str, Any]] = {
    "$expr": {
        "$or": [
            {"$eq": [{"$size": "$lines"}, 0]},
            {"$anyElementTrue": [{"$map": {"input": _CURRENCIES, "as": "currency", "in": {"$ne": [_ITS_SUM, 0]}}}]},
        ]
    }
}
"""Matches journals whose lines do not sum to zero in each of their currencies, and journals without lines."""


class AccountTotal(Struct, frozen=True, kw_only=True):
    """An account's balance over the whole ledger, in minor units: debits above zero. All of a currency sum to zero.

    Accounts of milestones are added up under their common name (`escrow`).
    """

    account: str
    currency: str
    balance: int


class LedgerAudit(Struct, frozen=True, kw_only=True):
    """What an audit found. `violations` lists the first MOST_VIOLATIONS of `violation_count`.

    `settling` counts milestones that wait for a gateway, `open_commands` what is under way: both are zero at rest.
    """

    as_of: datetime
    journals: int
    milestones: int
    settling: int
    open_commands: int
    totals: tuple[AccountTotal, ...]
    violations: tuple[Violation, ...]
    violation_count: int

    @property
    def at_rest(self) -> bool:
        """Whether nothing is on its way, so that the books and the gateways must agree."""
        return self.settling == self.open_commands == 0


class _Findings:
    """What has been found so far."""

    def __init__(self) -> None:
        self.milestones = self.settling = self.journals = self.open_commands = 0
        self.totals: defaultdict[tuple[str, str], int] = defaultdict(int)
        self.violations: list[Violation] = []
        self.violation_count = 0

    def add(self, violations: Iterable[Violation]) -> None:
        for violation in violations:
            self.violation_count += 1
            if len(self.violations) < MOST_VIOLATIONS:
                self.violations.append(violation)


async def audit_ledger(store: Store, *, batch: int = BATCH, session: AsyncClientSession | None = None) -> LedgerAudit:
    """Check the whole ledger as it stands at one moment, while work goes on: at that of a snapshot `session`, or now."""
    as_of = await store.database_now()
    found = _Findings()
    async with nullcontext(session) if session else store.client.start_session(snapshot=True) as snapshot:
        await _check_each_journal(store, snapshot, found)
        async for milestones in _batches(store, snapshot, batch):
            await _check_milestones(store, snapshot, milestones, found)
        of_operators = await _check_adjustments(store, snapshot, found)
        found.add(await check_hand_refunds(store, snapshot))
        await _check_strays(store, snapshot, found, but_not=of_operators)
        await _check_commands(store, snapshot, found)
        found.add([violation async for violation in violations_of_log(store, snapshot)])
    _check_totals(found)
    return LedgerAudit(
        as_of=as_of,
        journals=found.journals,
        milestones=found.milestones,
        settling=found.settling,
        open_commands=found.open_commands,
        totals=tuple(
            AccountTotal(account=account, currency=currency, balance=balance)
            for (account, currency), balance in sorted(found.totals.items())
        ),
        violations=tuple(found.violations),
        violation_count=found.violation_count,
    )


async def _check_each_journal(store: Store, session: AsyncClientSession, found: _Findings) -> None:
    cursor = store.collection(Journal).find(UNBALANCED, {"key": 1}, session=session)
    async for raw in cursor:
        found.add([Violation(code="journal_unbalanced", subject=raw["_id"], detail=f"{raw['key']} does not sum to zero")])


async def _batches(store: Store, session: AsyncClientSession, batch: int) -> AsyncIterator[list[Milestone]]:
    milestones: list[Milestone] = []
    async for raw in store.collection(Milestone).find({}, session=session, sort=[("_id", 1)], batch_size=batch):
        milestones.append(from_bson(raw, Milestone))
        if len(milestones) == batch:
            yield milestones
            milestones = []
    if milestones:
        yield milestones


async def _check_milestones(store: Store, session: AsyncClientSession, milestones: list[Milestone], found: _Findings) -> None:
    ids = [milestone.id for milestone in milestones]
    sums = await _sums(store, session, {"milestone_id": {"$in": ids}})
    keys: defaultdict[str, list[str]] = defaultdict(list)
    async for raw in store.collection(Journal).find(
        {"milestone_id": {"$in": ids}}, {"key": 1, "milestone_id": 1}, session=session
    ):
        keys[raw["milestone_id"]].append(raw["key"])
    under_way: defaultdict[str, list[tuple[CommandKind, int | None, int]]] = defaultdict(list)
    is_open = {"milestone_id": {"$in": ids}, "state": {"$in": list(OPEN)}}
    async for raw in store.collection(Command).find(is_open, session=session):
        under_way[raw["milestone_id"]].append((raw["kind"], raw["leg"], raw["attempt"]))
    for milestone in milestones:
        of_it = sums.pop(milestone.id, {})
        found.add(violations_of(milestone.held(), sums=of_it, keys=keys[milestone.id], under_way=under_way[milestone.id]))
        _add_up(found, of_it)
        found.journals += len(keys[milestone.id])
        found.milestones += 1
        found.settling += milestone.state in SETTLING and not milestone.holding.payment_refused


async def _check_adjustments(store: Store, session: AsyncClientSession, found: _Findings) -> list[str]:
    """Count the journals that two operators have decided on; they belong to no milestone. Returns their ids."""
    journals, violations = await check_adjustments(store, session)
    found.add(violations)
    found.journals += len(journals)
    for journal in journals:
        for line in journal.lines:
            _add_up(found, {(line.account, line.currency): line.amount})
    return [journal.id for journal in journals]


async def _check_strays(store: Store, session: AsyncClientSession, found: _Findings, *, but_not: list[str]) -> None:
    """Find journals that belong to no milestone; they count in the totals, and are wrong."""
    if await store.collection(Journal).count_documents({}, session=session) == found.journals:
        return
    home = {"from": Milestone.collection, "localField": "milestone_id", "foreignField": "_id", "as": "home"}
    strays: list[dict[str, Any]] = [
        {"$match": {"_id": {"$nin": but_not}}},
        {"$lookup": home},
        {"$match": {"home": []}},
        {"$project": {"key": 1, "lines": 1}},
    ]
    async for raw in await store.collection(Journal).aggregate(strays, session=session):
        found.journals += 1
        found.add([Violation(code="journal_astray", subject=raw["_id"], detail=f"{raw['key']} belongs to no milestone")])
        for line in raw["lines"]:
            _add_up(found, {(line["account"], line["currency"]): line["amount"]})


async def _check_commands(store: Store, session: AsyncClientSession, found: _Findings) -> None:
    commands = store.collection(Command)
    found.open_commands = await commands.count_documents({"state": {"$in": list(OPEN)}}, session=session)
    async for raw in commands.find({"state": "stuck"}, {"error": 1}, session=session):
        found.add([Violation(code="command_stuck", subject=raw["_id"], detail=str(raw.get("error")))])
    asked: list[dict[str, Any]] = [{"$group": {"_id": {"gateway": "$gateway", "currency": "$money.currency"}}}]
    async for raw in await commands.aggregate(asked, session=session):
        found.totals[f"clearing:{raw['_id']['gateway']}", raw["_id"]["currency"]] += 0


def _check_totals(found: _Findings) -> None:
    by_currency: defaultdict[str, int] = defaultdict(int)
    for (_, currency), balance in found.totals.items():
        by_currency[currency] += balance
    found.add(
        Violation(code="ledger_unbalanced", subject=currency, detail=f"all accounts together are {balance}")
        for currency, balance in sorted(by_currency.items())
        if balance
    )


def _add_up(found: _Findings, sums: dict[tuple[str, str], int]) -> None:
    for (account, currency), amount in sums.items():
        name, _, owner = account.partition(":")
        found.totals[name if owner.startswith("mst_") else account, currency] += amount


async def _sums(store: Store, session: AsyncClientSession, filter_: dict[str, Any]) -> dict[str, dict[tuple[str, str], int]]:
    """Add up lines per milestone, account and currency."""
    place = {"milestone": "$milestone_id", "account": "$lines.account", "currency": "$lines.currency"}
    pipeline: list[dict[str, Any]] = [
        {"$match": filter_},
        {"$unwind": "$lines"},
        {"$group": {"_id": place, "amount": {"$sum": "$lines.amount"}}},
    ]
    sums: defaultdict[str, dict[tuple[str, str], int]] = defaultdict(dict)
    async for raw in await store.collection(Journal).aggregate(pipeline, session=session):
        sums[raw["_id"]["milestone"]][raw["_id"]["account"], raw["_id"]["currency"]] = raw["amount"]
    return sums
