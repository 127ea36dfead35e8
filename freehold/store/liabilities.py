"""Stating what is owed to users: from the journals that are in the log, at one moment, for all of them.

Milestones say who has something coming; how much, their journals say, as far as these are in the log: so that whoever has the
log's export finds the same totals. Leaves are written first, in batches, under the name of this attempt; the statement
itself is changed last, by compare-and-set. Of an attempt that came to nothing the leaves go by age.
"""

import secrets
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec import Struct
from pymongo.asynchronous.client_session import AsyncClientSession

from freehold.documents import Journal, LiabilityStatement, LogHead, Milestone, OwedLeaf, PendingLeaf
from freehold.documents.proof import LEDGER
from freehold.domain.leaves import completing, hashes_of, in_parts, nodes_by_leaf, place_of
from freehold.domain.ledger import GUARDED_ACCOUNTS, PER_MILESTONE, Line
from freehold.domain.liabilities import NODE_BYTES, OwedBalance, OwedTotal, Statement, sum_children, total_over, tree_over
from freehold.domain.merkle import folded, inclusion_spans, nodes_of, proof_of, whole
from freehold.ids import new_id
from freehold.store.connection import Store
from freehold.store.errors import Missing
from freehold.store.ledger_log import Signer
from freehold.store.mapping import from_bson, to_bson
from freehold.store.reads import NEWEST_FIRST, Reads
from freehold.store.unit import Unit

BATCH: Final = 500
SALT_BYTES: Final = 32
OF_THE_FREELANCER: Final = ("payable:", "converted:")
"""These accounts of a milestone are owed to its freelancer, the others to its client."""
EVERY_S: Final = 3_600
MOST_SIGNED: Final = 10
MOST_CURRENCIES: Final = 300
"""There are fewer currencies than that (ISO 4217)."""

Owed = defaultdict[tuple[str, str], int]
"""(user, currency) to minor units."""


class _Sum(Struct, frozen=True):
    account: str
    currency: str
    amount: int


class _Parties(Struct, frozen=True):
    client_id: str
    freelancer_id: str


class _Kept(Struct, frozen=True):
    """What a proof needs of a leaf."""

    place: int
    nodes: bytes


class _Waiting(Struct, frozen=True):
    """What a leaf that is not in the log yet says of held accounts."""

    milestone_id: str
    lines: tuple[Line, ...]


async def state(store: Store, asked: LiabilityStatement) -> LiabilityStatement | None:
    """State what is owed now; give what is to be signed. None before the log has begun.

    Raises InvalidValue when somebody would be owed less than nothing: the ledger's audit says why.
    """
    as_of = await store.database_now()
    async with store.client.start_session(snapshot=True) as snapshot:
        raw = await store.collection(LogHead).find_one({"_id": LEDGER}, session=snapshot)
        if raw is None:
            return None
        head = from_bson(raw, LogHead)
        owed = await _owed(store, snapshot)
    attempt = new_id("lia")
    totals = [await _write_tree(store, attempt, balances, as_of) for balances in _by_currency(owed)]
    hashes = dict(zip(nodes_of(whole(head.size)), in_parts(head.edge), strict=True))
    root = folded(whole(head.size), hashes)
    return msgspec.structs.replace(
        asked, state="stated", attempt=attempt, size=head.size, root=root, totals=tuple(totals), as_of=as_of
    )


async def asked_for(store: Store) -> LiabilityStatement | None:
    """Give the statement that was asked for first and is not stated yet."""
    return await store.first(LiabilityStatement, {"state": "asked"}, sort=(("_id", 1),))


async def is_recent(store: Store) -> bool:
    """Say whether a statement was asked for within EVERY_S, by the database's clock."""
    since = {"$dateSubtract": {"startDate": "$$NOW", "unit": "second", "amount": EVERY_S}}
    recent = {"asked_at": {"$type": "date"}, "$expr": {"$gt": ["$asked_at", since]}}
    return bool(await store.find_ids(LiabilityStatement, recent, limit=1))


async def newest_signed(reads: Reads) -> LiabilityStatement:
    """Give the newest statement that is published. Raises Missing when there is none yet."""
    found = await reads.first(LiabilityStatement, {"state": "signed"}, sort=NEWEST_FIRST)
    if found is None:
        raise Missing("nothing is stated yet")
    return found


async def sign_stated(unit: Unit, signer_of: Callable[[str], Signer]) -> int:
    """Sign the statements that are stated, each written down anew from its figures; say how many there were."""
    head = await unit.require(LogHead, LEDGER)
    signer = signer_of(head.origin)
    stated = await unit.find(LiabilityStatement, {"state": "stated"}, limit=MOST_SIGNED)
    for each in stated:
        text = statement_of(each, head.origin).text
        signed = msgspec.structs.replace(each, state="signed", note=signer.sign(text), keys=signer.verifier_keys)
        await unit.update(each, signed)
    return len(stated)


def statement_of(document: LiabilityStatement, origin: str) -> Statement:
    """Give what a statement says. Raises ValueError for one that says nothing yet."""
    if document.as_of is None:
        raise ValueError(f"{document.id} is not stated yet")
    return Statement(origin=origin, size=document.size, root=document.root, as_of=document.as_of, totals=document.totals)


async def shown_to(reads: Reads, statement: LiabilityStatement, user_id: str) -> list[tuple[OwedLeaf, list[bytes]]]:
    """Give a user's own leaves in a statement, each with the proof that it is a part of the total."""
    counts = {total.currency: total.count for total in statement.totals}
    own = {"attempt": statement.attempt, "user_id": user_id}
    leaves = await reads.find(OwedLeaf, own, sort=(("_id", 1),), limit=MOST_CURRENCIES)
    return [(leaf, await _proof(reads, leaf, counts[leaf.currency])) for leaf in leaves]


