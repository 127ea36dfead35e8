"""Payees: where they are paid, what holds their payouts up, what they owe. Everything here is a compare-and-set.

Whoever reads a profile to pay somebody out must write to it, or to what it read it for, in the same transaction; a hold that
comes at the same moment is otherwise too late (ADR 6).
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from freehold.documents import PayeeProfile, PaymentMethod, PayoutHold
from freehold.domain.errors import Refused
from freehold.domain.money import Money, require_payable
from freehold.store.errors import Stale
from freehold.store.reads import Reads
from freehold.store.unit import Unit

ENDED_HOLDS: Final[dict[str, Any]] = {
    "hold_ends_at": {"$type": "date"},
    "$expr": {"$lte": ["$hold_ends_at", "$$NOW"]},
}
"""Matches payees of whose holds one is over, by the database's clock."""


class DebtTooSmall(Refused):
    """More of a debt would be settled than is owed."""

    code = "debt_too_small"


async def profile_of(reads: Reads, user_id: str) -> PayeeProfile | None:
    """Read what is known of somebody as a payee; null when nothing ever was."""
    return await reads.get(PayeeProfile, user_id)


def in_events(profile: PayeeProfile) -> PayeeProfile:
    """Give the profile as events name it: the person of the same id has events of their own."""
    return msgspec.structs.replace(profile, id=f"payee:{profile.id}")


async def default_method(reads: Reads, user_id: str, *, gateway: str | None = None) -> PaymentMethod | None:
    """Find the saved method that somebody is charged by without them: their default, else (at that gateway) their newest.

    Only a method that is ready counts.
    """
    ready = {"user_id": user_id, "state": "ready"}
    if gateway is not None:
        ready["gateway"] = gateway
    default = await reads.first(PaymentMethod, {**ready, "is_default": True})
    return default or (None if gateway is None else await reads.first(PaymentMethod, ready, sort=(("_id", -1),)))


async def change_profile(
    unit: Unit, user_id: str, change: Callable[[PayeeProfile], PayeeProfile], *, now: datetime
) -> PayeeProfile:
    """Change somebody's profile, or make it. Raises Stale when somebody else is quicker."""
    found = await unit.get(PayeeProfile, user_id)
    before = found or PayeeProfile(id=user_id, created_at=now, updated_at=now)
    after = _with_end_of_holds(msgspec.structs.replace(change(before), updated_at=now))
    if found is not None:
        return await unit.update(found, after)
    unit.insert(after, duplicate=Stale(f"{user_id} has just become a payee"))
    return after


async def owe(unit: Unit, user_id: str, money: Money, *, now: datetime) -> PayeeProfile:
    """Add to what somebody owes the platform."""
    require_payable(money)
    return await change_profile(unit, user_id, lambda profile: _with_debt(profile, money.currency, money.amount), now=now)


async def settle_debt(unit: Unit, user_id: str, money: Money, *, now: datetime) -> PayeeProfile:
    """Take from what somebody owes. Raises DebtTooSmall; the guard stands in the update's own filter, too."""
    require_payable(money)
    before = await unit.get(PayeeProfile, user_id)
    if before is None or before.debt_in(money.currency) < money.amount:
        raise DebtTooSmall(f"less than {money.amount} {money.currency} is owed")
    after = msgspec.structs.replace(_with_debt(before, money.currency, -money.amount), updated_at=now)
    return await unit.update(before, after, guard={f"debts.{money.currency}": {"$gte": money.amount}})


async def hold_of(unit: Unit, hold: PayoutHold, *, lasts_s: float | None) -> PayoutHold:
    """Give the hold with its end, so many seconds from now by the database's clock (null: no end)."""
    if lasts_s is None:
        return hold
    return msgspec.structs.replace(hold, until=await unit.database_now() + timedelta(seconds=lasts_s))


def _with_debt(profile: PayeeProfile, currency: str, more_minor: int) -> PayeeProfile:
    debt = profile.debt_in(currency) + more_minor
    others = {name: amount for name, amount in profile.debts.items() if name != currency}
    return msgspec.structs.replace(profile, debts={**others, currency: debt} if debt else others)


def _with_end_of_holds(profile: PayeeProfile) -> PayeeProfile:
    ends = [hold.until for hold in profile.holds if hold.until is not None]
    return msgspec.structs.replace(profile, hold_ends_at=min(ends, default=None))
