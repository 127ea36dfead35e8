"""Hours: time entries, and the weeks of a project that they are billed in."""

from typing import ClassVar

from freehold.documents.argued import Argued
from freehold.documents.document import Document, Index, Instant
from freehold.domain.hours import BillLine, EntryEnd, EntryKind
from freehold.domain.money import Money
from freehold.domain.week_process import EntryState, WeekState


class TimeEntry(Argued, frozen=True, kw_only=True):
    """Time that a freelancer worked at a project: whole minutes, within one week. A running one has no end yet.

    `stops_at` is when a running timer is stopped, by the database's clock; `ended_by` says what stopped it. `objection` is
    what the client has against it, `answer` what the freelancer says to that, `ruling` what an operator said. Of one that is
    `owed`, its own week's bill is past, and the next bill takes it up; `billed_in` names the week that did. `cut_from` is the
    entry that this was a part of.
    """

    collection: ClassVar[str] = "time_entries"
    indexes: ClassVar[tuple[Index, ...]] = (
        Index((("freelancer_id", 1),), unique=True, partial={"state": "running"}),
        Index((("freelancer_id", 1), ("starts_at", 1))),
        Index((("project_id", 1), ("_id", -1))),
        Index((("project_id", 1), ("week", 1), ("_id", -1))),
        Index((("project_id", 1), ("state", 1))),
        Index((("state", 1), ("stops_at", 1))),
        Index((("state", 1), ("_id", -1))),
    )

    project_id: str
    week: str
    kind: EntryKind
    state: EntryState = "recorded"
    starts_at: Instant
    ends_at: Instant | None = None
    minutes: int = 0
    memo: str = ""
    stops_at: Instant | None = None
    ended_by: EntryEnd | None = None
    objection: str | None = None
    objected_at: Instant | None = None
    answer: str | None = None
    answered_at: Instant | None = None
    ruling: str | None = None
    owed: bool = False
    billed_in: str | None = None
    cut_from: str | None = None
    created_at: Instant
    updated_at: Instant


class WorkWeek(Document, frozen=True, kw_only=True):
    """One week of an hourly project, with the terms that held when it began; there from its first entry on.

    `minutes` and `entry_count` count what takes time in it. The freelancer changes its hours until `edits_end_at`, the client
    looks at them until `review_ends_at`, a charge that was refused is tried again at `retry_at`: all by the database's
    clock. `lines` and `amount` are its bill, `milestone_id` the milestone that holds the money, `charges` counts tries.
    """

    collection: ClassVar[str] = "work_weeks"
    indexes: ClassVar[tuple[Index, ...]] = (
        Index((("project_id", 1), ("starts_at", -1)), unique=True),
        Index((("project_id", 1), ("_id", -1))),
        Index((("milestone_id", 1),)),
        Index((("state", 1), ("edits_end_at", 1))),
        Index((("state", 1), ("review_ends_at", 1))),
        Index((("state", 1), ("retry_at", 1))),
    )

    project_id: str
    job_id: str
    client_id: str
    freelancer_id: str
    title: str
    week: str
    starts_at: Instant
    edits_end_at: Instant
    review_ends_at: Instant
    retry_at: Instant | None = None
    rate: Money
    limit_minutes: int
    state: WeekState = "open"
    minutes: int = 0
    entry_count: int = 0
    carries: bool = False
    lines: tuple[BillLine, ...] = ()
    amount: Money | None = None
    milestone_id: str | None = None
    charges: int = 0
    refusal: str | None = None
    billed_at: Instant | None = None
    created_at: Instant
