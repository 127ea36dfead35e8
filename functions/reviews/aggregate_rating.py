"""The reaction that keeps the rating on a person's profile."""

import msgspec

from freehold.documents import User
from freehold.edge import Call, on_event
from freehold.events import ReviewPublished
from freehold.store.reviews import rating_of


@on_event("review.published")
async def aggregate_rating(call: Call, event: ReviewPublished) -> None:
    """Add up the published reviews of a person anew, from all of them, so that order and repetition do not matter."""
    user = await call.unit.require(User, event.subject_id)
    rating = await rating_of(call.unit, user.id)
    if rating != user.rating:
        await call.unit.update(user, msgspec.structs.replace(user, rating=rating))
