"""`DELETE /api/time-tracking/{id}`."""

from freehold.documents import TimeEntry
from freehold.domain.hours import WeekClosed
from freehold.domain.process import NotInThisState
from freehold.edge import Call, endpoint
from freehold.edge.problems import Forbidden, NotFound
from freehold.ids import TimeEntryPath
from freehold.store.timesheets import change_time, meet, side_of
from freehold.store.week_reviews import week_of_entry


@endpoint("DELETE /api/time-tracking/{id}", auth="user", status=204, errors=[NotFound, Forbidden, WeekClosed, NotInThisState])
async def delete_entry(call: Call, path: TimeEntryPath) -> None:
    """Remove an entry, or throw a running timer away, as its freelancer, while the hours of its week are open.

    Raises Forbidden for the client, WeekClosed from Monday 12:00 UTC on, NotInThisState for what nothing can change any more.
    """
    entry = await call.unit.require(TimeEntry, path.id)
    if side_of(entry, call.caller.user_id) != "freelancer":
        raise Forbidden("Hours are removed by the freelancer.")
    await meet(call.unit, entry.freelancer_id)
    await change_time(call.unit, await week_of_entry(call.unit, entry), minutes=-entry.minutes, entries=-1)
    if entry.state not in {"running", "recorded"}:
        raise NotInThisState(f"the entry is {entry.state}; it stays on record")
    await call.unit.delete(entry)
