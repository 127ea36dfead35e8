"""Every event, once: its type, its version, its payload. AsyncAPI, reactions and the relay's payloads come from here.

An event says what happened, in the past tense. Its body tolerates new fields, because functions are deployed one by one.
Events that ask the outside for something (`payment.transfer_requested`) are commands; one reaction carries each out.
"""

from typing import Any, ClassVar

import msgspec
from msgspec import Struct

from freehold.documents.document import Instant
from freehold.domain.money import Money
from freehold.domain.money_process import Actor, State, Transition


class Event(Struct, frozen=True, kw_only=True):
    """Something that happened to one aggregate. `type` names it; `schema_version` rises when a field's meaning changes."""

    type: ClassVar[str]
    schema_version: ClassVar[int] = 1


class EventEnvelope(Struct, frozen=True, kw_only=True):
    """An event on its way to a reaction: what the connector posts, in a list, to a function."""

    id: str
    type: str
    aggregate: str
    aggregate_version: int
    n: int
    body: dict[str, Any]
    trace_id: str | None = None
    traceparent: str | None = None


class UserRegistered(Event, frozen=True, kw_only=True):
    """Somebody has an account now."""

    type: ClassVar[str] = "user.registered"
    user_id: str


class JobPosted(Event, frozen=True, kw_only=True):
    """A job is open for applications."""

    type: ClassVar[str] = "job.posted"
    job_id: str
    employer_id: str


class JobClosed(Event, frozen=True, kw_only=True):
    """A job takes no more applications: `state` is filled, closed or expired."""

    type: ClassVar[str] = "job.closed"
    job_id: str
    state: str


class ApplicationChanged(Event, frozen=True, kw_only=True):
    """What the events of an application share."""

    application_id: str
    job_id: str
    job_title: str
    employer_id: str
    freelancer_id: str


class ApplicationSubmitted(ApplicationChanged, frozen=True, kw_only=True):
    """A freelancer has applied."""

    type: ClassVar[str] = "application.submitted"


class ApplicationAccepted(ApplicationChanged, frozen=True, kw_only=True):
    """The employer has accepted; the project is open."""

    type: ClassVar[str] = "application.accepted"
    project_id: str


class ApplicationDeclined(ApplicationChanged, frozen=True, kw_only=True):
    """The employer has declined, or the job was filled or closed (`reason`)."""

    type: ClassVar[str] = "application.declined"
    reason: str


class ApplicationWithdrawn(ApplicationChanged, frozen=True, kw_only=True):
    """The freelancer has taken the application back."""

    type: ClassVar[str] = "application.withdrawn"


class ReviewPublished(Event, frozen=True, kw_only=True):
    """A review can be read now."""

    type: ClassVar[str] = "review.published"
    review_id: str
    project_id: str
    author_id: str
    subject_id: str


class ProjectCompleted(Event, frozen=True, kw_only=True):
    """A project is done and paid; both sides may review."""

    type: ClassVar[str] = "project.completed"
    project_id: str
    client_id: str
    freelancer_id: str
    title: str


class MilestoneChanged(Event, frozen=True, kw_only=True):
    """What the events of a milestone share: who it is about, and where it stands after this."""

    milestone_id: str
    project_id: str
    client_id: str
    freelancer_id: str
    title: str
    state: State
    amount: Money


class MilestoneCreated(MilestoneChanged, frozen=True, kw_only=True):
    """The client has planned a milestone."""

    type: ClassVar[str] = "milestone.created"


class MilestoneEdited(MilestoneChanged, frozen=True, kw_only=True):
    """The client has changed a milestone that is not funded yet."""

    type: ClassVar[str] = "milestone.edited"


class MilestoneStepped(MilestoneChanged, frozen=True, kw_only=True):
    """A step of the process table was taken. `moved` is what it moved (a deposit, or a leg's gross), `leg` numbers the leg."""

    transition: Transition
    came_from: State
    by: Actor
    moved: Money | None = None
    leg: int | None = None
    auto_release_at: Instant | None = None


