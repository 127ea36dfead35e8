"""What a type must refuse: JSON of another type, operators in its place, values beyond its limits."""

import base64
import re
from collections.abc import Iterator
from typing import Any, Final

from msgspec import inspect

from freehold.ids import KINDS, new_id
from tests.security.hostile_types import Slot

OPERATORS: Final[tuple[Any, ...]] = (
    {"$ne": None}, {"$gt": ""}, {"$where": "sleep(1000)"}, {"$regex": ".*"}, {"$in": []}, {"$function": {}}, [{"$ne": 1}],
)  # fmt: skip
TEXTS: Final = ("text", "5", "true", "$where", "")
NUMBERS: Final = (0, 5, -1, 1.5, 1e300)
HUGE: Final = (2**53, 2**63, 2**64, -(2**63) - 1, -(2**64), 10**30, 10**4000)
OTHERS: Final = (True, False, [], {}, [[]], {"": ""}, {"amount": 1, "currency": "USD", "$inc": 1})
BROKEN_TEXTS: Final = ("a\x00b", "\x00", "a\x1bb", "a\x7fb", "a\x85b", "\u202eabc", "a\u202ab")
INSTANTS: Final = (
    "yesterday", "2099-01-01", "2099-01-01T00:00:00", "2099-13-01T00:00:00Z", "2099-01-01T25:00:00Z", "2099-02-30T00:00:00Z",
    "99999-01-01T00:00:00Z", "$$NOW", "2099-01-01T00:00:00Z\n", "-2099-01-01T00:00:00Z",
)  # fmt: skip


def refused(slot: Slot) -> Iterator[Any]:
    """Give values that the field's type must refuse."""
    yield from OPERATORS
    if not slot.nullable:
        yield None
    match slot.kind:
        case inspect.StrType():
            yield from (*NUMBERS, *OTHERS, *_texts(slot.kind))
        case inspect.BytesType():
            yield from (*NUMBERS, *OTHERS, "*", "a", "a===", "\x00", *_bytes(slot.kind))
        case inspect.IntType():
            yield from (1.5, 1e300, *TEXTS, *OTHERS, *_integers(slot.kind))
        case inspect.BoolType():
            yield from (*TEXTS, *NUMBERS, [], {})
        case inspect.DateTimeType():
            yield from (*INSTANTS, *TEXTS, *NUMBERS, *OTHERS)
        case inspect.LiteralType():
            yield from (*(text for text in (*TEXTS, f"{slot.kind.values[0]}\n")), *NUMBERS, *OTHERS)
        case inspect.VarTupleType():
            yield from (*TEXTS, *NUMBERS, True, {}, *_lists(slot.kind))
        case inspect.StructType():
            yield from (*TEXTS, *NUMBERS, True, [], [[]], {"$set": {}}, {"a.b": 1})


def _texts(kind: inspect.StrType) -> Iterator[str]:
    if kind.max_length is not None:
        yield "x" * (kind.max_length + 1)
    if kind.min_length:
        yield "x" * (kind.min_length - 1)
    if kind.pattern is not None:
        others = (new_id(kind) for kind in KINDS)
        hostile = (
            *others,
            *BROKEN_TEXTS,
            "",
            " ",
            "\n",
            "$ne",
            "a.b",
            "../../etc/passwd",
            "usr_1",
            "job_" + "0" * 33,
            "\u0661" * 3,
        )
        yield from (text for text in hostile if not re.search(kind.pattern, text))


def _bytes(kind: inspect.BytesType) -> Iterator[str]:
    if kind.min_length:
        yield ""
    if kind.max_length is not None:
        yield base64.b64encode(b"x" * (kind.max_length + 1)).decode()


def _integers(kind: inspect.IntType) -> Iterator[int]:
    if kind.ge is not None:
        yield kind.ge - 1
    if kind.le is not None:
        yield kind.le + 1
        yield from (number for number in HUGE if abs(number) > kind.le)


def _lists(kind: inspect.VarTupleType) -> Iterator[list[Any]]:
    if kind.max_length is not None:
        yield [None] * (kind.max_length + 1)
    if kind.min_length:
        yield [None] * (kind.min_length - 1)
