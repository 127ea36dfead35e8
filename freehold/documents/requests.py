"""What a request leaves behind so that its repetition is harmless."""

from typing import ClassVar

from freehold.documents.document import Document, Index, Instant


class IdempotencyRecord(Document, frozen=True, kw_only=True):
    """The answer to one keyed write: `_id` is `scope:key`, scope being the caller and the function. Kept for 48 hours."""

    collection: ClassVar[str] = "idempotency"
    indexes: ClassVar[tuple[Index, ...]] = (
        Index((("created_at", 1),), expire_after_s=2 * 86_400, because="no client repeats a request for two days"),
    )

    payload_hash: bytes
    status: int
    answer: bytes
    created_at: Instant
