"""Lists come in pages, with opaque cursors that stay true while things are added.

A cursor holds the sort keys of the last item, and a fingerprint of the question, so that it cannot be used with another.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Generic, TypeVar

import msgspec
from msgspec import Meta, Struct

from freehold.documents import Document
from freehold.edge.problems import InvalidCursor
from freehold.store import NEWEST_FIRST, Reads, Sort

T = TypeVar("T")
D = TypeVar("D", bound=Document)

PAGE_SIZE: Final = 20
LARGEST_PAGE: Final = 100
LONGEST_CURSOR: Final = 500
_FINGERPRINT_BYTES: Final = 6


class PageQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The part of a list's query that is about pages."""

    limit: Annotated[int, Meta(ge=1, le=LARGEST_PAGE, description="How many items at most.")] = PAGE_SIZE
    cursor: Annotated[str, Meta(max_length=LONGEST_CURSOR, description="`next_cursor` of the page before.")] | None = None


class Page(Struct, Generic[T], frozen=True):
    """One page. `next_cursor` is null on the last one."""

    items: list[T]
    next_cursor: str | None = None


class _Cursor(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    fingerprint: bytes
    keys: list[str | int | float | None]


def encode_cursor(keys: Sequence[str | float | None], question: object) -> str:
    """Make the cursor that continues after an item with these sort keys."""
    raw = msgspec.msgpack.encode(_Cursor(_fingerprint(question), list(keys)))
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decode_cursor(cursor: str, question: object, *, keys: int) -> list[str | int | float | None]:
    """Read the sort keys out of a cursor. Raises InvalidCursor when it was not made for this question."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        decoded = msgspec.msgpack.decode(raw, type=_Cursor)
    except (ValueError, msgspec.DecodeError, RecursionError) as error:
        raise InvalidCursor from error
    if decoded.fingerprint != _fingerprint(question) or len(decoded.keys) != keys:
        raise InvalidCursor
    return decoded.keys


async def page_of(
    reads: Reads, kind: type[D], filter_: Mapping[str, Any], query: PageQuery, *, sort: Sort = NEWEST_FIRST
) -> tuple[list[D], str | None]:
    """Read one page in the order of `_id` (newest first, or `(("_id", 1),)`). Returns the items and the next cursor."""
    (_, direction), *_ = sort
    question = [kind.collection, msgspec.to_builtins(filter_, enc_hook=str), list(sort)]
    where = dict(filter_)
    if query.cursor is not None:
        (last,) = decode_cursor(query.cursor, question, keys=1)
        if not isinstance(last, str):
            raise InvalidCursor
        where = {"$and": [where, {"_id": {"$lt" if direction < 0 else "$gt": last}}]}
    found = await reads.find(kind, where, sort=sort, limit=query.limit + 1)
    items = found[: query.limit]
    return items, encode_cursor([items[-1].id], question) if len(found) > query.limit else None


def _fingerprint(question: object) -> bytes:
    return hashlib.blake2b(msgspec.json.encode(question, order="sorted"), digest_size=_FINGERPRINT_BYTES).digest()
