"""The reaction that ends a project which is paid."""

import msgspec

from freehold.documents import Milestone, Project
from freehold.domain.milestones import MILESTONES_PER_PROJECT, is_paid_in_full
from freehold.edge import Call, on_event
from freehold.events import MilestoneReleased, ProjectCompleted


@on_event("milestone.released")
async def complete_paid_project(call: Call, event: MilestoneReleased) -> None:
    """Note the first payment; complete the project, and open its reviews, once all that was agreed is released."""
    project = await call.unit.require(Project, event.project_id)
    if project.state != "active":
        return
    filter_ = {"project_id": project.id}
    milestones = await call.unit.find(Milestone, filter_, limit=MILESTONES_PER_PROJECT)
    paid = msgspec.structs.replace(project, paid_at=project.paid_at or call.now)
    if not is_paid_in_full((each.held() for each in milestones), agreed=project.terms.amount):
        if paid != project:
            await call.unit.update(project, paid)
        return
    completed = msgspec.structs.replace(paid, state="completed", completed_at=call.now)
    after = await call.unit.update(project, completed, deadlines={"review_deadline": call.settings.review_window_s})
    call.unit.emit(
        ProjectCompleted(project_id=after.id, client_id=after.client_id, freelancer_id=after.freelancer_id, title=after.title),
        after,
    )
