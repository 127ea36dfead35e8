"""What operators watch about money, measured over the whole database. Only what is open is looked at, by an index."""

from datetime import datetime, timedelta
from typing import Any, Final, get_args

from msgspec import Struct

from freehold.documents import Command, Milestone, PendingLeaf, Webhook
from freehold.documents.money import CommandState
from freehold.documents.webhooks import WebhookState
from freehold.domain.ledger import Balances
from freehold.domain.money_process import TERMINAL, Deadline, timed_rows
from freehold.store.milestones import due_filter
from freehold.store.reads import Reads

OPEN: Final[tuple[CommandState, ...]] = ("waiting", "claimed")
WATCHED: Final[tuple[CommandState, ...]] = (*OPEN, "stuck")
FOR_A_PERSON: Final[tuple[WebhookState, ...]] = ("unmatched", "refused")
MOST_PENDING: Final = 100_000
ACCOUNTS: Final = Balances.__struct_fields__


class HeldMoney(Struct, frozen=True):
    """What milestones hold in a currency, by the account that it is held in (minor units)."""

    currency: str
    by_account: dict[str, int]


class Late(Struct, frozen=True):
    """Milestones whose deadline has passed and that nobody has moved yet, and for how long the oldest one has waited."""

    deadline: str
    count: int
    oldest_s: float


class OpenCommands(Struct, frozen=True):
    """Commands to payment gateways by state, and how old the oldest one is that is neither settled nor stuck."""

    by_state: dict[str, int]
    oldest_open_s: float


class OpenWebhooks(Struct, frozen=True):
    """Webhooks by state, and for how long the oldest one has waited."""

    by_state: dict[str, int]
    oldest_s: float


class PendingReceipts(Struct, frozen=True):
    """Journals that wait to be appended to the ledger's log: their receipts prove nothing yet."""

    count: int
    oldest_s: float


class _Row(Struct, frozen=True, rename={"key": "_id"}):
    key: str | None
    count: int = 0
    oldest: datetime | None = None
    balances: dict[str, int] = {}


async def held_money(reads: Reads) -> list[HeldMoney]:
    """Add up what milestones hold that are not over."""
    sums = {account: {"$sum": f"$holding.balances.{account}"} for account in ACCOUNTS}
    pipeline: list[dict[str, Any]] = [
        {"$match": {"state": {"$nin": sorted(TERMINAL)}, "holding.deposited": {"$gt": 0}}},
        {"$group": {"_id": "$holding.amount.currency", **sums}},
        {"$project": {"balances": {account: f"${account}" for account in ACCOUNTS}}},
        {"$sort": {"_id": 1}},
    ]
    rows = await reads.aggregate(Milestone, pipeline, _Row)
    return [HeldMoney(str(row.key), row.balances) for row in rows]


async def late_milestones(reads: Reads) -> list[Late]:
    """Find out how many milestones are late, by each deadline that a timer should have acted on."""
    now = await reads.database_now()
    found = []
    for deadline in get_args(Deadline):
        due = [due_filter(row) for row in timed_rows(deadline)]
        counted = {"$group": {"_id": None, "count": {"$sum": 1}, "oldest": {"$min": f"${deadline}"}}}
        rows = await reads.aggregate(Milestone, [{"$match": {"$or": due}}, counted], _Row)
        late = rows[0] if rows else _Row(None)
        found.append(Late(deadline, late.count, _age_s(late.oldest, now)))
    return found


async def open_commands(reads: Reads) -> OpenCommands:
    """Count the commands that are not over."""
    now = await reads.database_now()
    counted = {"$group": {"_id": "$state", "count": {"$sum": 1}, "oldest": {"$min": "$created_at"}}}
    rows = {row.key: row for row in await reads.aggregate(Command, [{"$match": {"state": {"$in": WATCHED}}}, counted], _Row)}
    by_state: dict[str, int] = {state: rows[state].count if state in rows else 0 for state in WATCHED}
    ages = [_age_s(rows[state].oldest, now) for state in OPEN if state in rows]
    return OpenCommands(by_state, max(ages, default=0.0))


async def pending_receipts(reads: Reads) -> PendingReceipts:
    """Count the journals that are not in the ledger's log yet (to MOST_PENDING), and find the age of the oldest of them."""
    now = await reads.database_now()
    counted = {"$group": {"_id": None, "count": {"$sum": 1}, "oldest": {"$min": "$created_at"}}}
    rows = await reads.aggregate(PendingLeaf, [{"$limit": MOST_PENDING}, counted], _Row)
    return PendingReceipts(rows[0].count, _age_s(rows[0].oldest, now)) if rows else PendingReceipts(0, 0.0)


async def waiting_webhooks(reads: Reads) -> OpenWebhooks:
    """Count the webhooks that wait, and those of the last day that a person must look at."""
    now = await reads.database_now()
    for_a_person = {"state": {"$in": FOR_A_PERSON}, "received_at": {"$gte": now - timedelta(days=1)}}
    counted = {"$group": {"_id": "$state", "count": {"$sum": 1}, "oldest": {"$min": "$received_at"}}}
    found = await reads.aggregate(Webhook, [{"$match": {"$or": [{"state": "waiting"}, for_a_person]}}, counted], _Row)
    rows = {row.key: row for row in found}
    by_state: dict[str, int] = {state: rows[state].count if state in rows else 0 for state in ("waiting", *FOR_A_PERSON)}
    return OpenWebhooks(by_state, _age_s(rows["waiting"].oldest, now) if "waiting" in rows else 0.0)


def _age_s(oldest: datetime | None, now: datetime) -> float:
    return 0.0 if oldest is None else max(0.0, (now - oldest).total_seconds())
