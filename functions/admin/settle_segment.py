"""`POST /api/admin/segments/{id}/settle`."""

from typing import Annotated

import structlog
from msgspec import Meta, Struct

from freehold.documents import TimeEntry, Version
from freehold.domain.errors import Fault, refuse_faults
from freehold.domain.process import NotInThisState
from freehold.domain.text import prose, required_text
from freehold.edge import Call, endpoint
from freehold.edge.problems import Forbidden, NotFound, StaleVersion
from freehold.ids import TimeEntryPath
from freehold.store.week_reviews import settle_segment as settle
from freehold.views.hours import TimeEntryView, view_entry

log = structlog.get_logger()


class Ruling(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many minutes of a disputed segment are billed after all, and why; both sides read the `reason`."""

    awarded_minutes: Annotated[int, Meta(ge=0, le=1_440)]
    reason: Annotated[str, required_text(2_000)]
    version: Version


@endpoint("POST /api/admin/segments/{id}/settle", auth="admin", errors=[NotFound, Forbidden, StaleVersion, NotInThisState])
async def settle_segment(call: Call, path: TimeEntryPath, body: Ruling) -> TimeEntryView:
    """Rule about hours that their client objects to, and that the two sides have not settled until the week was billed.

    The first `awarded_minutes` stand on the next bill of the project, the rest is dropped. Raises Forbidden for an admin who
    is a party, NotInThisState for a segment that is not disputed.
    """
    entry = await call.unit.require(TimeEntry, path.id)
    if call.caller.user_id in {entry.client_id, entry.freelancer_id}:
        raise Forbidden("Nobody rules about their own hours.")
    if body.awarded_minutes > entry.minutes:
        refuse_faults(Fault("awarded_minutes", f"at most the {entry.minutes} minutes of the segment"))
    if body.version != entry.version:
        raise StaleVersion(f"The entry is at version {entry.version}.")
    after = await settle(call.unit, entry, awarded_minutes=body.awarded_minutes, ruling=prose(body.reason))
    log.info("segment_settled", entry_id=entry.id, admin_id=call.caller.user_id, awarded_minutes=body.awarded_minutes)
    return view_entry(after, side="client")
