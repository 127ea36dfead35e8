"""Hours, as the two parties of a project see them."""

import msgspec
from msgspec import Struct

from freehold.documents import Instant, TimeEntry, WorkWeek
from freehold.domain.hours import BillLine, EntryEnd, EntryKind
from freehold.domain.money import Money
from freehold.domain.week_process import ENTRY, WEEK, EntryState, Party, WeekState


class TimeEntryView(Struct, frozen=True, kw_only=True):
    """Time worked. `ends_at` is null while a timer runs; `actions` are the transitions that the caller's side knows now.

    Edits and removal are open to the freelancer while the week is (`edits_end_at` of its week).
    """

    id: str
    project_id: str
    week: str
    kind: EntryKind
    state: EntryState
    starts_at: Instant
    ends_at: Instant | None
    minutes: int
    memo: str
    stops_at: Instant | None
    ended_by: EntryEnd | None
    objection: str | None
    objected_at: Instant | None
    answer: str | None
    answered_at: Instant | None
    ruling: str | None
    owed: bool
    billed_in: str | None
    cut_from: str | None
    actions: tuple[str, ...] = ()
    created_at: Instant
    updated_at: Instant
    version: int


class ArguedSegment(TimeEntryView, frozen=True, kw_only=True):
    """Hours that the two sides argue about, with who they are and how many files each has added; for operators."""

    client_id: str
    freelancer_id: str
    client_files: int
    freelancer_files: int


class WorkWeekView(Struct, frozen=True, kw_only=True):
    """A week of hours and its bill. `actions` are the transitions that the caller's side knows now."""

    id: str
    project_id: str
    week: str
    starts_at: Instant
    edits_end_at: Instant
    review_ends_at: Instant
    retry_at: Instant | None
    rate: Money
    limit_minutes: int
    state: WeekState
    minutes: int
    lines: tuple[BillLine, ...]
    amount: Money | None
    milestone_id: str | None
    charges: int
    refusal: str | None
    billed_at: Instant | None
    actions: tuple[str, ...] = ()
    version: int


def view_entry(entry: TimeEntry, *, side: Party) -> TimeEntryView:
    """Show an entry to one of the project's parties."""
    view = msgspec.convert(entry, TimeEntryView, from_attributes=True)
    return msgspec.structs.replace(view, actions=ENTRY.open_to(side, state=entry.state))


def view_segment(entry: TimeEntry) -> ArguedSegment:
    """Show hours that are argued about to an operator."""
    view = msgspec.convert(entry, ArguedSegment, from_attributes=True)
    return msgspec.structs.replace(view, actions=ENTRY.open_to("operator", state=entry.state))


def view_week(week: WorkWeek, *, side: Party) -> WorkWeekView:
    """Show a week to one of the project's parties."""
    view = msgspec.convert(week, WorkWeekView, from_attributes=True)
    return msgspec.structs.replace(view, actions=WEEK.open_to(side, state=week.state))
