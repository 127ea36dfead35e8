"""Reviews: who may write one and when, when they can be read, and how they add up.

Double blind: a review is sealed until both sides have written theirs, or until the time for writing is over.
"""

from datetime import datetime
from typing import ClassVar, Final

from freehold.domain.errors import Refused

AXES: Final = ("quality", "communication", "timeliness", "fairness")


class NotReviewableYet(Refused):
    """Reviews follow a project that is completed and paid."""

    code: ClassVar[str] = "not_reviewable_yet"


class ReviewWindowOver(Refused):
    """The time for reviews of this project is over."""

    code: ClassVar[str] = "review_window_over"


class AlreadyReviewed(Refused):
    """One review per side, and this side has written its own."""

    code: ClassVar[str] = "already_reviewed"


def review_deadline_of(*, state: str, paid_at: datetime | None, deadline: datetime | None) -> datetime:
    """Give the time until which a project may be reviewed. Raises NotReviewableYet before it is completed and paid."""
    if state != "completed" or paid_at is None or deadline is None:
        raise NotReviewableYet("a project is reviewed once it is completed and paid")
    return deadline


def is_unsealed_by(*, reviewed_by: tuple[str, ...], parties: tuple[str, str]) -> bool:
    """Tell whether both sides have written, so that both reviews can be read."""
    return set(parties) <= set(reviewed_by)


def average_hundredths(*, stars: int, reviews: int) -> int | None:
    """Average all stars of so many reviews (one per axis each), in hundredths of a star, half up; null without reviews."""
    if reviews == 0:
        return None
    ratings = reviews * len(AXES)
    return (200 * stars + ratings) // (2 * ratings)
