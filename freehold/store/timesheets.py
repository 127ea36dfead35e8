"""Writing hours: entries, timers, and what of a week they take. No two entries of one freelancer lie in the same minute.

Everything here that gives or takes time meets others of its kind in a write to the freelancer (`meet`): of two at once, one
is run again and sees what the other has done. So an overlap is found by looking (ADR 24).
"""

from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from freehold.documents import Project, TimeEntry, User, WorkWeek
from freehold.domain.hours import (
    ENTRIES_PER_WEEK,
    LONGEST_ENTRY,
    EntryEnd,
    NotHourly,
    ProjectPaused,
    TimeOverlaps,
    TimerRunning,
    TooManyEntries,
    WeekClosed,
    require_room,
    timer_minutes,
)
from freehold.domain.milestones import ProjectNotActive
from freehold.domain.week_process import COUNTED, Party, Told, entry_step
from freehold.domain.weeks import EDITS_END, REVIEW_ENDS, Week, by_week, minutes_between, to_minute, week_of
from freehold.events import HoursChanged, all_events
from freehold.ids import new_id
from freehold.store.errors import Missing, Stale
from freehold.store.unit import Unit, now

OPEN: Final[dict[str, Any]] = {"state": "open"}
EDITABLE: Final[dict[str, Any]] = {
    **OPEN,
    "edits_end_at": {"$type": "date"},
    "$expr": {"$gt": ["$edits_end_at", "$$NOW"]},
}
"""The freelancer may still change this week's hours, by the database's clock."""
TIMER_OVER: Final[dict[str, Any]] = {
    "state": "running",
    "stops_at": {"$type": "date"},
    "$expr": {"$lte": ["$stops_at", "$$NOW"]},
}
"""This timer has run as long as it may, by the database's clock."""


def side_of(document: Project | TimeEntry | WorkWeek, user_id: str) -> Party:
    """Say which side of an hourly project somebody is on. Raises Missing for anybody else."""
    if user_id == document.client_id:
        return "client"
    if user_id == document.freelancer_id:
        return "freelancer"
    raise Missing(f"{user_id} has no part in {document.id}")


async def meet(unit: Unit, freelancer_id: str) -> None:
    """Take a turn at this freelancer's hours."""
    await unit.increment(User, freelancer_id, {"hours_changed": 1})


async def begin_work(unit: Unit, project: Project) -> None:
    """Count one more entry on an hourly project that goes on, so that its end and its pause are met by all who come at once.

    Raises NotHourly, ProjectNotActive or ProjectPaused.
    """
    if project.kind != "hourly":
        raise NotHourly("this project is not paid by the hour")
    try:
        await unit.increment(Project, project.id, {"entry_count": 1}, guard={"state": "active", "paused_at": None})
    except Stale as error:
        if project.state != "active":
            raise ProjectNotActive("the project is over") from error
        raise ProjectPaused("a week of this project is not paid; hours go on when it is") from error


async def refuse_overlap(unit: Unit, freelancer_id: str, starts_at: datetime, ends_at: datetime, *, but: str = "") -> None:
    """Raise TimeOverlaps when an entry other than `but`, of any project, lies in this time; a running timer has no end."""
    over = {"state": {"$in": list(COUNTED)}, "ends_at": {"$gt": starts_at}}
    near = {"starts_at": {"$lt": ends_at, "$gt": starts_at - LONGEST_ENTRY}, "_id": {"$ne": but}}
    clash = await unit.first(TimeEntry, {"freelancer_id": freelancer_id, **near, **over})
    if clash is None:
        running = {"freelancer_id": freelancer_id, "state": "running", "starts_at": {"$lt": ends_at}, "_id": {"$ne": but}}
        clash = await unit.first(TimeEntry, running)
    if clash is not None:
        raise TimeOverlaps(f"other work lies in this time, from {clash.starts_at:%Y-%m-%d %H:%M} UTC on")


async def week_in(unit: Unit, project: Project, week: Week) -> WorkWeek | None:
    """Read a project's week, if there is one yet."""
    return await unit.first(WorkWeek, {"project_id": project.id, "starts_at": week.starts_at})


async def take_time(unit: Unit, project: Project, week: Week, *, minutes: int, clock: datetime) -> None:
    """Take time for one more entry in a week, which is opened with the contract's present terms if it is its first.

    Raises WeekClosed when the freelancer's time to change it is over, WeeklyLimitReached, TooManyEntries.
    """
    found = await week_in(unit, project, week)
    if found is not None:
        await change_time(unit, found, minutes=minutes, entries=1)
        return
    if clock >= week.moment(EDITS_END):
        raise WeekClosed(f"the hours of {week.name} are closed")
    fresh = new_week(project, week)
    require_room(minutes=0, more=minutes, limit_minutes=fresh.limit_minutes)
    unit.insert(msgspec.structs.replace(fresh, minutes=minutes, entry_count=1))


async def change_time(
    unit: Unit, week: WorkWeek, *, minutes: int, entries: int = 0, guard: dict[str, Any] = EDITABLE
) -> WorkWeek:
    """Give or take time in a week, while `guard` holds of it. Raises WeekClosed, WeeklyLimitReached, TooManyEntries."""
    if minutes > 0:
        require_room(minutes=week.minutes, more=minutes, limit_minutes=week.limit_minutes)
    if entries > 0 and week.entry_count + entries > ENTRIES_PER_WEEK:
        raise TooManyEntries(f"a week has at most {ENTRIES_PER_WEEK} entries")
    changed = {"minutes": week.minutes + minutes, "entry_count": week.entry_count + entries}
    try:
        return await unit.update(week, msgspec.structs.replace(week, **changed), guard=guard)
    except Stale as error:
        raise WeekClosed(f"the hours of {week.week} are closed") from error


