"""Text that people write: what is accepted at a boundary, and the one form in which it is kept.

Accepted is any Unicode text but control characters (tab and line breaks are welcome) and the marks that turn the reading
direction over; a required text has a visible character. Kept is NFC without white space around it; in a `line` every run
of white space is one space, in `prose` line breaks stay. Nothing is stripped silently but white space.
Source: Unicode 15, chapter 23 (control codes, bidirectional ordering controls); UAX #15 (normal forms).
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from msgspec import Meta

_REFUSED: Final = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e"
_UNSEEN: Final = r"\t\n\r \u00a0\u1680\u2000-\u200d\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
_OPTIONAL: Final = f"^[^{_REFUSED}]*$"
_REQUIRED: Final = f"^[{_UNSEEN}]*[^{_REFUSED}{_UNSEEN}][^{_REFUSED}]*$"
_LINE_BREAK: Final = re.compile(r"\r\n?|[\u2028\u2029]")


def required_text(max_length: int) -> Meta:
    """Describe a text of at most `max_length` characters with at least one visible one and no control characters."""
    return Meta(
        min_length=1,
        max_length=max_length,
        pattern=_REQUIRED,
        description="Text with something to see in it, without control characters.",
    )


def optional_text(max_length: int) -> Meta:
    """Describe a text of at most `max_length` characters, perhaps empty, without control characters."""
    return Meta(
        max_length=max_length,
        pattern=_OPTIONAL,
        description="Text without control characters; may be empty.",
    )


def line(text: str) -> str:
    """Give the kept form of a text of one line."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def prose(text: str) -> str:
    """Give the kept form of a text of many lines: line breaks are line feeds, and no line ends in white space."""
    lines = _LINE_BREAK.sub("\n", unicodedata.normalize("NFC", text)).split("\n")
    return "\n".join(each.rstrip() for each in lines).strip()


def folded(text: str) -> str:
    """Give the form in which texts are compared: `line`, without regard to case."""
    return line(line(text).casefold())


def distinct_lines(texts: Iterable[str]) -> tuple[str, ...]:
    """Give the kept forms in their order; of those that differ in case alone, the first."""
    kept: dict[str, str] = {}
    for text in texts:
        kept.setdefault(folded(text), line(text))
    return tuple(kept.values())
