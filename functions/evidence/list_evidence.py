"""`GET /api/disputes/{id}/evidence`."""

from freehold.documents import Dispute, StoredFile
from freehold.edge import Call, endpoint
from freehold.edge.pagination import Page, PageQuery, page_of
from freehold.edge.problems import InvalidCursor, NotFound
from freehold.ids import DisputePath
from freehold.store.evidence import OLDEST_FIRST, evidence_in, require_reader
from freehold.views.evidence import EvidenceView, view_evidence


@endpoint("GET /api/disputes/{id}/evidence", auth="user", errors=[NotFound, InvalidCursor])
async def list_evidence(call: Call, path: DisputePath, query: PageQuery) -> Page[EvidenceView]:
    """List the evidence in a dispute, the oldest first, as one of its parties or as an operator.

    Raises NotFound for anybody else.
    """
    dispute = await call.store.require(Dispute, path.id)
    require_reader(dispute, call.caller.user_id, is_operator=call.caller.has_role("admin"))
    found, next_cursor = await page_of(call.store, StoredFile, evidence_in(dispute), query, sort=OLDEST_FIRST)
    return Page([view_evidence(file, dispute) for file in found], next_cursor)
