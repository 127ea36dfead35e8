"""People and their sessions."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct

from freehold.documents.document import Document, Index, Instant
from freehold.domain.money import Money
from freehold.domain.text import optional_text, required_text

Role = Literal["freelancer", "employer", "admin"]
PersonName = Annotated[str, required_text(100)]
Skill = Annotated[str, required_text(60)]
Title = Annotated[str, required_text(200)]
Country = Annotated[str, optional_text(60)]
ShortText = Annotated[str, optional_text(200)]
LongText = Annotated[str, optional_text(5_000)]
TimeZone = Annotated[
    str,
    Meta(max_length=60, pattern=r"^([A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*)?$(?!\n)", description="An IANA name (Europe/Rome)."),
]


class Engagement(Struct, frozen=True, forbid_unknown_fields=True):
    """A station of somebody's experience or education. Years are of the Gregorian calendar."""

    title: Title
    organisation: ShortText = ""
    from_year: Annotated[int, Meta(ge=1900, le=2200)] | None = None
    to_year: Annotated[int, Meta(ge=1900, le=2200)] | None = None
    description: LongText = ""


class PortfolioItem(Struct, frozen=True, forbid_unknown_fields=True):
    """A piece of past work."""

    title: Title
    description: LongText = ""
    url: Annotated[str, Meta(max_length=500, pattern=r"^(https?://[^\s\x00-\x1f\x7f-\x9f\u202a-\u202e]+)?$(?!\n)")] = ""


class SpokenLanguage(Struct, frozen=True, forbid_unknown_fields=True):
    """A language (BCP 47 tag) and how well it is spoken."""

    tag: Annotated[str, Meta(pattern=r"^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*$(?!\n)", max_length=35)]
    level: Literal["basic", "conversational", "fluent", "native"]


class Profile(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a person says of themselves; all of it is public."""

    headline: ShortText = ""
    about: LongText = ""
    skills: Annotated[tuple[Skill, ...], Meta(max_length=50)] = ()
    hourly_rate: Money | None = None
    availability_hours_per_week: Annotated[int, Meta(ge=0, le=168)] | None = None
    experience: Annotated[tuple[Engagement, ...], Meta(max_length=50)] = ()
    education: Annotated[tuple[Engagement, ...], Meta(max_length=50)] = ()
    portfolio: Annotated[tuple[PortfolioItem, ...], Meta(max_length=50)] = ()
    languages: Annotated[tuple[SpokenLanguage, ...], Meta(max_length=20)] = ()
    country: Country = ""
    time_zone: TimeZone = ""


class Rating(Struct, frozen=True):
    """Published reviews, added up. `average` is in hundredths of a star (467 = 4.67); null before the first review."""

    count: int = 0
    average: int | None = None


class User(Document, frozen=True, kw_only=True):
    """A person. `email` is normalised and private; `skills_folded` is `profile.skills` casefolded, for matching.

    `jobs_opened` counts the openings of jobs; writing it makes two openings at once meet, so that the quota holds.
    `methods_saved` counts the payment methods that are kept, for the same reason.
    `stored_bytes` counts those of all files that the person has stored.
    `sign_ins` counts the sign-ins; writing it makes one meet a change of the person's rights (ADR 6).
    `hours_changed` counts the changes of the hours that they work; writing it makes two of them meet, so that no two entries
    overlap (ADR 24).
    """

    collection: ClassVar[str] = "users"
    indexes: ClassVar[tuple[Index, ...]] = (
        Index((("email", 1),), unique=True),
        Index((("roles", 1), ("_id", -1))),
        Index((("skills_folded", 1), ("_id", -1))),
    )

    email: str
    password_hash: str
    name: str
    roles: tuple[Role, ...]
    profile: Profile = Profile()
    skills_folded: tuple[str, ...] = ()
    rating: Rating = Rating()
    suspended: bool = False
    jobs_opened: int = 0
    methods_saved: int = 0
    stored_bytes: int = 0
    sign_ins: int = 0
    hours_changed: int = 0
    created_at: Instant


class Session(Document, frozen=True, kw_only=True):
    """One sign-in of one device: a family of refresh tokens.

    `generation` numbers the refresh token that is good now; `sign_in_version` rises when the person's roles or rights change,
    which ends every access token made before; a session with `ended_at` is over. Rows leave a day after `expires_at`.
    """

    collection: ClassVar[str] = "sessions"
    indexes: ClassVar[tuple[Index, ...]] = (
        Index((("user_id", 1), ("_id", -1))),
        Index((("expires_at", 1),), expire_after_s=86_400, because="its last refresh token has expired"),
    )

    user_id: str
    generation: int = 1
    rotated_at: Instant
    device: str
    sign_in_version: int = 1
    created_at: Instant
    expires_at: Instant
    ended_at: Instant | None = None
    ended_because: str | None = None
