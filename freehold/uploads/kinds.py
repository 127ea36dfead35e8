"""Which kinds of files are taken, told by their own bytes; and what a file may be called.

The list is short on purpose: no archives and nothing that is one inside (office documents), nothing that a browser would run.
Source: the formats' own specifications, for their first bytes (PNG 5.2, JPEG B.1, GIF89a, RIFF/WebP, ISO 32000-1 7.5.2) and
for the end record of an archive (APPNOTE.TXT 4.3.16).
"""

import re
import unicodedata
from typing import Final

from msgspec import Struct

LONGEST_NAME: Final = 120
_SIGNS_OF_A_PATH: Final = re.compile(r"[/\\:]")
_UNWELCOME: Final = re.compile(r"[^\w .()+,=@-]")
_RUNS: Final = re.compile(r"[\s.]{2,}")
_ZIP_END: Final = b"PK\x05\x06"
_ZIP_TAIL_BYTES: Final = 66_000
_PDF_TAIL_BYTES: Final = 2_048
_TEXT_REFUSED: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")


class Kind(Struct, frozen=True):
    """A kind of file: its media type, the ending of its name, and what the picture library calls it (null: no picture)."""

    media_type: str
    ending: str
    picture: str | None = None


PNG: Final = Kind("image/png", ".png", "PNG")
JPEG: Final = Kind("image/jpeg", ".jpg", "JPEG")
GIF: Final = Kind("image/gif", ".gif", "GIF")
WEBP: Final = Kind("image/webp", ".webp", "WEBP")
PDF: Final = Kind("application/pdf", ".pdf")
TEXT: Final = Kind("text/plain", ".txt")
KINDS: Final = (PNG, JPEG, GIF, WEBP, PDF, TEXT)
MEDIA_TYPES: Final = tuple(kind.media_type for kind in KINDS)
IN_WORDS: Final = "a PNG, JPEG, GIF or WebP picture, a PDF, or plain text in UTF-8"


def recognised(data: bytes) -> Kind | None:
    """Tell what these bytes are; null for whatever is not taken, and for what is two things at once."""
    kind = _by_first_bytes(data)
    if kind is None or kind.picture is not None:
        return kind
    if kind is PDF:
        return PDF if b"%%EOF" in data[-_PDF_TAIL_BYTES:] and not _is_archive(data) else None
    return TEXT if _is_plain_text(data) else None


def harmless_name(given: str, kind: Kind) -> str:
    """Give a name to save a file by: the last part of what was given, plain letters, with the ending of what it is."""
    last = _SIGNS_OF_A_PATH.split(unicodedata.normalize("NFKC", given))[-1]
    plain = _RUNS.sub(" ", _UNWELCOME.sub("_", last)).strip(" .")
    stem = plain[: -len(kind.ending)] if plain.lower().endswith(kind.ending) else plain
    stem = stem.replace(".", "_").strip(" _")[: LONGEST_NAME - len(kind.ending)].rstrip()
    return f"{stem or 'file'}{kind.ending}"


def _by_first_bytes(data: bytes) -> Kind | None:
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if data.startswith(b"\xff\xd8\xff"):
        return JPEG
    if data.startswith((b"GIF87a", b"GIF89a")):
        return GIF
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return WEBP
    if re.match(rb"%PDF-[12]\.\d", data):
        return PDF
    return TEXT if data else None


def _is_archive(data: bytes) -> bool:
    """Whether somebody who reads from the end finds an archive."""
    return _ZIP_END in data[-_ZIP_TAIL_BYTES:]


def _is_plain_text(data: bytes) -> bool:
    """Whether the bytes are text that looks in every program as it looks in this one."""
    try:
        return _TEXT_REFUSED.search(data.decode("utf-8")) is None
    except UnicodeDecodeError:
        return False