class MilestoneFundingStarted(MilestoneStepped, frozen=True, kw_only=True):
    """The client has asked to pay; the gateway has been told to collect."""

    type: ClassVar[str] = "milestone.funding_started"


class MilestonePaymentRefused(MilestoneStepped, frozen=True, kw_only=True):
    """The gateway refused the payment; the client may try again until the funding expires."""

    type: ClassVar[str] = "milestone.payment_refused"


class MilestoneFunded(MilestoneStepped, frozen=True, kw_only=True):
    """The deposit is there and held."""

    type: ClassVar[str] = "milestone.funded"


class MilestoneCancelled(MilestoneStepped, frozen=True, kw_only=True):
    """The milestone is over before it held anything."""

    type: ClassVar[str] = "milestone.cancelled"


class MilestoneSubmitted(MilestoneStepped, frozen=True, kw_only=True):
    """The freelancer has submitted the work; at `auto_release_at` the money is released if the client says nothing."""

    type: ClassVar[str] = "milestone.submitted"


class MilestoneChangesRequested(MilestoneStepped, frozen=True, kw_only=True):
    """The client wants changes; nothing is released by itself any more."""

    type: ClassVar[str] = "milestone.changes_requested"


class MilestoneReleaseStarted(MilestoneStepped, frozen=True, kw_only=True):
    """All or a part of the held money is released; the transfer is on its way."""

    type: ClassVar[str] = "milestone.release_started"


class MilestoneReleased(MilestoneStepped, frozen=True, kw_only=True):
    """The money of a leg has reached the freelancer."""

    type: ClassVar[str] = "milestone.released"


class MilestonePayoutBlocked(MilestoneStepped, frozen=True, kw_only=True):
    """The gateway refused to pay the freelancer, who has to act; then the payout is tried again."""

    type: ClassVar[str] = "milestone.payout_blocked"


class MilestoneRefundStarted(MilestoneStepped, frozen=True, kw_only=True):
    """Money goes back to the client; the refund is on its way."""

    type: ClassVar[str] = "milestone.refund_started"


class MilestoneRefunded(MilestoneStepped, frozen=True, kw_only=True):
    """The money is back with the client."""

    type: ClassVar[str] = "milestone.refunded"


class MilestoneRefundBlocked(MilestoneStepped, frozen=True, kw_only=True):
    """The gateway refused the refund; the client has to act."""

    type: ClassVar[str] = "milestone.refund_blocked"


class PaymentCommanded(Event, frozen=True, kw_only=True):
    """What the commands to a payment gateway share: which command, stored beside this, is to be carried out."""

    command_key: str
    milestone_id: str


class PaymentFundRequested(PaymentCommanded, frozen=True, kw_only=True):
    """Collect a deposit from the client."""

    type: ClassVar[str] = "payment.fund_requested"


class PaymentCancelRequested(PaymentCommanded, frozen=True, kw_only=True):
    """Cancel a payment that is still open, or find out that it was paid."""

    type: ClassVar[str] = "payment.cancel_requested"


class PaymentTransferRequested(PaymentCommanded, frozen=True, kw_only=True):
    """Pay the freelancer."""

    type: ClassVar[str] = "payment.transfer_requested"


class PaymentRefundRequested(PaymentCommanded, frozen=True, kw_only=True):
    """Pay the client back."""

    type: ClassVar[str] = "payment.refund_requested"


def all_events() -> dict[str, type[Event]]:
    """Map every event's type to its class (classes without a type of their own are not events)."""
    found: dict[str, type[Event]] = {}
    pending = list(Event.__subclasses__())
    while pending:
        kind = pending.pop()
        pending.extend(kind.__subclasses__())
        if "type" in vars(kind):
            found[kind.type] = kind
    return dict(sorted(found.items()))


def body_of(event: Event) -> dict[str, Any]:
    """Turn an event into the plain body that the outbox stores."""
    body: dict[str, Any] = msgspec.to_builtins(event)
    return body
