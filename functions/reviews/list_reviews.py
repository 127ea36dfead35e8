"""`GET /api/reviews/{id}`: the reviews of a person."""

from freehold.documents import Review, User
from freehold.edge import Call, endpoint
from freehold.edge.pagination import Page, PageQuery, page_of
from freehold.edge.problems import InvalidCursor, NotFound
from freehold.ids import UserPath
from freehold.views.reviews import ReviewView, view_review


@endpoint("GET /api/reviews/{id}", auth="anyone", cache_s=15, errors=[NotFound, InvalidCursor])
async def list_reviews(call: Call, path: UserPath, query: PageQuery) -> Page[ReviewView]:
    """List the published reviews of a person, the newest first. Raises NotFound when there is no such person."""
    await call.store.require(User, path.id)
    found, next_cursor = await page_of(call.store, Review, {"subject_id": path.id, "state": "published"}, query)
    return Page([view_review(review) for review in found], next_cursor)
