"""Jobs, applications, and the projects that accepted applications open."""

from typing import Annotated, ClassVar, Literal

from msgspec import Struct

from freehold.documents.document import Document, Index, Instant
from freehold.documents.people import Country
from freehold.domain.money import Money
from freehold.domain.text import optional_text

JobKind = Literal["fixed", "hourly"]
JobState = Literal["draft", "open", "paused", "filled", "closed", "expired"]
ApplicationState = Literal["submitted", "accepted", "declined", "withdrawn"]
ProjectState = Literal["active", "completed"]


class Place(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the work is done."""

    remote: bool = True
    country: Country = ""
    city: Annotated[str, optional_text(100)] = ""


class HourlyRange(Struct, frozen=True, forbid_unknown_fields=True):
    """What an hour may cost, both ends included; one currency."""

    least: Money
    most: Money


class Job(Document, frozen=True, kw_only=True):
    """A job. `budget` is set on fixed jobs, `hourly` may be set on hourly ones.

    For filters and matching: what is folded, and `price_amount` with `price_currency`, which repeat the price that is set
    (an hour's upper end).
    """

    collection: ClassVar[str] = "jobs"
    indexes: ClassVar[tuple[Index, ...]] = (
        Index((("state", 1), ("posted_at", -1), ("_id", -1))),
        Index((("state", 1), ("category_folded", 1), ("posted_at", -1), ("_id", -1))),
        Index((("state", 1), ("skills_folded", 1), ("posted_at", -1), ("_id", -1))),
        Index((("state", 1), ("deadline", 1))),
        Index((("employer_id", 1), ("_id", -1))),
        Index((("employer_id", 1), ("state", 1), ("posted_at", -1), ("_id", -1))),
        Index(
            (("title", "text"), ("skills", "text"), ("category", "text"), ("description", "text")),
            weights={"title": 10, "skills": 6, "category": 3, "description": 1},
        ),
    )

    employer_id: str
    title: str
    description: str
    kind: JobKind
    category: str
    category_folded: str
    skills: tuple[str, ...] = ()
    skills_folded: tuple[str, ...] = ()
    budget: Money | None = None
    hourly: HourlyRange | None = None
    price_amount: int | None = None
    price_currency: str | None = None
    deadline: Instant | None = None
    place: Place = Place()
    country_folded: str = ""
    inspection_period_s: int
    state: JobState = "open"
    application_count: int = 0
    created_at: Instant
    posted_at: Instant | None = None
    updated_at: Instant


class Application(Document, frozen=True, kw_only=True):
    """One freelancer's proposal for one job: a `budget`, or an hourly `rate` with a weekly limit."""

    collection: ClassVar[str] = "applications"
    indexes: ClassVar[tuple[Index, ...]] = (
        Index((("job_id", 1), ("freelancer_id", 1)), unique=True),
        Index((("job_id", 1), ("_id", -1))),
        Index((("job_id", 1), ("state", 1), ("_id", 1))),
        Index((("freelancer_id", 1), ("_id", -1))),
    )

    job_id: str
    job_title: str
    employer_id: str
    freelancer_id: str
    proposal: str
    budget: Money | None = None
    rate: Money | None = None
    weekly_limit_minutes: int | None = None
    timeline_days: int
    state: ApplicationState = "submitted"
    state_reason: str | None = None
    project_id: str | None = None
    created_at: Instant
    updated_at: Instant


class Terms(Struct, frozen=True):
    """What both sides agreed. `number` rises with each agreed change.

    `amount` is the whole price; of an hourly contract (`rate`, `weekly_limit_minutes`) it is what one week costs at most.
    """

    amount: Money
    timeline_days: int
    inspection_period_s: int
    number: int = 1
    rate: Money | None = None
    weekly_limit_minutes: int | None = None


class ProposedTerms(Struct, frozen=True, kw_only=True):
    """Other hourly terms that one side has put to the other; `by` is who."""

    by: str
    rate: Money
    weekly_limit_minutes: int
    at: Instant


class Project(Document, frozen=True, kw_only=True):
    """The contract between a client (the job's employer) and a freelancer.

    `paid_at` is the first release of money to the freelancer; `completed_at` opens the reviews, `review_deadline` ends them;
    `reviewed_by` names the sides (people) that have written theirs. `milestone_count`, `deposit_count` and
    `entry_count` count all that were ever planned, asked for and begun. An hourly one stands still from `paused_at` on, when a
    week could not be charged, until it is paid.
    """

    collection: ClassVar[str] = "projects"
    indexes: ClassVar[tuple[Index, ...]] = (
        Index((("client_id", 1), ("_id", -1))),
        Index((("freelancer_id", 1), ("_id", -1))),
        Index((("application_id", 1),), unique=True),
    )

    job_id: str
    application_id: str
    client_id: str
    freelancer_id: str
    title: str
    kind: JobKind = "fixed"
    terms: Terms
    proposed_terms: ProposedTerms | None = None
    state: ProjectState = "active"
    paused_at: Instant | None = None
    created_at: Instant
    paid_at: Instant | None = None
    completed_at: Instant | None = None
    review_deadline: Instant | None = None
    reviewed_by: tuple[str, ...] = ()
    milestone_count: int = 0
    deposit_count: int = 0
    entry_count: int = 0
