"""What a person's statement is made of: the ledger's lines that are about their money, added up by the database."""

from datetime import datetime
from typing import Any, Final

from msgspec import Struct

from freehold.documents import Adjustment, Journal, Milestone
from freehold.domain.adjustments import key_of
from freehold.domain.statements import MOST_MOVEMENTS, Moved
from freehold.store.reads import Filter, Reads

_OF_THE_CLIENT: Final = ("escrow", "disputed", "refund_due")
_OF_THE_FREELANCER: Final = ("payable", "converted")


class _Balance(Struct, frozen=True):
    currency: str
    amount: int


class _Found(Struct, frozen=True):
    at: datetime
    key: str
    title: str
    currency: str
    amount: int


async def balances_before(reads: Reads, user_id: str, moment: datetime) -> dict[str, int]:
    """Add up what a person had before a moment, per currency."""
    total = {"$group": {"_id": "$currency", "amount": {"$sum": "$amount"}}}
    shown = {"$project": {"_id": 0, "currency": "$_id", "amount": 1}}
    pipeline = [*_movements(user_id, {"$lt": moment}), total, shown]
    return {each.currency: each.amount for each in await reads.aggregate(Milestone, pipeline, into=_Balance)}


async def movements_between(reads: Reads, user_id: str, start: datetime, end: datetime) -> list[Moved]:
    """List a person's movements from `start` on, before `end`, in their order; one more than a statement may have, at most."""
    order = {"$sort": {"at": 1, "version": 1, "n": 1, "key": 1, "currency": -1}}
    pipeline = [*_movements(user_id, {"$gte": start, "$lt": end}), order, {"$limit": MOST_MOVEMENTS + 1}]
    found = await reads.aggregate(Milestone, pipeline, into=_Found)
    return [Moved(at=row.at, key=row.key, title=row.title, currency=row.currency, amount=row.amount) for row in found]


def _movements(user_id: str, when: Filter) -> list[dict[str, Any]]:
    """Find each journal of the person's milestones, and what it adds to or takes from what is theirs, in each currency."""
    is_client = {"$eq": ["$client_id", user_id]}
    names: dict[str, Any] = {
        "$cond": [is_client, _names(_OF_THE_CLIENT), [*_names(_OF_THE_FREELANCER), f"freelancer_debt:{user_id}"]]
    }
    lines = {"$filter": {"input": "$journal.lines", "cond": {"$in": ["$$this.account", "$theirs"]}}}
    journals = {"from": Journal.collection, "localField": "_id", "foreignField": "milestone_id", "as": "journal"}
    return [
        {"$match": {"$or": [{"client_id": user_id}, {"freelancer_id": user_id}]}},
        {"$project": {"title": 1, "theirs": names}},
        {"$lookup": journals},
        {"$unwind": "$journal"},
        {"$match": {"journal.created_at": when}},
        {"$project": {"title": 1, "journal": 1, "line": lines}},
        {"$unwind": "$line"},
        {
            "$group": {
                "_id": {"journal": "$journal._id", "currency": "$line.currency"},
                "title": {"$first": "$title"},
                "at": {"$first": "$journal.created_at"},
                "key": {"$first": "$journal.key"},
                "version": {"$first": "$journal.milestone_version"},
                "n": {"$first": "$journal.n"},
                "amount": {"$sum": {"$multiply": ["$line.amount", -1]}},
            }
        },
        {"$match": {"amount": {"$ne": 0}}},
        {"$set": {"currency": "$_id.currency"}},
        {"$project": {"_id": 0}},
        {"$unionWith": {"coll": Adjustment.collection, "pipeline": _written_off(user_id, when)}},
    ]


def _written_off(user_id: str, when: Filter) -> list[dict[str, Any]]:
    """Find what was written off of the person's debt: its journal is of no milestone."""
    journal = {"from": Journal.collection, "localField": "key", "foreignField": "key", "as": "journal"}
    return [
        {"$match": {"state": "approved", "kind": "write_off", "user_id": user_id}},
        {"$set": {"key": {"$concat": [key_of(""), "$_id"]}}},
        {"$lookup": journal},
        {"$unwind": "$journal"},
        {"$match": {"journal.created_at": when}},
        {
            "$project": {
                "_id": 0, "title": "$kind", "at": "$journal.created_at", "key": 1,
                "currency": "$money.currency", "amount": "$money.amount",
            }
        },
    ]  # fmt: skip


def _names(accounts: tuple[str, ...]) -> list[dict[str, Any]]:
    return [{"$concat": [f"{account}:", "$_id"]} for account in accounts]
