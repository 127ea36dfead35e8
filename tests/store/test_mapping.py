"""Documents of a later version: read without what is not known, written without losing it."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from msgspec import Struct, structs

from freehold.documents import Document
from freehold.store.mapping import changed_fields, from_bson, part_from_bson, projection_of, quick_codec_of, to_bson


class Inner(Struct, frozen=True, forbid_unknown_fields=True):
    word: str
    more: "Inner | None" = None


class Later(Document, frozen=True, kw_only=True):
    collection = "later"
    parts: tuple[Inner, ...] = ()
    named: dict[str, int] = {}  # noqa: RUF012 - a struct copies it
    one: Inner | None = None


def test_fields_of_a_later_version_are_passed_over_wherever_they_lie():
    raw = {
        "_id": "a", "version": 1, "new": 1,
        "parts": [{"word": "w", "new": {"deep": 1}, "more": {"word": "v", "new": []}}], "named": {"x": 1},
        "one": {"word": "u", "new": None},
    }  # fmt: skip
    found = from_bson(raw, Later)
    assert found == Later(id="a", parts=(Inner("w", Inner("v")),), named={"x": 1}, one=Inner("u"))


def test_what_is_wrong_stays_wrong():
    for spoilt in ({"word": 1}, {"new": "x"}, "no part"):
        with pytest.raises(msgspec.ValidationError):
            from_bson({"_id": "a", "version": 1, "one": spoilt}, Later)


def test_a_change_within_a_part_names_only_what_differs():
    before = Later(id="a", one=Inner("u", Inner("v")), parts=(Inner("w"),))
    after = structs.replace(before, one=Inner("u", Inner("x")), parts=(Inner("y"),), version=2)
    assert changed_fields(before, after) == {"one.more.word": "x", "parts": to_bson((Inner("y"),))}
    assert changed_fields(before, structs.replace(before, one=None)) == {"one": None}
    assert changed_fields(structs.replace(before, one=None), before) == {"one": to_bson(before.one)}


def test_a_part_of_a_document_of_an_earlier_version_has_the_defaults_of_its_kind():
    class Whole(Document, frozen=True, kw_only=True):
        at: datetime
        added: tuple[str, ...] = ()
        one: int = 3

    class Part(Struct, frozen=True, kw_only=True):
        id: str
        at: datetime
        added: tuple[str, ...]
        one: int

    assert projection_of(Part) == {"_id": 0, "id": "$_id", "at": 1, "added": 1, "one": 1}
    at = datetime(2026, 1, 2, 3, 4, 5, 6000, UTC)
    found = part_from_bson({"id": "a", "at": at.replace(tzinfo=None), "one": 4}, Part, Whole)
    assert found == Part(id="a", at=at, added=(), one=4)


def test_times_are_read_quickly_only_where_they_all_stand_in_fields_of_the_document():
    class Shallow(Document, frozen=True, kw_only=True):
        at: datetime | None = None

    class Inner(Struct):
        at: datetime

    class Deep(Document, frozen=True, kw_only=True):
        parts: tuple[Inner, ...] = ()

    class Free(Document, frozen=True, kw_only=True):
        anything: Any = None

    assert [quick_codec_of(kind).tz_aware for kind in (Shallow, Deep, Free)] == [False, True, True]
