"""`POST /api/disputes/{id}/evidence`."""

from freehold.documents import Dispute, Received
from freehold.domain.process import NotInThisState
from freehold.edge import Call, endpoint
from freehold.edge.problems import NotFound, ServiceUnavailable
from freehold.events import DisputeEvidenceAdded
from freehold.ids import DisputePath
from freehold.store.disputes import about
from freehold.store.evidence import TooManyFiles, keep_evidence, party_who_argues
from freehold.uploads import LARGEST_BODY_BYTES, FileInfected, NewFile, ScannerUnavailable, receive, scanner_at
from freehold.views.evidence import EvidenceView, view_evidence


@endpoint(
    "POST /api/disputes/{id}/evidence",
    auth="user",
    status=201,
    errors=[NotFound, NotInThisState, TooManyFiles, FileInfected],
    body_limit_bytes=LARGEST_BODY_BYTES,
)
async def add_evidence(call: Call, path: DisputePath, body: NewFile) -> EvidenceView:
    """Add a file to a dispute that is not decided yet, as one of its parties. The other side sees it at once.

    Taken are PNG, JPEG, GIF and WebP pictures (made anew, without what a camera notes), PDF, and plain text. Raises NotFound
    for a dispute of others, NotInThisState once it is decided, TooManyFiles, FileInfected.
    """
    dispute = await call.unit.require(Dispute, path.id)
    party = party_who_argues(dispute, call.caller.user_id)
    received = await _received(call, body)
    file = await keep_evidence(call.unit, dispute, received, owner_id=call.caller.user_id, now=call.now)
    call.unit.emit(DisputeEvidenceAdded(file_id=file.id, added_by=party, **about(dispute)), file)
    return view_evidence(file, dispute)


async def _received(call: Call, body: NewFile) -> Received:
    try:
        return await receive(body.content, name=body.name, scanner=scanner_at(call.settings.scanner_address))
    except ScannerUnavailable as error:
        raise ServiceUnavailable("Files cannot be scanned at the moment.", retry_after_s=10) from error
