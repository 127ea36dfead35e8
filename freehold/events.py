"""Every event, once: its type, its version, its payload. AsyncAPI, reactions and the relay's payloads come from here.

An event says what happened, in the past tense. Its body tolerates new fields, because functions are deployed one by one.
Events that ask the outside for something (`payment.transfer_requested`) are commands; one reaction carries each out.
"""

from typing import Any, ClassVar

import msgspec
from msgspec import Struct


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
