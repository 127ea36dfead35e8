"""`POST /api/time-tracking`."""

from typing import Annotated

from msgspec import Struct

from freehold.documents import Instant, Project, TimeEntry
from freehold.domain.errors import Fault, refuse_faults
from freehold.domain.hours import (
    NotHourly,
    ProjectPaused,
    TimeOverlaps,
    TimerRunning,
    TooManyEntries,
    WeekClosed,
    WeeklyLimitReached,
    span_faults,
)
from freehold.domain.instants import in_utc
from freehold.domain.milestones import ProjectNotActive
from freehold.domain.text import optional_text, prose
from freehold.domain.weeks import minutes_between, to_minute, week_of
from freehold.edge import Call, endpoint
from freehold.edge.problems import Forbidden, NotFound
from freehold.ids import ProjectId
from freehold.store.timesheets import begin_work, meet, refuse_overlap, side_of, start_timer, take_time
from freehold.views.hours import TimeEntryView, view_entry


class NewTimeEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Time worked by hand (`starts_at`, `ends_at` and a `memo`), or, without any times, a timer that starts now.

    Times are kept in whole minutes: the seconds of both are dropped.
    """

    project_id: ProjectId
    starts_at: Instant | None = None
    ends_at: Instant | None = None
    memo: Annotated[str, optional_text(1_000)] = ""


@endpoint(
    "POST /api/time-tracking",
    auth="user",
    status=201,
    errors=[
        NotFound, Forbidden, NotHourly, ProjectNotActive, ProjectPaused, TimeOverlaps, TimerRunning, WeeklyLimitReached,
        WeekClosed, TooManyEntries,
    ],
)  # fmt: skip
async def create_entry(call: Call, body: NewTimeEntry) -> TimeEntryView:
    """Write down hours at an hourly project, or start a timer, as its freelancer.

    No two entries of a freelancer lie in the same minute, whatever the project; one timer runs at a time, and no longer than
    the operator lets it or the week has room. An entry is past, at most 24 hours long, and within one week (Monday 00:00
    UTC divides). Raises Forbidden for the client, and the refusals named here.
    """
    project = await call.unit.require(Project, body.project_id)
    if side_of(project, call.caller.user_id) != "freelancer":
        raise Forbidden("Hours are written down by the freelancer.")
    memo = prose(body.memo)
    if body.starts_at is None and body.ends_at is None:
        longest = call.settings.timer_limit_minutes
        entry = await start_timer(call.unit, project, memo=memo, longest_minutes=longest)
    else:
        entry = await _write_down(call, project, body, memo)
    return view_entry(entry, side="freelancer")


async def _write_down(call: Call, project: Project, body: NewTimeEntry, memo: str) -> TimeEntry:
    if body.starts_at is None or body.ends_at is None:
        field = "starts_at" if body.starts_at is None else "ends_at"
        refuse_faults(Fault(field, "a time beside the other one; without both a timer starts"))
        raise AssertionError("refused")
    starts_at, ends_at = to_minute(in_utc(body.starts_at)), to_minute(in_utc(body.ends_at))
    clock = await call.unit.database_now()
    no_memo = () if memo else (Fault("memo", "what was done, because no timer has counted it"),)
    refuse_faults(*no_memo, *span_faults(starts_at, ends_at, clock=clock))
    await meet(call.unit, project.freelancer_id)
    await begin_work(call.unit, project)
    await refuse_overlap(call.unit, project.freelancer_id, starts_at, ends_at)
    week, minutes = week_of(starts_at), minutes_between(starts_at, ends_at)
    await take_time(call.unit, project, week, minutes=minutes, clock=clock)
    entry = TimeEntry(
        id=call.new_id("ten"),
        project_id=project.id,
        client_id=project.client_id,
        freelancer_id=project.freelancer_id,
        week=week.name,
        kind="manual",
        starts_at=starts_at,
        ends_at=ends_at,
        minutes=minutes,
        memo=memo,
        created_at=clock,
        updated_at=clock,
    )
    call.unit.insert(entry)
    return entry
