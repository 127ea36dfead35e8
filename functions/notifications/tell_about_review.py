"""The reaction that tells a person that a review of them can be read."""

from freehold.edge import Call, on_event
from freehold.events import ReviewPublished
from freehold.realtime_events import ReviewPublished as Published
from freehold.store.notices import notify


@on_event("review.published")
async def tell_about_review(call: Call, event: ReviewPublished) -> None:
    """Tell the person whom the review is about."""
    news = Published(review_id=event.review_id, project_id=event.project_id, author_id=event.author_id)
    notify(call.unit, call.now, [event.subject_id], news)
