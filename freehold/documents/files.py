"""Files that people have sent, in pieces that a transaction can take."""

from typing import ClassVar, Final, Literal

from msgspec import Struct

from freehold.documents.document import Document, Index, Instant

CHUNK_BYTES: Final = 1_048_576

FilePurpose = Literal["evidence"]
Scanned = Literal["not_scanned", "clean"]


class Received(Struct, frozen=True, kw_only=True):
    """A file as it may be stored: its bytes, what they are, a harmless name, their SHA-256 in hex, whether it was scanned."""

    data: bytes
    media_type: str
    name: str
    sha256: str
    scanned: Scanned


class StoredFile(Document, frozen=True, kw_only=True):
    """What is known of a file: whose it is, what it belongs to (`subject_id`), and what its bytes are.

    `name` is what its owner called it, made harmless; nothing is ever found by it. `media_type` is what the bytes are, not what
    somebody said. `scanned` says whether a scanner has looked at it.
    """

    collection: ClassVar[str] = "files"
    indexes: ClassVar[tuple[Index, ...]] = (Index((("purpose", 1), ("subject_id", 1), ("_id", 1))),)

    purpose: FilePurpose
    subject_id: str
    owner_id: str
    name: str
    media_type: str
    size_bytes: int
    sha256: str
    scanned: Scanned = "not_scanned"
    created_at: Instant


class FileChunk(Document, frozen=True, kw_only=True):
    """A piece of a file, the `n`-th: `_id` is `file:n`. All but the last have CHUNK_BYTES bytes."""

    collection: ClassVar[str] = "file_chunks"
    indexes: ClassVar[tuple[Index, ...]] = (Index((("file_id", 1), ("n", 1)), unique=True),)

    file_id: str
    n: int
    data: bytes