def new_week(project: Project, week: Week) -> WorkWeek:
    """Make a project's week, with the terms that hold now. Raises NotHourly."""
    rate, limit = project.terms.rate, project.terms.weekly_limit_minutes
    if rate is None or limit is None:
        raise NotHourly("this project is not paid by the hour")
    return WorkWeek(
        id=new_id("wwk"),
        project_id=project.id,
        job_id=project.job_id,
        client_id=project.client_id,
        freelancer_id=project.freelancer_id,
        title=project.title,
        week=week.name,
        starts_at=week.starts_at,
        edits_end_at=week.moment(EDITS_END),
        review_ends_at=week.moment(REVIEW_ENDS),
        rate=rate,
        limit_minutes=limit,
        created_at=now(),
    )


async def start_timer(unit: Unit, project: Project, *, memo: str, longest_minutes: int) -> TimeEntry:
    """Start the freelancer's timer at this project, by the database's clock.

    Raises TimerRunning, WeeklyLimitReached, and what `begin_work` raises.
    """
    await meet(unit, project.freelancer_id)
    await begin_work(unit, project)
    clock = await unit.database_now()
    starts_at = to_minute(clock)
    running = TimerRunning("your timer is running; stop it first")
    if await unit.first(TimeEntry, {"freelancer_id": project.freelancer_id, "state": "running"}) is not None:
        raise running
    await refuse_overlap(unit, project.freelancer_id, starts_at, starts_at + timedelta(minutes=1))
    week = week_of(starts_at)
    room = await week_in(unit, project, week) or new_week(project, week)
    lasts = timer_minutes(longest=longest_minutes, limit_minutes=room.limit_minutes, minutes=room.minutes)
    if starts_at + timedelta(minutes=lasts) > week.ends_at:
        lasts = longest_minutes  # the next week has its own room
    await take_time(unit, project, week, minutes=0, clock=clock)
    entry = TimeEntry(
        id=new_id("ten"),
        project_id=project.id,
        client_id=project.client_id,
        freelancer_id=project.freelancer_id,
        week=week.name,
        kind="timer",
        state="running",
        starts_at=starts_at,
        memo=memo,
        stops_at=starts_at + timedelta(minutes=lasts),
        created_at=clock,
        updated_at=clock,
    )
    unit.insert(entry, duplicate=running)
    return entry


async def stop_timer(unit: Unit, entry: TimeEntry, *, by: str, clock: datetime) -> TimeEntry:
    """Stop a timer, by its freelancer or by the clock: it counts until now, but no longer than it may run.

    At a Monday it is divided into an entry for each week. What a week has no room for is cut off; what then is left under a
    minute is dropped.
    """
    step = entry_step("stop" if by == "freelancer" else "cap", actor=by, state=entry.state)
    await meet(unit, entry.freelancer_id)
    project = await unit.require(Project, entry.project_id)
    at = to_minute(min(clock, entry.stops_at or clock))
    ended_by: EntryEnd = "freelancer" if step.actor == "freelancer" else "clock"
    ended = msgspec.structs.replace(
        entry, state="dropped", ends_at=entry.starts_at, stops_at=None, ended_by=ended_by, updated_at=clock
    )
    first: TimeEntry | None = None
    for week, starts_at, ends_at in by_week(entry.starts_at, at):
        granted = await _grant(unit, project, week, minutes_between(starts_at, ends_at), own=first is None)
        if granted == 0:
            continue
        whole = starts_at + timedelta(minutes=granted) == ends_at
        piece = msgspec.structs.replace(
            ended,
            week=week.name,
            state=step.target,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=granted),
            minutes=granted,
            ended_by=ended_by if whole else "limit",
        )
        if first is None:
            first = piece
        else:
            unit.insert(msgspec.structs.replace(piece, id=new_id("ten"), version=1, cut_from=entry.id, created_at=clock))
    after = await unit.update(entry, first or ended)
    emit_entry(unit, after, step)
    return after


async def _grant(unit: Unit, project: Project, week: Week, wanted: int, *, own: bool) -> int:
    """Take as many of these minutes as the week has room for, and say how many; `own` is counted as an entry there already."""
    found = await week_in(unit, project, week)
    room = found or new_week(project, week)
    granted = min(wanted, room.limit_minutes - room.minutes) if room.state == "open" else 0
    if granted <= 0:
        return 0
    if found is None:
        unit.insert(msgspec.structs.replace(room, minutes=granted, entry_count=1))
    else:
        await change_time(unit, found, minutes=granted, entries=0 if own else 1, guard=OPEN)
    return granted


def about(entry: TimeEntry) -> dict[str, Any]:
    """Give what every event of an entry says of it."""
    return {
        "entry_id": entry.id,
        "project_id": entry.project_id,
        "client_id": entry.client_id,
        "freelancer_id": entry.freelancer_id,
        "week": entry.week,
        "state": entry.state,
        "starts_at": entry.starts_at,
        "minutes": entry.minutes,
        "memo": entry.memo,
        "reason": entry.objection,
    }


def emit_entry(unit: Unit, entry: TimeEntry, step: Told, **beside: Any) -> None:  # noqa: ANN401 - what the event has of its own
    """Emit the event of an entry's step."""
    kind = all_events()[step.event]
    if not issubclass(kind, HoursChanged):
        raise TypeError(f"{step.event} is no event of an entry")
    event = kind(step=step.name, by=step.actor, **about(entry), **beside)
    unit.emit(event, entry)
