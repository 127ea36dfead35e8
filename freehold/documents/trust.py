"""Reviews."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct

from freehold.documents.document import Document, Index, Instant

Stars = Annotated[int, Meta(ge=1, le=5)]


class Scores(Struct, frozen=True, forbid_unknown_fields=True):
    """One to five stars on each axis."""

    quality: Stars
    communication: Stars
    timeliness: Stars
    fairness: Stars


class Review(Document, frozen=True, kw_only=True):
    """What one side of a project says of the other. Sealed until both are in, or until `reveal_at` has passed."""

    collection: ClassVar[str] = "reviews"
    indexes: ClassVar[tuple[Index, ...]] = (
        Index((("project_id", 1), ("author_id", 1)), unique=True),
        Index((("subject_id", 1), ("state", 1), ("_id", -1))),
        Index((("state", 1), ("reveal_at", 1))),
    )

    project_id: str
    author_id: str
    subject_id: str
    author_role: Literal["client", "freelancer"]
    scores: Scores
    comment: str
    state: Literal["sealed", "published"] = "sealed"
    reveal_at: Instant
    created_at: Instant
    published_at: Instant | None = None
