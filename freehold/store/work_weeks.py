"""The steps of a week of hours: closing it, billing it, and what follows from its payment. The money is a milestone's.

Each step is a compare-and-set on the week, those of the clock under the database's time; so of any number of schedulers,
and of a client who comes at the same moment, one takes it.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from freehold.documents import TimeEntry, WorkWeek
from freehold.domain.hours import BillLine, WeekNotOver, Worked, bill_lines, cost_minor, is_chargeable
from freehold.domain.money import Money, total
from freehold.domain.week_process import WEEK_STEPS, Told, entry_step, week_step
from freehold.domain.weeks import EDITS_END, SHORTEST_REVIEW
from freehold.events import WeekChanged, all_events
from freehold.store.mapping import to_bson
from freehold.store.reads import Reads
from freehold.store.timesheets import emit_entry, meet, stop_timer
from freehold.store.unit import Unit, now

DUE_BATCH: Final = 50
"""So many weeks are taken in one run of a sweep."""
OLDEST_FIRST: Final = (("starts_at", 1),)


def due_filter(name: str) -> dict[str, Any]:
    """Make the filter of weeks at which the clock's step `name` is due, by the database's clock."""
    (row,) = (row for row in WEEK_STEPS if row.name == name and row.timer)
    return _due(row)


async def due_weeks(reads: Reads, name: str) -> list[str]:
    """Find weeks at which this step is due, those due longest first."""
    (row,) = (row for row in WEEK_STEPS if row.name == name and row.timer)
    return await reads.find_ids(WorkWeek, _due(row), sort=((str(row.timer), 1),), limit=DUE_BATCH)


async def write_week_step(
    unit: Unit,
    week: WorkWeek,
    step: Told,
    *,
    deadlines: dict[str, float] | None = None,
    **changes: Any,  # noqa: ANN401 - fields
) -> WorkWeek:
    """Store a step that the process allowed, with `changes` of the week's fields, and emit its event.

    `deadlines` start, in seconds from now. Raises Stale when the week moved on, or the step's time has not come.
    """
    after = msgspec.structs.replace(week, state=step.target, **changes)
    stored = await unit.update(week, after, deadlines=deadlines, guard=_due(step) if step.timer else None)
    emit_week(unit, stored, step)
    return stored


async def close_week(unit: Unit, week: WorkWeek, *, by: str) -> WorkWeek:
    """Close the hours of a week, by the clock or by the freelancer once it is over; a timer that began in it is stopped.

    However late this comes, the client has SHORTEST_REVIEW to look at the hours. Raises WeekNotOver.
    """
    step = week_step("close" if by == "clock" else "submit", actor=by, state=week.state)
    await meet(unit, week.freelancer_id)
    clock = await unit.database_now()
    if clock < week.edits_end_at - EDITS_END.after_end and by != "clock":
        raise WeekNotOver(f"{week.week} goes on until Sunday night, UTC")
    running = await unit.first(TimeEntry, {"project_id": week.project_id, "week": week.week, "state": "running"})
    if running is not None:
        await stop_timer(unit, running, by="clock", clock=clock)
        week = await unit.require(WorkWeek, week.id)
    if week.minutes == 0 and not week.carries and by == "clock":
        return await write_week_step(unit, week, week_step("skip", actor=by, state=week.state))
    review_ends_at = max(week.review_ends_at, clock + SHORTEST_REVIEW)
    return await write_week_step(unit, week, step, review_ends_at=review_ends_at)


async def gather_bill(unit: Unit, week: WorkWeek) -> tuple[list[TimeEntry], tuple[BillLine, ...]]:
    """Find what a week's bill takes up: its own hours that nobody objects to, and older ones that are owed."""
    recorded = {"project_id": week.project_id, "state": "recorded"}
    own = await unit.find(TimeEntry, {**recorded, "week": week.week}, sort=OLDEST_FIRST)
    older = {**recorded, "owed": True, "week": {"$ne": week.week}}
    owed = await unit.find(TimeEntry, older, sort=OLDEST_FIRST)
    rates = {week.week: week.rate, **await _rates(unit, week, owed)}
    entries = [*owed, *own]
    lines = _lines(entries, rates)
    if owed and not is_chargeable(sum_of(lines, week).amount):
        alone = _lines(own, rates)
        if is_chargeable(sum_of(alone, week).amount):
            return own, alone
    return entries, lines


def sum_of(lines: Iterable[BillLine], week: WorkWeek) -> Money:
    """Add up a bill."""
    return total((line.amount for line in lines), week.rate.currency)


async def carry_over(unit: Unit, week: WorkWeek, entries: Sequence[TimeEntry]) -> WorkWeek:
    """End a week without a charge; what it has stands on the next bill."""
    await _mark(unit, entries, {"owed": True})
    return await write_week_step(unit, week, week_step("carry", actor="clock", state=week.state), billed_at=now())


async def take_up(unit: Unit, week: WorkWeek, entries: Sequence[TimeEntry]) -> None:
    """Note on entries that they stand on this week's bill."""
    await _mark(unit, entries, {"state": "billed", "billed_in": week.week, "owed": False})


async def dispute_rest(unit: Unit, week: WorkWeek) -> None:
    """Say of each segment that is still objected to that it is disputed: it stays off the bill until somebody settles it."""
    filter_ = {"project_id": week.project_id, "week": week.week, "state": "objected"}
    for entry in await unit.find(TimeEntry, filter_, sort=OLDEST_FIRST):
        step = entry_step("dispute", actor="clock", state=entry.state)
        after = await unit.update(entry, msgspec.structs.replace(entry, state=step.target, updated_at=now()))
        amount = Money(cost_minor(entry.minutes, week.rate.amount), week.rate.currency)
        emit_entry(unit, after, step, work_week_id=week.id, amount=amount)


def emit_week(unit: Unit, week: WorkWeek, step: Told) -> None:
    """Emit the event of a week's step, with what its kind tells of the week."""
    kind = all_events()[step.event]
    if not issubclass(kind, WeekChanged):
        raise TypeError(f"{step.event} is no event of a week")
    own = {name: getattr(week, name) for name in kind.__struct_fields__ if name in WorkWeek.__struct_fields__}
    unit.emit(kind(**{**own, "work_week_id": week.id, "step": step.name, "by": step.actor}), week)


async def _rates(unit: Unit, week: WorkWeek, owed: Sequence[TimeEntry]) -> dict[str, Money]:
    names = sorted({entry.week for entry in owed})
    weeks = await unit.find(WorkWeek, {"project_id": week.project_id, "week": {"$in": names}}) if names else []
    return {each.week: each.rate for each in weeks}


def _lines(entries: Iterable[TimeEntry], rates: dict[str, Money]) -> tuple[BillLine, ...]:
    return bill_lines(
        Worked(week=entry.week, minutes=entry.minutes, rate=rates[entry.week], kind=entry.kind) for entry in entries
    )


async def _mark(unit: Unit, entries: Sequence[TimeEntry], fields: dict[str, Any]) -> None:
    """Change many entries at once; the week that was compared and set beside holds them still."""
    these = {"_id": {"$in": [entry.id for entry in entries]}}
    change = {"$set": {**fields, "updated_at": now()}, "$inc": {"version": to_bson(1)}}
    await unit.collection(TimeEntry).update_many(these, change, session=unit.session)


def _due(row: Told) -> dict[str, Any]:
    """Say when the clock may take a step. `$type: date` stands there because `$lte` alone also matches null and missing."""
    return {
        "state": {"$in": list(row.sources)},
        str(row.timer): {"$type": "date"},
        "$expr": {"$lte": [f"${row.timer}", "$$NOW"]},
    }
