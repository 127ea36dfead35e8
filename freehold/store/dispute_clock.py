"""What the clock does with disputes: it takes the steps that are due, and reminds of those that are not yet.

All times are the database's.
"""

from datetime import datetime
from typing import Any, Final

import msgspec

from freehold.documents import Dispute, Milestone, User
from freehold.domain.dispute_case import Facts
from freehold.domain.dispute_process import TERMS
from freehold.events import DisputeReminded
from freehold.store.conversions import ExchangeDesk
from freehold.store.disputes import DUE, about, is_frozen_for, take_step
from freehold.store.reads import Reads
from freehold.store.unit import Unit

DUE_BATCH: Final = 100
BLOCKED_PAUSE_S: Final = 60.0
"""A decision that the milestone cannot take now (a transfer is under way, a chargeback is open) waits for so long."""
OPERATORS_TOLD: Final = 20


async def due_disputes(reads: Reads, *, limit: int = DUE_BATCH) -> list[str]:
    """Find disputes whose deadline has passed, those due longest first."""
    return await reads.find_ids(Dispute, DUE, sort=(("due_at", 1),), limit=limit)


async def take_due_step(unit: Unit, dispute_id: str, *, now: datetime, desk: ExchangeDesk | None = None) -> bool:
    """Take the step that the deadline of a dispute's state drives. Raises Stale unless it has passed, or what is refused."""
    dispute = await unit.require(Dispute, dispute_id)
    term = TERMS.get(dispute.case.state)
    if term is None:
        return False
    await take_step(unit, dispute, term.then, by="clock", facts=Facts(now=now), desk=desk)
    return True


async def postpone(unit: Unit, dispute_id: str, *, blocked_by: str, now: datetime) -> bool:
    """Note why a decision cannot be executed now, and let it be tried again later. Says whether one was waiting."""
    dispute = await unit.require(Dispute, dispute_id)
    if dispute.case.state != "decided":
        return False
    blocked = msgspec.structs.replace(dispute, blocked_by=blocked_by, updated_at=now)
    await unit.update(dispute, blocked, deadlines={"due_at": BLOCKED_PAUSE_S}, guard={"case.state": "decided", **DUE})
    return True


async def close_moot(unit: Unit, milestone_id: str, *, now: datetime) -> None:
    """Close the open dispute about a milestone that freezes nothing for it any more."""
    dispute = await unit.first(Dispute, {"milestone_id": milestone_id, "is_open": True})
    if dispute is None or is_frozen_for(dispute.id, await unit.require(Milestone, milestone_id)):
        return
    await take_step(unit, dispute, "close_moot", by="milestone", facts=Facts(now=now))


async def disputes_to_remind(reads: Reads, *, limit: int = DUE_BATCH) -> list[str]:
    """Find disputes of whose present state so much time is over that somebody is to be reminded."""
    half = await reads.find_ids(Dispute, _passed("remind_half_at"), sort=(("remind_half_at", 1),), limit=limit)
    late = await reads.find_ids(Dispute, _passed("remind_late_at"), sort=(("remind_late_at", 1),), limit=limit)
    return list(dict.fromkeys([*half, *late]))[:limit]


async def remind(unit: Unit, dispute_id: str) -> bool:
    """Remind of a deadline when half of it is over, and at nine tenths; of two that are late, only of the later one."""
    late = await unit.first(Dispute, {"_id": dispute_id, **_passed("remind_late_at")})
    found = late or await unit.first(Dispute, {"_id": dispute_id, **_passed("remind_half_at")})
    if found is None:
        return False
    rest = None if late else found.remind_late_at
    after = await unit.update(found, msgspec.structs.replace(found, remind_half_at=None, remind_late_at=rest))
    unit.emit(DisputeReminded(percent=90 if late else 50, **about(after)), after)
    return True


async def operators(reads: Reads, *, but_not: tuple[str, ...]) -> list[str]:
    """Find the operators who hear of disputes that no mediator has taken up; none of them is a party (`but_not`)."""
    filter_ = {"roles": "admin", "suspended": False, "_id": {"$nin": list(but_not)}}
    return await reads.find_ids(User, filter_, sort=(("_id", 1),), limit=OPERATORS_TOLD)


def _passed(field: str) -> dict[str, Any]:
    return {field: {"$type": "date"}, "$expr": {"$lte": [f"${field}", "$$NOW"]}}
