"""A project, as its two parties see it."""

from typing import Literal

from msgspec import Struct

from freehold.documents import Instant, Project
from freehold.documents.hiring import JobKind, ProjectState, ProposedTerms, Terms
from freehold.domain.contracts import steps_open
from freehold.views.reviews import ReviewView


class ProjectView(Struct, frozen=True, kw_only=True):
    """A project (the contract). `side` is the caller's; `may_review` until `review_deadline`, by the database's clock.

    `actions` are the transitions that the caller may take now (`PUT /api/projects/{id}`).
    """

    id: str
    job_id: str
    application_id: str
    client_id: str
    freelancer_id: str
    side: Literal["client", "freelancer"]
    title: str
    kind: JobKind
    terms: Terms
    proposed_terms: ProposedTerms | None
    state: ProjectState
    paused_at: Instant | None
    actions: tuple[str, ...]
    created_at: Instant
    paid_at: Instant | None
    completed_at: Instant | None
    review_deadline: Instant | None
    may_review: bool
    version: int
    reviews: tuple[ReviewView, ...] = ()


def view_project(project: Project, *, viewer_id: str, reviews: tuple[ReviewView, ...] = ()) -> ProjectView:
    """Show a project to one of its parties."""
    return ProjectView(
        id=project.id,
        job_id=project.job_id,
        application_id=project.application_id,
        client_id=project.client_id,
        freelancer_id=project.freelancer_id,
        side="client" if viewer_id == project.client_id else "freelancer",
        title=project.title,
        kind=project.kind,
        terms=project.terms,
        proposed_terms=project.proposed_terms,
        state=project.state,
        paused_at=project.paused_at,
        actions=steps_open(
            kind=project.kind,
            state=project.state,
            proposed_by=project.proposed_terms.by if project.proposed_terms else None,
            viewer_id=viewer_id,
        ),
        created_at=project.created_at,
        paid_at=project.paid_at,
        completed_at=project.completed_at,
        review_deadline=project.review_deadline,
        may_review=project.state == "completed" and project.paid_at is not None and viewer_id not in project.reviewed_by,
        version=project.version,
        reviews=reviews,
    )
