"""`POST /api/disputes/{id}/evidence`."""

from typing import Annotated, Final

from msgspec import Meta, Struct

from freehold.documents import Dispute, StoredFile
from freehold.domain.dispute_process import UNDECIDED
from freehold.domain.process import NotInThisState
from freehold.domain.text import required_text
from freehold.edge import Call, endpoint
from freehold.edge.problems import NotFound, ServiceUnavailable
from freehold.events import DisputeEvidenceAdded
from freehold.ids import DisputePath
from freehold.store.disputes import about
from freehold.store.evidence import TooManyFiles, count_file
from freehold.store.files import put_file
from freehold.uploads import LARGEST_FILE_BYTES, FileInfected, Received, ScannerUnavailable, receive, scanner_at
from freehold.views.disputes import EvidenceView, view_evidence

LARGEST_BODY_BYTES: Final = 7_000_000
"""The largest file in base64, and its name."""


class NewEvidence(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file: its bytes in base64, and what it is called. What it is, its bytes say."""

    name: Annotated[str, required_text(255)]
    content: Annotated[bytes, Meta(min_length=1, max_length=LARGEST_FILE_BYTES)]


@endpoint(
    "POST /api/disputes/{id}/evidence",
    auth="user",
    status=201,
    errors=[NotFound, NotInThisState, TooManyFiles, FileInfected],
    body_limit_bytes=LARGEST_BODY_BYTES,
)
async def add_evidence(call: Call, path: DisputePath, body: NewEvidence) -> EvidenceView:
    """Add a file to a dispute that is not decided yet, as one of its parties. The other side sees it at once.

    Taken are PNG, JPEG, GIF and WebP pictures (made anew, without what a camera notes), PDF, and plain text. Raises NotFound
    for a dispute of others, NotInThisState once it is decided, TooManyFiles, FileInfected.
    """
    dispute = await call.unit.require(Dispute, path.id)
    party = dispute.party_of(call.caller.user_id)
    if party is None:
        raise NotFound
    if dispute.case.state not in UNDECIDED:
        raise NotInThisState(f"the dispute is {dispute.case.state}; it takes no more evidence")
    received = await _received(call, body)
    await count_file(call.unit, dispute, party, size_bytes=len(received.data))
    file = StoredFile(
        id=call.new_id("fil"),
        purpose="evidence",
        subject_id=dispute.id,
        owner_id=call.caller.user_id,
        name=received.name,
        media_type=received.media_type,
        size_bytes=len(received.data),
        sha256=received.sha256,
        scanned=received.scanned,
        created_at=call.now,
    )
    put_file(call.unit, file, received.data)
    call.unit.emit(DisputeEvidenceAdded(file_id=file.id, added_by=party, **about(dispute)), file)
    return view_evidence(file, dispute)


async def _received(call: Call, body: NewEvidence) -> Received:
    try:
        return await receive(body.content, name=body.name, scanner=scanner_at(call.settings.scanner_address))
    except ScannerUnavailable as error:
        raise ServiceUnavailable("Files cannot be scanned at the moment.", retry_after_s=10) from error
