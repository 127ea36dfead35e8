"""The client's review of a week: objecting to a segment, taking the objection back, giving the segment up.

A segment is an entry, or a part that is cut out of one. While it is objected to, no bill takes it up.
"""

from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from freehold.documents import NO_FILES, Project, TimeEntry, WorkWeek
from freehold.domain.hours import SEGMENTS_PER_WEEK, ReviewOver, TooManyEntries, left_of
from freehold.domain.week_process import entry_step
from freehold.domain.weeks import minutes_between, week_of
from freehold.ids import new_id
from freehold.store.errors import Stale
from freehold.store.timesheets import emit_entry, meet, new_week, week_in
from freehold.store.unit import Unit, now

REVIEWED: Final[dict[str, Any]] = {
    "state": "review",
    "review_ends_at": {"$type": "date"},
    "$expr": {"$gt": ["$review_ends_at", "$$NOW"]},
}
"""The client may still object, by the database's clock."""


NOTHING_SAID: Final[dict[str, Any]] = {"objection": None, "objected_at": None, "answer": None, "answered_at": None}


async def object_to(unit: Unit, entry: TimeEntry, *, first: datetime, last: datetime, reason: str) -> TimeEntry:
    """Object to an entry from `first` to `last` (whole minutes within it); what lies beside is cut off as entries of its own.

    Raises NotInThisState, ReviewOver, TooManyEntries.
    """
    step = entry_step("object", actor="client", state=entry.state)
    week = await week_of_entry(unit, entry)
    rest = left_of(entry.starts_at, entry.ends_at or last, first=first, last=last)
    if week.entry_count + len(rest) > SEGMENTS_PER_WEEK:
        raise TooManyEntries(f"a week is cut into at most {SEGMENTS_PER_WEEK} segments")
    try:
        counted = msgspec.structs.replace(week, entry_count=week.entry_count + len(rest))
        await unit.update(week, counted, guard=REVIEWED)
    except Stale as error:
        raise ReviewOver(f"{week.week} is not under review") from error
    for starts_at, ends_at in rest:
        unit.insert(msgspec.structs.replace(_piece(entry, starts_at, ends_at), **NOTHING_SAID))
    objected = msgspec.structs.replace(
        entry,
        state=step.target,
        starts_at=first,
        ends_at=last,
        minutes=minutes_between(first, last),
        objection=reason,
        objected_at=now(),
        answer=None,
        answered_at=None,
        updated_at=now(),
    )
    after = await unit.update(entry, objected)
    emit_entry(unit, after, step)
    return after


async def answer_objection(unit: Unit, entry: TimeEntry, *, answer: str) -> TimeEntry:
    """Note what the freelancer says to an objection, in place of what was said before. Raises NotInThisState."""
    step = entry_step("answer", actor="freelancer", state=entry.state)
    after = await unit.update(entry, msgspec.structs.replace(entry, answer=answer, answered_at=now(), updated_at=now()))
    emit_entry(unit, after, step, answer=answer)
    return after


async def withdraw_objection(unit: Unit, entry: TimeEntry) -> TimeEntry:
    """Take an objection back: the segment stands on its own week's bill, or, if that is past, on the next one."""
    step = entry_step("withdraw", actor="client", state=entry.state)
    week = await week_of_entry(unit, entry)
    owed = week.state != "review"
    if owed:
        await _owe(unit, entry)
    else:
        await unit.update(week, week)
    after = await unit.update(entry, msgspec.structs.replace(entry, state=step.target, owed=owed, updated_at=now()))
    emit_entry(unit, after, step)
    return after


async def settle_segment(unit: Unit, entry: TimeEntry, *, awarded_minutes: int, ruling: str) -> TimeEntry:
    """Rule about a disputed segment: its first `awarded_minutes` stand on the next bill, the rest never does.

    Answers what is billed, or the whole segment when nothing is. Raises NotInThisState.
    """
    award = entry_step("award", actor="operator", state=entry.state)
    strike = entry_step("strike", actor="operator", state=entry.state)
    await meet(unit, entry.freelancer_id)
    week = await week_of_entry(unit, entry)
    ruled = msgspec.structs.replace(entry, ruling=ruling, updated_at=now())
    middle = entry.starts_at + timedelta(minutes=awarded_minutes)
    struck = entry.minutes - awarded_minutes
    if struck:
        pieces = 1 if awarded_minutes else 0
        left = {"minutes": week.minutes - struck, "entry_count": week.entry_count + pieces}
        await unit.update(week, msgspec.structs.replace(week, **left))
    if not awarded_minutes:
        after = await unit.update(entry, msgspec.structs.replace(ruled, state=strike.target))
        emit_entry(unit, after, strike, ruling=ruling)
        return after
    await _owe(unit, entry)
    if struck:
        rest = msgspec.structs.replace(_piece(ruled, middle, entry.ends_at or middle), state=strike.target)
        unit.insert(rest)
        emit_entry(unit, rest, strike, ruling=ruling)
    kept = msgspec.structs.replace(ruled, state=award.target, owed=True, ends_at=middle, minutes=awarded_minutes)
    after = await unit.update(entry, kept)
    emit_entry(unit, after, award, ruling=ruling)
    return after


async def drop_segment(unit: Unit, entry: TimeEntry) -> TimeEntry:
    """Give up a segment that the client has objected to: it is never billed, and its time is free again."""
    step = entry_step("drop", actor="freelancer", state=entry.state)
    await meet(unit, entry.freelancer_id)
    week = await week_of_entry(unit, entry)
    await unit.update(week, msgspec.structs.replace(week, minutes=week.minutes - entry.minutes))
    after = await unit.update(entry, msgspec.structs.replace(entry, state=step.target, updated_at=now()))
    emit_entry(unit, after, step)
    return after


async def week_of_entry(unit: Unit, entry: TimeEntry) -> WorkWeek:
    """Read the week that an entry lies in. Raises Stale when there is none, which is against the rules."""
    week = await unit.first(WorkWeek, {"project_id": entry.project_id, "week": entry.week})
    if week is None:
        raise Stale(f"{entry.id} lies in no week")
    return week


async def _owe(unit: Unit, entry: TimeEntry) -> None:
    """Make sure that there is a bill to come: this week's, which is opened if nobody has worked in it yet."""
    await meet(unit, entry.freelancer_id)
    project = await unit.require(Project, entry.project_id)
    week = week_of(await unit.database_now())
    found = await week_in(unit, project, week)
    if found is None:
        unit.insert(msgspec.structs.replace(new_week(project, week), carries=True))
    else:
        await unit.update(found, msgspec.structs.replace(found, carries=True))


def _piece(entry: TimeEntry, starts_at: datetime, ends_at: datetime) -> TimeEntry:
    minutes = minutes_between(starts_at, ends_at)
    return msgspec.structs.replace(
        entry,
        id=new_id("ten"),
        version=1,
        starts_at=starts_at,
        ends_at=ends_at,
        minutes=minutes,
        cut_from=entry.id,
        updated_at=now(),
        **NO_FILES,
    )
