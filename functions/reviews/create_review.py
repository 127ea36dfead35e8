"""`POST /api/reviews`."""

from typing import Annotated, Any, Final

import msgspec
from msgspec import Struct

from freehold.documents import Instant, Project, Review
from freehold.documents.trust import Scores
from freehold.domain.reviews import AlreadyReviewed, NotReviewableYet, ReviewWindowOver, is_unsealed_by, review_deadline_of
from freehold.domain.text import optional_text, prose
from freehold.edge import Call, endpoint
from freehold.edge.problems import NotFound
from freehold.events import ReviewPublished
from freehold.ids import ProjectId
from freehold.store import Stale
from freehold.views.reviews import ReviewView, view_review

WINDOW_IS_OPEN: Final[dict[str, Any]] = {"review_deadline": {"$type": "date"}, "$expr": {"$gt": ["$review_deadline", "$$NOW"]}}


class NewReview(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one side of a project says of the other: one to five stars on each axis, and words."""

    project_id: ProjectId
    scores: Scores
    comment: Annotated[str, optional_text(5_000)] = ""


@endpoint("POST /api/reviews", auth="user", status=201, errors=[NotFound, NotReviewableYet, ReviewWindowOver, AlreadyReviewed])
async def create_review(call: Call, body: NewReview) -> ReviewView:
    """Review the other side of a project that is completed and paid.

    The review is sealed until the other side has written theirs, or until the time for reviews is over; nobody can change
    it. Raises NotFound for a project of others, NotReviewableYet, ReviewWindowOver, AlreadyReviewed.
    """
    project = await call.unit.get(Project, body.project_id)
    author_id = call.caller.user_id
    if project is None or author_id not in {project.client_id, project.freelancer_id}:
        raise NotFound
    deadline = review_deadline_of(state=project.state, paid_at=project.paid_at, deadline=project.review_deadline)
    if author_id in project.reviewed_by:
        raise AlreadyReviewed("you have reviewed this project")
    project = await _sign(call, project, author_id)
    review = _review(call, project, body, deadline)
    if is_unsealed_by(reviewed_by=project.reviewed_by, parties=(project.client_id, project.freelancer_id)):
        await _publish_other(call, review)
        review = _published(call, review)
        call.unit.emit(_announcement(review), review)
    call.unit.insert(review, duplicate=AlreadyReviewed("you have reviewed this project"))
    return view_review(review)


async def _sign(call: Call, project: Project, author_id: str) -> Project:
    """Note on the project who has written. Two who write at once meet here, so that the second one sees the first."""
    signed = msgspec.structs.replace(project, reviewed_by=(*project.reviewed_by, author_id))
    try:
        return await call.unit.update(project, signed, guard=WINDOW_IS_OPEN)
    except Stale as error:
        raise ReviewWindowOver("the time for reviews of this project is over") from error


def _review(call: Call, project: Project, body: NewReview, deadline: Instant) -> Review:
    by_client = call.caller.user_id == project.client_id
    return Review(
        id=call.new_id("rev"),
        project_id=project.id,
        author_id=call.caller.user_id,
        subject_id=project.freelancer_id if by_client else project.client_id,
        author_role="client" if by_client else "freelancer",
        scores=body.scores,
        comment=prose(body.comment),
        reveal_at=deadline,
        created_at=call.now,
    )


async def _publish_other(call: Call, review: Review) -> None:
    other = await call.unit.first(Review, {"project_id": review.project_id, "author_id": review.subject_id, "state": "sealed"})
    if other is not None:
        after = await call.unit.update(other, _published(call, other))
        call.unit.emit(_announcement(after), after)


def _published(call: Call, review: Review) -> Review:
    return msgspec.structs.replace(review, state="published", published_at=call.now)


def _announcement(review: Review) -> ReviewPublished:
    return ReviewPublished(
        review_id=review.id, project_id=review.project_id, author_id=review.author_id, subject_id=review.subject_id
    )
