"""Answers that are no JSON: a file's bytes, as they go to a person who may have them.

Whatever a file is, a browser saves it and neither runs nor shows it: it is an attachment, its type is not guessed, as a page
it could load nothing. Who has it already, by its ETag, gets none of it again, once it is sure that they may have it.
Source: RFC 9110, sections 8.8.3 and 13.1.2 (ETag, If-None-Match); RFC 6266 and RFC 8187 (Content-Disposition).
"""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from msgspec import Struct

LONGEST_FILENAME: Final = 200
_PLAIN: Final = re.compile(r"[^A-Za-z0-9._ -]")
_TAG: Final = re.compile(r'"([^"]*)"')


class Content(Struct, frozen=True, kw_only=True):
    """Bytes to answer: of which type, under which name they are saved, and the SHA-256 of them in hex."""

    data: bytes
    media_type: str
    filename: str
    sha256: str

    @property
    def headers(self) -> Mapping[str, str]:
        """What is said of these bytes."""
        return {
            "ETag": f'"{self.sha256}"',
            "Content-Disposition": content_disposition(self.filename),
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
            "Cache-Control": "private, no-cache",
        }

    def is_known_by(self, if_none_match: str | None) -> bool:
        """Tell whether who asks has these very bytes, by their `If-None-Match`."""
        if if_none_match is None:
            return False
        return if_none_match.strip() == "*" or self.sha256 in _TAG.findall(if_none_match)


def content_disposition(filename: str) -> str:
    """Say that something is to be saved, and under which name: in ASCII for old clients, in full for all others."""
    name = filename[:LONGEST_FILENAME] or "file"
    return f"attachment; filename=\"{_PLAIN.sub('_', name)}\"; filename*=UTF-8''{quote(name, safe='')}"
