"""`POST /api/time-tracking/{id}/evidence`."""

from freehold.documents import Received, TimeEntry
from freehold.domain.process import NotInThisState
from freehold.edge import Call, endpoint
from freehold.edge.problems import NotFound, ServiceUnavailable
from freehold.events import HoursEvidenceAdded
from freehold.ids import TimeEntryPath
from freehold.store.evidence import TooManyFiles, keep_evidence, party_who_argues
from freehold.store.timesheets import about
from freehold.uploads import LARGEST_BODY_BYTES, FileInfected, NewFile, ScannerUnavailable, receive, scanner_at
from freehold.views.evidence import EvidenceView, view_evidence


@endpoint(
    "POST /api/time-tracking/{id}/evidence",
    auth="user",
    status=201,
    errors=[NotFound, NotInThisState, TooManyFiles, FileInfected],
    body_limit_bytes=LARGEST_BODY_BYTES,
)
async def add_segment_evidence(call: Call, path: TimeEntryPath, body: NewFile) -> EvidenceView:
    """Add a file to hours that the client objects to, as the client or the freelancer. The other side sees it at once.

    What is taken is what a dispute takes. Raises NotFound for hours of others, NotInThisState for hours that nobody objects
    to (any more), TooManyFiles, FileInfected.
    """
    entry = await call.unit.require(TimeEntry, path.id)
    party = party_who_argues(entry, call.caller.user_id)
    received = await _received(call, body)
    file = await keep_evidence(call.unit, entry, received, owner_id=call.caller.user_id, now=call.now)
    call.unit.emit(HoursEvidenceAdded(file_id=file.id, step="add_evidence", by=party, **about(entry)), file)
    return view_evidence(file, entry)


async def _received(call: Call, body: NewFile) -> Received:
    try:
        return await receive(body.content, name=body.name, scanner=scanner_at(call.settings.scanner_address))
    except ScannerUnavailable as error:
        raise ServiceUnavailable("Files cannot be scanned at the moment.", retry_after_s=10) from error
