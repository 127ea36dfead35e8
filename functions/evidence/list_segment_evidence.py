"""`GET /api/time-tracking/{id}/evidence`."""

from freehold.documents import StoredFile, TimeEntry
from freehold.edge import Call, endpoint
from freehold.edge.pagination import Page, PageQuery, page_of
from freehold.edge.problems import InvalidCursor, NotFound
from freehold.ids import TimeEntryPath
from freehold.store.evidence import OLDEST_FIRST, evidence_in, require_reader
from freehold.views.evidence import EvidenceView, view_evidence


@endpoint("GET /api/time-tracking/{id}/evidence", auth="user", errors=[NotFound, InvalidCursor])
async def list_segment_evidence(call: Call, path: TimeEntryPath, query: PageQuery) -> Page[EvidenceView]:
    """List the evidence about hours, the oldest first, as one of their parties or as an operator.

    Raises NotFound for anybody else.
    """
    entry = await call.store.require(TimeEntry, path.id)
    require_reader(entry, call.caller.user_id, is_operator=call.caller.has_role("admin"))
    found, next_cursor = await page_of(call.store, StoredFile, evidence_in(entry), query, sort=OLDEST_FIRST)
    return Page([view_evidence(file, entry) for file in found], next_cursor)
