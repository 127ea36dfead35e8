"""A review, as it is shown."""

from typing import Literal

from msgspec import Struct

from freehold.documents import Instant, Review
from freehold.documents.trust import Scores


class ReviewView(Struct, frozen=True, kw_only=True):
    """A review. While `state` is sealed only its author sees it, at the latest until `reveal_at`."""

    id: str
    project_id: str
    author_id: str
    author_role: Literal["client", "freelancer"]
    subject_id: str
    scores: Scores
    comment: str
    state: Literal["sealed", "published"]
    reveal_at: Instant
    created_at: Instant
    published_at: Instant | None


def view_review(review: Review) -> ReviewView:
    """Show a review to somebody who may see it."""
    return ReviewView(
        id=review.id,
        project_id=review.project_id,
        author_id=review.author_id,
        author_role=review.author_role,
        subject_id=review.subject_id,
        scores=review.scores,
        comment=review.comment,
        state=review.state,
        reveal_at=review.reveal_at,
        created_at=review.created_at,
        published_at=review.published_at,
    )
