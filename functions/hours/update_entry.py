"""`PUT /api/time-tracking/{id}`."""

from typing import Annotated, Any, Final

import msgspec
from msgspec import UNSET, Struct, UnsetType

from freehold.documents import Instant, TimeEntry, Version
from freehold.domain.errors import Fault, refuse_faults
from freehold.domain.hours import (
    ReviewOver,
    TimeOverlaps,
    TooManyEntries,
    WeekClosed,
    WeeklyLimitReached,
    cut_faults,
    span_faults,
)
from freehold.domain.instants import in_utc
from freehold.domain.process import NotInThisState, NotYourStep
from freehold.domain.text import optional_text, prose, required_text
from freehold.domain.week_process import EntryStep, Party, entry_step
from freehold.domain.weeks import minutes_between, to_minute, week_of
from freehold.edge import Call, endpoint
from freehold.edge.problems import Forbidden, NotFound, StaleVersion
from freehold.ids import TimeEntryPath
from freehold.store.timesheets import change_time, meet, refuse_overlap, side_of, stop_timer
from freehold.store.week_reviews import answer_objection, drop_segment, object_to, week_of_entry, withdraw_objection
from freehold.views.hours import TimeEntryView, view_entry

BESIDE: Final[dict[str, tuple[str, ...]]] = {"object": ("reason", "starts_at", "ends_at"), "answer": ("reason",)}
"""What may stand beside each transition."""
EDITED: Final = ("starts_at", "ends_at", "memo")


class TimeEntryChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Corrected fields, or a `transition`; always with the `version` that the caller saw.

    Beside `object` and `answer` stands a `reason`; beside `object`, too, `starts_at` and `ends_at` if only a part is meant.
    """

    version: Version
    transition: EntryStep | UnsetType = UNSET
    reason: Annotated[str, required_text(2_000)] | UnsetType = UNSET
    starts_at: Instant | UnsetType = UNSET
    ends_at: Instant | UnsetType = UNSET
    memo: Annotated[str, optional_text(1_000)] | UnsetType = UNSET


@endpoint(
    "PUT /api/time-tracking/{id}",
    auth="user",
    errors=[
        NotFound, Forbidden, StaleVersion, NotInThisState, TimeOverlaps, WeeklyLimitReached, WeekClosed, ReviewOver,
        TooManyEntries,
    ],
)  # fmt: skip
async def update_entry(call: Call, path: TimeEntryPath, body: TimeEntryChange) -> TimeEntryView:
    """Stop a timer, correct an entry, object to it or to a part of it, answer, take the objection back, or give it up.

    The freelancer stops, and corrects until Monday 12:00 UTC after the week; a timer's entry whose times are corrected counts
    as written by hand. The client objects while the week is under review: that segment stays off the bill until the client
    withdraws (it is billed, with the next week if its own is past) or the freelancer drops it. Raises Forbidden for the other
    side's step, NotInThisState, and the refusals named here.
    """
    entry = await call.unit.require(TimeEntry, path.id)
    side = side_of(entry, call.caller.user_id)
    refuse_faults(*_misplaced(body))
    if body.transition is not UNSET:
        _require_open(entry, body.transition, side)
    if body.version != entry.version:
        raise StaleVersion(f"The entry is at version {entry.version}.")
    match body.transition:
        case "stop":
            after = await stop_timer(call.unit, entry, by=side, clock=await call.unit.database_now())
        case "object":
            after = await _object(call, entry, body)
        case "answer":
            after = await answer_objection(call.unit, entry, answer=_said(body))
        case "withdraw":
            after = await withdraw_objection(call.unit, entry)
        case "drop":
            after = await drop_segment(call.unit, entry)
        case _:
            after = await _correct(call, entry, body, side)
    return view_entry(after, side=side)


def _misplaced(body: TimeEntryChange) -> list[Fault]:
    given = {name for name, value in msgspec.structs.asdict(body).items() if value is not UNSET} - {"version", "transition"}
    if body.transition is UNSET:
        nothing = [] if given & set(EDITED) else [Fault("transition", "a transition, or corrected fields")]
        return nothing + [Fault(name, "nothing beside corrected fields") for name in sorted(given - set(EDITED))]
    allowed = BESIDE.get(body.transition, ())
    missing = [Fault("reason", f"a text beside {body.transition}")] if "reason" in allowed and "reason" not in given else []
    return missing + [Fault(name, f"nothing beside {body.transition}") for name in sorted(given - set(allowed))]


def _require_open(entry: TimeEntry, transition: EntryStep, side: Party) -> None:
    try:
        entry_step(transition, actor=side, state=entry.state)
    except NotYourStep as error:
        raise Forbidden(f"{error}.") from error


async def _object(call: Call, entry: TimeEntry, body: TimeEntryChange) -> TimeEntry:
    starts_at, ends_at = entry.starts_at, entry.ends_at or entry.starts_at
    first = starts_at if body.starts_at is UNSET else to_minute(in_utc(body.starts_at))
    last = ends_at if body.ends_at is UNSET else to_minute(in_utc(body.ends_at))
    refuse_faults(*cut_faults(starts_at, ends_at, first=first, last=last))
    return await object_to(call.unit, entry, first=first, last=last, reason=_said(body))


def _said(body: TimeEntryChange) -> str:
    return "" if body.reason is UNSET else prose(body.reason)


async def _correct(call: Call, entry: TimeEntry, body: TimeEntryChange, side: Party) -> TimeEntry:
    if side != "freelancer":
        raise Forbidden("Hours are corrected by the freelancer.")
    await meet(call.unit, entry.freelancer_id)
    changes = await _corrections(call, entry, body)
    minutes = changes.get("minutes", entry.minutes) - entry.minutes
    await change_time(call.unit, await week_of_entry(call.unit, entry), minutes=minutes)
    if entry.state != "recorded" and (entry.state != "running" or set(changes) != {"memo"}):
        raise NotInThisState(f"the entry is {entry.state}; its times stay as they are")
    corrected = msgspec.structs.replace(entry, updated_at=call.now, **changes)
    return await call.unit.update(entry, corrected)


async def _corrections(call: Call, entry: TimeEntry, body: TimeEntryChange) -> dict[str, Any]:
    """Give the corrected fields as they are kept. Raises InvalidFields, TimeOverlaps."""
    changes: dict[str, Any] = {} if body.memo is UNSET else {"memo": prose(body.memo)}
    if entry.ends_at is None or (body.starts_at is UNSET and body.ends_at is UNSET):
        _require_memo(entry.kind, changes.get("memo", entry.memo))
        return changes
    starts_at = entry.starts_at if body.starts_at is UNSET else to_minute(in_utc(body.starts_at))
    ends_at = entry.ends_at if body.ends_at is UNSET else to_minute(in_utc(body.ends_at))
    moved = [] if week_of(starts_at).name == entry.week else [Fault("starts_at", f"a time in {entry.week}")]
    refuse_faults(*moved, *span_faults(starts_at, ends_at, clock=await call.unit.database_now()))
    _require_memo("manual", changes.get("memo", entry.memo))
    await refuse_overlap(call.unit, entry.freelancer_id, starts_at, ends_at, but=entry.id)
    minutes = minutes_between(starts_at, ends_at)
    return {**changes, "starts_at": starts_at, "ends_at": ends_at, "minutes": minutes, "kind": "manual"}


def _require_memo(kind: str, memo: str) -> None:
    if kind == "manual" and not memo:
        refuse_faults(Fault("memo", "what was done, because no timer has counted it"))
