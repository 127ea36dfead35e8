"""What people are told live: every event of the relay, its namespace and its payload, once. AsyncAPI comes from here.

Each goes to one person's channel (`user:usr_...`) and stands, with the same payload, in that person's list of notifications.
The names are those that clients listen to. Payloads tolerate new fields.
"""

from typing import ClassVar

from msgspec import Struct

from freehold.documents import Instant
from freehold.documents.hiring import HourlyRange, JobKind
from freehold.domain.invoicing import InvoiceKind
from freehold.domain.money import Money

NOTIFICATIONS = "/notifications"


class RelayEvent(Struct, frozen=True, kw_only=True):
    """What all share. `notification_id` is the entry in the person's list (`notify` sets it); clients dedupe by it."""

    name: ClassVar[str]
    namespace: ClassVar[str] = NOTIFICATIONS

    notification_id: str = ""


class NewJob(RelayEvent, frozen=True, kw_only=True):
    """A job was posted that asks for a skill of yours."""

    name: ClassVar[str] = "newJob"

    job_id: str
    title: str
    category: str
    kind: JobKind
    skills: tuple[str, ...]
    budget: Money | None = None
    hourly: HourlyRange | None = None


class ApplicationStatusUpdate(RelayEvent, frozen=True, kw_only=True):
    """An application changed: the employer is told that it was submitted or withdrawn, the freelancer the rest.

    `status` is submitted, withdrawn, accepted or declined; `reason` says why it was declined; `project_id` is what accepting
    opened.
    """

    name: ClassVar[str] = "applicationStatusUpdate"

    application_id: str
    job_id: str
    job_title: str
    status: str
    reason: str | None = None
    project_id: str | None = None


class MilestoneUpdate(RelayEvent, frozen=True, kw_only=True):
    """A milestone of your project changed: `state` is what it is in now, `happened` names the step (`chargeback_opened`)."""

    name: ClassVar[str] = "milestoneUpdate"

    project_id: str
    milestone_id: str
    title: str
    state: str
    amount: Money
    auto_release_at: Instant | None = None
    happened: str = ""


class EscrowUpdate(RelayEvent, frozen=True, kw_only=True):
    """Held money of your project moved: `movement` is deposited, released or refunded."""

    name: ClassVar[str] = "escrowUpdate"

    project_id: str
    milestone_id: str
    title: str
    movement: str
    amount: Money


class InvoiceUpdate(RelayEvent, frozen=True, kw_only=True):
    """An invoice of yours, sent or received: `change` is created, paid, cancelled or overdue."""

    name: ClassVar[str] = "invoiceUpdate"

    invoice_id: str
    kind: InvoiceKind
    number: str
    change: str
    milestone_id: str
    project_id: str
    total: Money


class WeekUpdate(RelayEvent, frozen=True, kw_only=True):
    """A week of hours of your project changed: `state` is what it is in now, `amount` its bill once it has one."""

    name: ClassVar[str] = "weekUpdate"

    project_id: str
    work_week_id: str
    title: str
    week: str
    state: str
    minutes: int
    amount: Money | None = None


class TermsUpdate(RelayEvent, frozen=True, kw_only=True):
    """The other side of your hourly project proposes a `rate` and a limit, or has answered: accept, decline or withdraw."""

    name: ClassVar[str] = "termsUpdate"

    project_id: str
    title: str
    answer: str | None = None
    rate: Money | None = None
    weekly_limit_minutes: int | None = None


class HoursUpdate(RelayEvent, frozen=True, kw_only=True):
    """A time entry of your project changed: `happened` says how (timer_stopped, segment_objected, evidence_added ...).

    `reason` is what the client has against it.
    """

    name: ClassVar[str] = "hoursUpdate"

    project_id: str
    entry_id: str
    week: str
    state: str
    happened: str = ""
    minutes: int
    reason: str | None = None


class PaymentMethodUpdate(RelayEvent, frozen=True, kw_only=True):
    """A saved payment method of yours is pending (you must act), ready or refused (`reason` is the gateway's code)."""

    name: ClassVar[str] = "paymentMethodUpdate"

    method_id: str
    gateway: str
    label: str
    state: str
    reason: str | None = None


class PayoutUpdate(RelayEvent, frozen=True, kw_only=True):
    """Something about how you are paid: `what` is account (pending, ready, restricted) or hold (held, lifted).

    `about` is the account's or the hold's id; `reasons` are the gateway's codes, or a sentence why payouts wait.
    """

    name: ClassVar[str] = "payoutUpdate"

    what: str
    about: str
    state: str
    reasons: tuple[str, ...] = ()
    until: Instant | None = None


class DisputeUpdate(RelayEvent, frozen=True, kw_only=True):
    """A dispute that you are a party of, or mediate, changed: `happened` says how (filed, offer_made, decided, reminded ...).

    `state` is what it is in now, until `due_at`; `amount` is what is disputed.
    """

    name: ClassVar[str] = "disputeUpdate"

    dispute_id: str
    project_id: str
    milestone_id: str
    title: str
    state: str
    happened: str
    amount: Money
    due_at: Instant | None = None


class ReviewPublished(RelayEvent, frozen=True, kw_only=True):
    """A review of you can be read now."""

    name: ClassVar[str] = "reviewPublished"

    review_id: str
    project_id: str
    author_id: str


def channel_of(user_id: str) -> str:
    """Name the channel that only this person's sockets are on."""
    return f"user:{user_id}"


def all_relay_events() -> dict[str, type[RelayEvent]]:
    """Map every relay event's name to its class."""
    return dict(sorted((kind.name, kind) for kind in RelayEvent.__subclasses__()))
