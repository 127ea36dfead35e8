"""Documents of a later version: read without what is not known, written without losing it."""

import msgspec
import pytest
from msgspec import Struct, structs

from freehold.documents import Document
from freehold.store.mapping import changed_fields, from_bson, to_bson


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
