"""Files, stored in pieces: written within the transaction of what they belong to, read piece by piece, never half."""

import hashlib
from typing import Final

from msgspec import Struct

from freehold.documents import FileChunk, StoredFile
from freehold.documents.files import CHUNK_BYTES
from freehold.store.reads import Reads
from freehold.store.unit import Unit

MOST_CHUNKS: Final = 12


class BrokenFile(Exception):  # noqa: N818 - it names what is wrong
    """The pieces of a file are not what was stored: one is missing, or was changed."""


class _Piece(Struct, frozen=True):
    data: bytes


def put_file(unit: Unit, file: StoredFile, data: bytes) -> None:
    """Store a file when the work is done: all of it, or nothing. Its size and hash are those of `data`."""
    if len(data) > MOST_CHUNKS * CHUNK_BYTES:
        raise ValueError(f"{len(data)} bytes are more than a file can have")
    unit.insert(file)
    for n, start in enumerate(range(0, len(data), CHUNK_BYTES)):
        unit.insert(FileChunk(id=f"{file.id}:{n}", file_id=file.id, n=n, data=data[start : start + CHUNK_BYTES]))


async def read_file(reads: Reads, file: StoredFile) -> bytes:
    """Read the bytes of a file. Raises BrokenFile when they are not those that were stored."""
    pieces = await reads.find_parts(FileChunk, _Piece, {"file_id": file.id}, sort=(("n", 1),), limit=MOST_CHUNKS)
    data = b"".join(piece.data for piece in pieces)
    if len(data) != file.size_bytes or hashlib.sha256(data).hexdigest() != file.sha256:
        raise BrokenFile(file.id)
    return data
