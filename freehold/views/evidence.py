"""Evidence, as the parties and operators see it."""

from msgspec import Struct

from freehold.documents import Dispute, Instant, StoredFile, TimeEntry
from freehold.domain.dispute_process import Party


class EvidenceView(Struct, frozen=True, kw_only=True):
    """A file that a party has added to a dispute, or to hours that are argued about (its bytes: `GET /api/evidence/{id}`).

    `scanned` says whether a scanner has seen it.
    """

    id: str
    dispute_id: str | None
    entry_id: str | None
    added_by: Party
    name: str
    media_type: str
    size_bytes: int
    sha256: str
    scanned: str
    created_at: Instant


def view_evidence(file: StoredFile, subject: Dispute | TimeEntry) -> EvidenceView:
    """Show what is known of a file."""
    return EvidenceView(
        id=file.id,
        dispute_id=subject.id if isinstance(subject, Dispute) else None,
        entry_id=subject.id if isinstance(subject, TimeEntry) else None,
        added_by="client" if file.owner_id == subject.client_id else "freelancer",
        name=file.name,
        media_type=file.media_type,
        size_bytes=file.size_bytes,
        sha256=file.sha256,
        scanned=file.scanned,
        created_at=file.created_at,
    )
