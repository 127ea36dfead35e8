"""What happens to hours: to the weeks of a project, to single entries, to what both sides agreed on."""

from typing import ClassVar

from freehold.documents.document import Instant
from freehold.domain.hours import BillLine
from freehold.domain.money import Money
from freehold.domain.week_process import EntryState, WeekState
from freehold.events.event import Event


class WeekChanged(Event, frozen=True, kw_only=True):
    """What the events of a week share. `step` and `by` name the row of the week's process that was taken."""

    work_week_id: str
    project_id: str
    client_id: str
    freelancer_id: str
    title: str
    week: str
    state: WeekState
    step: str
    by: str
    minutes: int
    amount: Money | None = None
    milestone_id: str | None = None


class WeekInReview(WeekChanged, frozen=True, kw_only=True):
    """The hours of a week are closed; the client looks at them until `review_ends_at`."""

    type: ClassVar[str] = "week.in_review"
    review_ends_at: Instant


class WeekBilled(WeekChanged, frozen=True, kw_only=True):
    """A week has a bill: `amount` is the sum of its `lines`, older weeks' hours that were owed among them."""

    type: ClassVar[str] = "week.billed"
    rate: Money
    lines: tuple[BillLine, ...]


class WeekCarried(WeekChanged, frozen=True, kw_only=True):
    """Nothing of this week is charged: there was nothing, or too little, and that stands on the next bill."""

    type: ClassVar[str] = "week.carried"


class WeekPaymentRefused(WeekChanged, frozen=True, kw_only=True):
    """A charge was refused; the next try is at `retry_at`, unless the client pays before."""

    type: ClassVar[str] = "week.payment_refused"
    charges: int
    retry_at: Instant | None = None


class WeekChargedAgain(WeekChanged, frozen=True, kw_only=True):
    """The gateway is asked for a week's money once more, by the clock or by the client."""

    type: ClassVar[str] = "week.charged_again"
    charges: int


class WeekPaymentFailed(WeekChanged, frozen=True, kw_only=True):
    """No charge went through: the project is paused until the client has paid."""

    type: ClassVar[str] = "week.payment_failed"
    refusal: str | None = None


class WeekPaid(WeekChanged, frozen=True, kw_only=True):
    """A week's money is held; it is released by itself once the security hold is over."""

    type: ClassVar[str] = "week.paid"


class WeekReleased(WeekChanged, frozen=True, kw_only=True):
    """A week's money has reached the freelancer."""

    type: ClassVar[str] = "week.released"


class WeekRefunded(WeekChanged, frozen=True, kw_only=True):
    """A week's money has gone back to the client."""

    type: ClassVar[str] = "week.refunded"


class HoursChanged(Event, frozen=True, kw_only=True):
    """What the events of an entry share. `step` and `by` name the row of the entry's process that was taken.

    Evidence is added beside the process: its `step` is `add_evidence`, which is no row.
    """

    entry_id: str
    project_id: str
    client_id: str
    freelancer_id: str
    week: str
    state: EntryState
    step: str
    by: str
    starts_at: Instant
    minutes: int
    memo: str
    reason: str | None = None


class TimerStopped(HoursChanged, frozen=True, kw_only=True):
    """A timer has ended: the freelancer stopped it, or it ran as long as one may."""

    type: ClassVar[str] = "hours.timer_stopped"


class SegmentObjected(HoursChanged, frozen=True, kw_only=True):
    """The client objects to an entry, or to a part that was cut out of one, for a `reason`."""

    type: ClassVar[str] = "hours.segment_objected"


class SegmentAnswered(HoursChanged, frozen=True, kw_only=True):
    """The freelancer says what there is to say to an objection."""

    type: ClassVar[str] = "hours.segment_answered"
    answer: str


class HoursEvidenceAdded(HoursChanged, frozen=True, kw_only=True):
    """A party (`by`) has added a file to a segment that is argued about; both sides see it."""

    type: ClassVar[str] = "hours.evidence_added"
    file_id: str


class ObjectionWithdrawn(HoursChanged, frozen=True, kw_only=True):
    """The client has nothing against a segment any more; it is billed, if need be with the next week."""

    type: ClassVar[str] = "hours.objection_withdrawn"


class SegmentDropped(HoursChanged, frozen=True, kw_only=True):
    """The freelancer gives up a segment that the client has objected to."""

    type: ClassVar[str] = "hours.segment_dropped"


class SegmentDisputed(HoursChanged, frozen=True, kw_only=True):
    """Nobody has settled an objection until the week was billed. The segment is off the bill; it cost `amount`."""

    type: ClassVar[str] = "hours.segment_disputed"
    work_week_id: str
    amount: Money


class SegmentSettled(HoursChanged, frozen=True, kw_only=True):
    """An operator has ruled about a disputed segment: `recorded` is billed next, `dropped` is not; `ruling` says why."""

    type: ClassVar[str] = "hours.segment_settled"
    ruling: str


class ProjectTermsProposed(Event, frozen=True, kw_only=True):
    """One side of an hourly project asks the other for another rate or limit."""

    type: ClassVar[str] = "project.terms_proposed"
    project_id: str
    client_id: str
    freelancer_id: str
    title: str
    by: str
    rate: Money
    weekly_limit_minutes: int


class ProjectTermsAnswered(Event, frozen=True, kw_only=True):
    """A proposal was accepted (`number` is that of the new terms), declined, or withdrawn by who made it."""

    type: ClassVar[str] = "project.terms_answered"
    project_id: str
    client_id: str
    freelancer_id: str
    title: str
    by: str
    answer: str
    number: int