async def _proof(reads: Reads, leaf: OwedLeaf, count: int) -> list[bytes]:
    spans = inclusion_spans(leaf.place, count)
    wanted = [node for span in spans for node in nodes_of(span)]
    ids = sorted({f"{leaf.attempt}:{leaf.currency}:{place_of(completing(node))}" for node in wanted})
    found = await reads.find_parts(OwedLeaf, _Kept, {"_id": {"$in": ids}}, limit=max(1, len(ids)))
    hashes = hashes_of(wanted, {kept.place: kept.nodes for kept in found}, width=NODE_BYTES)
    return proof_of(spans, lambda _: hashes, combine=sum_children)


async def _owed(store: Store, session: AsyncClientSession) -> Owed:
    """Add up what is owed to each user by the journals in the log, as a snapshot shows them."""
    waiting = await _waiting(store, session)
    owed: Owed = defaultdict(int)
    holds: list[dict[str, Any]] = [{f"holding.balances.{account}": {"$gt": 0}} for account in GUARDED_ACCOUNTS]
    holds.append({"holding.legs.exchanges.state": "asked"})
    filter_ = {"$or": [*holds, {"_id": {"$in": sorted(waiting)}}]}
    async for batch in _parties(store, session, filter_):
        sums = await _held_sums(store, session, list(batch))
        for milestone_id, lines in sums.items():
            unlogged = waiting.get(milestone_id, ())
            for account, currency, amount in [*lines, *((line.account, line.currency, -line.amount) for line in unlogged)]:
                parties = batch[milestone_id]
                owner = parties.freelancer_id if account.startswith(OF_THE_FREELANCER) else parties.client_id
                owed[owner, currency] -= amount
    return owed


async def _waiting(store: Store, session: AsyncClientSession) -> dict[str, list[Line]]:
    """Read what the journals that wait for the log do to held accounts."""
    found: dict[str, list[Line]] = {}
    async for raw in store.collection(PendingLeaf).find({}, {"leaf": 1}, session=session):
        leaf = msgspec.json.decode(raw["leaf"], type=_Waiting)
        held = [line for line in leaf.lines if line.account.partition(":")[0] in PER_MILESTONE]
        found.setdefault(leaf.milestone_id, []).extend(held)
    return found


async def _parties(store: Store, session: AsyncClientSession, filter_: dict[str, Any]) -> AsyncIterator[dict[str, _Parties]]:
    found: dict[str, _Parties] = {}
    fields = {"client_id": 1, "freelancer_id": 1}
    async for raw in store.collection(Milestone).find(filter_, fields, session=session, batch_size=BATCH):
        found[raw["_id"]] = from_bson(raw, _Parties)
        if len(found) == BATCH:
            yield found
            found = {}
    if found:
        yield found


async def _held_sums(
    store: Store, session: AsyncClientSession, milestone_ids: Sequence[str]
) -> Mapping[str, list[tuple[str, str, int]]]:
    """Add up the lines of held accounts: by milestone, (account, currency, amount)."""
    pipeline: list[dict[str, Any]] = [
        {"$match": {"milestone_id": {"$in": milestone_ids}}},
        {"$unwind": "$lines"},
        {"$match": {"lines.account": {"$regex": f"^({'|'.join(sorted(PER_MILESTONE))}):"}}},
        {"$group": {"_id": {"account": "$lines.account", "currency": "$lines.currency"}, "amount": {"$sum": "$lines.amount"}}},
        {"$project": {"_id": 0, "account": "$_id.account", "currency": "$_id.currency", "amount": 1}},
    ]
    found: defaultdict[str, list[tuple[str, str, int]]] = defaultdict(list)
    async for raw in await store.collection(Journal).aggregate(pipeline, session=session):
        row = from_bson(raw, _Sum)
        found[row.account.partition(":")[2]].append((row.account, row.currency, row.amount))
    return found


def _by_currency(owed: Owed) -> Iterable[list[OwedBalance]]:
    """Salt the balances, and put those of a currency into an order that says nothing of anybody: that of their salts."""
    balances: defaultdict[str, list[OwedBalance]] = defaultdict(list)
    for (user_id, currency), amount in owed.items():
        if amount:
            salt = secrets.token_hex(SALT_BYTES)
            balances[currency].append(OwedBalance(user_id=user_id, currency=currency, amount=amount, salt=salt))
    for _, of_it in sorted(balances.items()):
        yield sorted(of_it, key=lambda each: each.salt)


async def _write_tree(store: Store, attempt: str, balances: list[OwedBalance], as_of: datetime) -> OwedTotal:
    nodes = tree_over(balances)
    kept = nodes_by_leaf(dict(nodes))
    currency = balances[0].currency
    leaves = [
        OwedLeaf(
            id=f"{attempt}:{currency}:{place_of(place)}",
            attempt=attempt,
            user_id=each.user_id,
            currency=currency,
            place=place,
            leaf=each.text,
            nodes=kept[place],
            stated_at=as_of,
        )
        for place, each in enumerate(balances)
    ]
    for start in range(0, len(leaves), BATCH):
        await store.collection(OwedLeaf).insert_many([to_bson(leaf) for leaf in leaves[start : start + BATCH]], ordered=False)
    return total_over(balances, nodes)
