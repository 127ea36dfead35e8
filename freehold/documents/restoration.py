"""What a restore leaves in the database that it filled."""

from typing import ClassVar

from freehold.documents.document import Document, Instant


class Restoration(Document, frozen=True, kw_only=True):
    """A restore of a backup that was taken at `taken_at`. While `finished_at` is null the database is half there."""

    collection: ClassVar[str] = "restorations"

    taken_at: Instant
    started_at: Instant
    finished_at: Instant | None = None
