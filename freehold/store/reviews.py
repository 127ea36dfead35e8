"""Adding up reviews."""

from msgspec import Struct

from freehold.documents import Review
from freehold.documents.people import Rating
from freehold.domain.reviews import AXES, average_hundredths
from freehold.store.reads import Filter, Reads


class _Sum(Struct, frozen=True):
    reviews: int
    stars: int


async def rating_of(reads: Reads, user_id: str) -> Rating:
    """Add up every published review of this person."""
    pipeline: list[Filter] = [
        {"$match": {"subject_id": user_id, "state": "published"}},
        {"$group": {"_id": None, "reviews": {"$sum": 1}, "stars": {"$sum": {"$add": [f"$scores.{axis}" for axis in AXES]}}}},
    ]
    found = await reads.aggregate(Review, pipeline, into=_Sum)
    whole = found[0] if found else _Sum(reviews=0, stars=0)
    return Rating(count=whole.reviews, average=average_hundredths(stars=whole.stars, reviews=whole.reviews))
