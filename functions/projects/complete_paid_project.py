"""The reaction that ends a project which is paid."""

import msgspec

from freehold.documents import Milestone, Project
from freehold.domain.milestones import MILESTONES_PER_PROJECT, is_paid_in_full
from freehold.edge import Call, on_event
from freehold.events import MilestoneCancelled, MilestoneRefunded, MilestoneReleased, ProjectCompleted

Ended = MilestoneReleased | MilestoneCancelled | MilestoneRefunded


@on_event("milestone.released", "milestone.cancelled", "milestone.refunded")
async def complete_paid_project(call: Call, event: Ended) -> None:
    """Note the first payment; complete the project, and open its reviews, once all that was agreed is released.

    It looks at all milestones anew, so that the order and repetition of events do not matter. An hourly project is ended by
    its sides; a week may be paid after that.
    """
    project = await call.unit.require(Project, event.project_id)
    if project.kind == "hourly":
        await _note_payment(call, project, event)
        return
    if project.state != "active":
        return
    held = [each.held() for each in await _milestones(call, project)]
    anything_paid = any(each.holding.paid_out for each in held)
    paid = msgspec.structs.replace(project, paid_at=project.paid_at or (call.now if anything_paid else None))
    if is_paid_in_full(held, agreed=project.terms.amount):
        await _complete(call, project, paid)
    elif paid != project:
        await call.unit.update(project, paid)


async def _note_payment(call: Call, project: Project, event: Ended) -> None:
    if project.paid_at is None and isinstance(event, MilestoneReleased):
        await call.unit.update(project, msgspec.structs.replace(project, paid_at=call.now))


async def _milestones(call: Call, project: Project) -> list[Milestone]:
    return await call.unit.find(Milestone, {"project_id": project.id}, limit=MILESTONES_PER_PROJECT)


async def _complete(call: Call, before: Project, paid: Project) -> None:
    completed = msgspec.structs.replace(paid, state="completed", completed_at=call.now)
    after = await call.unit.update(before, completed, deadlines={"review_deadline": call.settings.review_window_s})
    event = ProjectCompleted(
        project_id=after.id, client_id=after.client_id, freelancer_id=after.freelancer_id, title=after.title
    )
    call.unit.emit(event, after)
