"""Taking a file in: recognised, counted, scanned, and made anew where it is a picture."""

import asyncio
import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Final

from msgspec import Meta, Struct

from freehold.documents.files import Received
from freehold.domain.errors import Fault, InvalidFields
from freehold.domain.text import required_text
from freehold.uploads.kinds import IN_WORDS, Kind, harmless_name, recognised
from freehold.uploads.pictures import remade
from freehold.uploads.scanning import Scanner

LARGEST_FILE_BYTES: Final = 5 * 1024 * 1024
LARGEST_BODY_BYTES: Final = 7_000_000
"""The largest file in base64, and its name."""
LARGEST_KEPT_BYTES: Final = 2 * LARGEST_FILE_BYTES
"""A picture may grow when it is written anew."""
_ONE_PICTURE: Final = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pictures")
"""One picture is decoded at a time in a process, because each takes up to 100 MB."""


class NewFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file: its bytes in base64, and what it is called. What it is, its bytes say."""

    name: Annotated[str, required_text(255)]
    content: Annotated[bytes, Meta(min_length=1, max_length=LARGEST_FILE_BYTES)]


async def receive(data: bytes, *, name: str, scanner: Scanner | None) -> Received:
    """Take a file in. Raises InvalidFields (`content`) for what is not taken, FileInfected, ScannerUnavailable."""
    kind = recognised(data) if len(data) <= LARGEST_FILE_BYTES else None
    if kind is None:
        raise InvalidFields([Fault("content", f"{IN_WORDS}, of at most {LARGEST_FILE_BYTES} bytes")])
    if scanner is not None:
        await scanner.look_at(data)
    kept = await _kept(data, kind)
    return Received(
        data=kept,
        media_type=kind.media_type,
        name=harmless_name(name, kind),
        sha256=hashlib.sha256(kept).hexdigest(),
        scanned="not_scanned" if scanner is None else "clean",
    )


async def _kept(data: bytes, kind: Kind) -> bytes:
    if kind.picture is None:
        return data
    made = await asyncio.get_running_loop().run_in_executor(_ONE_PICTURE, remade, data, kind)
    if len(made) > LARGEST_KEPT_BYTES:
        raise InvalidFields([Fault("content", f"a picture of at most {LARGEST_KEPT_BYTES} bytes when it is written anew")])
    return made
