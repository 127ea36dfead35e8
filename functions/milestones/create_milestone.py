"""`POST /api/milestones`."""

from typing import Annotated

from msgspec import Struct

from freehold.documents import Instant, Milestone, Project
from freehold.domain.checklist import ChecklistTexts, written
from freehold.domain.errors import refuse_faults
from freehold.domain.holding import Holding
from freehold.domain.instants import in_utc
from freehold.domain.milestones import (
    MILESTONES_PER_PROJECT,
    ProjectNotActive,
    TooManyMilestones,
    amount_faults,
    due_faults,
)
from freehold.domain.money import Money
from freehold.domain.text import line, optional_text, prose, required_text
from freehold.edge import Call, endpoint
from freehold.edge.problems import Forbidden, NotFound
from freehold.events import MilestoneCreated
from freehold.ids import ProjectId
from freehold.store import Stale
from freehold.store.milestones import told_of
from freehold.views.milestones import MilestoneView, view_milestone


class NewMilestone(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be done, for how much (in the project's currency), by when, and what must be true of it (`checklist`)."""

    project_id: ProjectId
    title: Annotated[str, required_text(200)]
    description: Annotated[str, optional_text(5_000)] = ""
    amount: Money
    due_at: Instant | None = None
    checklist: ChecklistTexts = ()


@endpoint(
    "POST /api/milestones",
    auth="user",
    status=201,
    errors=[NotFound, Forbidden, ProjectNotActive, TooManyMilestones],
)
async def create_milestone(call: Call, body: NewMilestone) -> MilestoneView:
    """Plan a milestone of a project, as its client. It holds no money until it is funded.

    Raises NotFound for a project of others, Forbidden for the freelancer, ProjectNotActive when the project is over,
    TooManyMilestones.
    """
    project = await call.unit.get(Project, body.project_id)
    if project is None or call.caller.user_id not in {project.client_id, project.freelancer_id}:
        raise NotFound
    if call.caller.user_id != project.client_id:
        raise Forbidden("Milestones are planned by the client.")
    refuse_faults(
        *amount_faults(body.amount, agreed_currency=project.terms.amount.currency), *due_faults(body.due_at, call.now)
    )
    await _take_place(call, project)
    milestone = _milestone(call, project, body)
    call.unit.insert(milestone)
    call.unit.emit(_created(milestone), milestone)
    return view_milestone(milestone, side="client")


async def _take_place(call: Call, project: Project) -> None:
    """Count one more on the project itself, so that its end and its limit are met by all who come at once."""
    room = {"state": "active", "milestone_count": {"$not": {"$gte": MILESTONES_PER_PROJECT}}}
    try:
        await call.unit.increment(Project, project.id, {"milestone_count": 1}, guard=room)
    except Stale as error:
        if project.state != "active":
            raise ProjectNotActive("the project is over") from error
        raise TooManyMilestones(f"a project has at most {MILESTONES_PER_PROJECT} milestones") from error


def _milestone(call: Call, project: Project, body: NewMilestone) -> Milestone:
    return Milestone(
        id=call.new_id("mst"),
        project_id=project.id,
        job_id=project.job_id,
        client_id=project.client_id,
        freelancer_id=project.freelancer_id,
        title=line(body.title),
        description=prose(body.description),
        due_at=in_utc(body.due_at) if body.due_at else None,
        checklist=written(body.checklist),
        holding=Holding(amount=body.amount),
        created_at=call.now,
        updated_at=call.now,
    )


def _created(milestone: Milestone) -> MilestoneCreated:
    return MilestoneCreated(
        **told_of(milestone),
    )
