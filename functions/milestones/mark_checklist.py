"""`PUT /api/milestones/{id}/checklist`."""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from freehold.documents import Milestone, Version
from freehold.domain.checklist import CHECKLIST_ITEMS, Mark, marked
from freehold.domain.money_process import Party
from freehold.domain.process import NotInThisState
from freehold.edge import Call, endpoint
from freehold.edge.problems import NotFound, StaleVersion
from freehold.events import MilestoneChecklistMarked
from freehold.ids import MilestonePath
from freehold.store.milestones import party_of, told_of
from freehold.views.milestones import MilestoneView, view_milestone


class ChecklistMarks(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Items to tick or to open again, by their number from 1, each once; with the `version` that the caller saw."""

    version: Version
    items: Annotated[tuple[Mark, ...], Meta(min_length=1, max_length=CHECKLIST_ITEMS)]


@endpoint("PUT /api/milestones/{id}/checklist", auth="user", errors=[NotFound, StaleVersion, NotInThisState])
async def mark_checklist(call: Call, path: MilestonePath, body: ChecklistMarks) -> MilestoneView:
    """Say which items of a milestone's acceptance checklist are done, as its freelancer, or accepted, as its client.

    The freelancer marks what is done while the milestone is funded, and can submit it once everything is; the client marks
    what they accept until it is released. Raises StaleVersion, NotInThisState.
    """
    milestone = await call.unit.require(Milestone, path.id)
    side = party_of(milestone, call.caller.user_id)
    if body.version != milestone.version:
        raise StaleVersion(f"The milestone is at version {milestone.version}.")
    checklist = marked(milestone.checklist, body.items, by=side, state=milestone.state)
    after = await call.unit.update(
        milestone,
        msgspec.structs.replace(milestone, checklist=checklist, updated_at=call.now),
        guard={"state": milestone.state},
    )
    call.unit.emit(_marked(after, side), after)
    return view_milestone(after, side=side)


def _marked(milestone: Milestone, side: Party) -> MilestoneChecklistMarked:
    return MilestoneChecklistMarked(
        **told_of(milestone),
        by=side,
    )
