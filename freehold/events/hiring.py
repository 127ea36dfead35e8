"""Events of accounts, jobs, applications, projects and reviews."""

from typing import ClassVar

from freehold.events.event import Event


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
