"""Which fee schedule is in force, by the database's clock; proposing one, approving and rejecting it."""

import time
from typing import Any, Final

import msgspec

from freehold.documents import FeeScheduleChange
from freehold.domain.errors import Refused
from freehold.domain.fees import CURRENT_FEE_SCHEDULE, FEE_SCHEDULES, FeeSchedule
from freehold.domain.proposals import ProposalExpired, require_decidable
from freehold.events import FeeScheduleApproved
from freehold.store.errors import Missing, Stale
from freehold.store.reads import Reads
from freehold.store.unit import Unit, now

MOST_SCHEDULES: Final = 200
FRESH_FOR_S: Final = 5.0
IN_FORCE: Final[dict[str, Any]] = {
    "state": "approved",
    "effective_at": {"$type": "date"},
    "$expr": {"$lte": ["$effective_at", "$$NOW"]},
}
UNDECIDED: Final[dict[str, Any]] = {"state": "proposed", "$expr": {"$gt": ["$expires_at", "$$NOW"]}}
AHEAD: Final[dict[str, Any]] = {"state": "proposed", "$expr": {"$gt": ["$effective_at", "$$NOW"]}}
_NEWEST: Final = (("effective_at", -1), ("number", -1))


class TooManySchedules(Refused):
    """There have been as many fee schedules as are kept."""

    code = "too_many_fee_schedules"


class FeesInForce:
    """The schedule in force, remembered by one process for at most FRESH_FOR_S."""

    def __init__(self) -> None:
        self._known: FeeSchedule | None = None
        self._asked_at_s: float = 0

    async def read(self, reads: Reads) -> FeeSchedule:
        """Give the schedule for what is funded now."""
        if self._known is not None and time.monotonic() - self._asked_at_s < FRESH_FOR_S:
            return self._known
        asked_at_s = time.monotonic()
        self._known, self._asked_at_s = await schedule_in_force(reads), asked_at_s
        return self._known


async def schedule_in_force(reads: Reads) -> FeeSchedule:
    """Read the approved schedule that came into force last; the product's own when operators have none."""
    newest = await reads.first(FeeScheduleChange, IN_FORCE, sort=_NEWEST)
    return CURRENT_FEE_SCHEDULE if newest is None else schedule_of(newest)


async def approved_schedules(reads: Reads) -> list[FeeScheduleChange]:
    """List the schedules that operators have approved, also those to come, the last to come into force first."""
    return await reads.find(FeeScheduleChange, {"state": "approved"}, sort=_NEWEST, limit=MOST_SCHEDULES)


def schedule_of(change: FeeScheduleChange) -> FeeSchedule:
    """Give an approved schedule as the engine knows it."""
    if change.number is None:
        raise ValueError(f"{change.id} has no number: it is not approved")
    return FeeSchedule(version=change.number, basis_points=change.basis_points, tax_basis_points=change.tax_basis_points)


async def approve_schedule(unit: Unit, change_id: str, *, by: str, note: str) -> FeeScheduleChange:
    """Approve a schedule, as another operator than its proposer, and before it would come into force.

    Raises Missing, ProposalDecided, OwnProposal, ProposalExpired, TooManySchedules. Two approved at once meet on the number.
    """
    change = await _decidable(unit, change_id, by=by, approving=True)
    count = await unit.count(FeeScheduleChange, {"state": "approved"}, limit=MOST_SCHEDULES)
    if count >= MOST_SCHEDULES:
        raise TooManySchedules(f"there have been {MOST_SCHEDULES} schedules")
    after = change.decided("approved", by=by, note=note, at=now())
    numbered = msgspec.structs.replace(after, number=FEE_SCHEDULES[-1].version + count + 1)
    try:
        stored = await unit.update(change, numbered, guard={"$and": [UNDECIDED, AHEAD]})
    except Stale as error:
        raise ProposalExpired("it was to be approved before its end, and before it comes into force") from error
    event = FeeScheduleApproved(
        schedule_id=stored.id, number=numbered.number or 0, basis_points=stored.basis_points, effective_at=stored.effective_at
    )
    unit.emit(event, stored)
    return stored


async def reject_schedule(unit: Unit, change_id: str, *, by: str, note: str) -> FeeScheduleChange:
    """Reject a schedule, or take one's own back. Raises Missing, ProposalDecided."""
    change = await _decidable(unit, change_id, by=by, approving=False)
    return await unit.update(change, change.decided("rejected", by=by, note=note, at=now()), guard={"state": "proposed"})


async def _decidable(unit: Unit, change_id: str, *, by: str, approving: bool) -> FeeScheduleChange:
    change = await unit.get(FeeScheduleChange, change_id)
    if change is None:
        raise Missing(f"no fee schedule {change_id} was proposed")
    require_decidable(change.state, proposed_by=change.proposed_by, by=by, approving=approving)
    return change
