"""Nobody can send too much of anything, or anything that was not asked for: every field of every input, walked by its type."""

from datetime import datetime
from typing import Annotated, Any, Literal

import pytest
from msgspec import Meta, Struct, UnsetType

from freehold.edge.discovery import find_all
from tests.architecture.boundaries import faults_of


class Loose(Struct):
    """Planted: it lets unknown fields in."""


class Item(Struct, forbid_unknown_fields=True):
    """Planted: its field is not bounded."""

    words: str


class Holder(Struct, forbid_unknown_fields=True):
    """Planted: what is wrong lies two levels down."""

    inner: Annotated[tuple[Item, ...], Meta(max_length=3)] | None = None


def test_every_field_of_every_input_is_bounded_and_closed():
    faults = []
    for item in find_all():
        for place, kind in (("path", item.path_type), ("query", item.query_type), ("body", item.body_type)):
            if kind is not None:
                faults += faults_of(kind, f"{item.name} {place}", strict=place != "path")
    assert faults == []


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        (str, "has no end"),
        (Annotated[str, Meta(min_length=1)], "has no end"),
        (Annotated[str, Meta(pattern=r"^[a-z]+$(?!\n)")], "has no end"),
        (Annotated[str, Meta(pattern=r"[a-z]{3}$(?!\n)")], "has no end"),
        (Annotated[str, Meta(pattern="^[a-z]{3}$", max_length=9)], "takes a line break"),
        (bytes, "has no end"),
        (int, "is not bounded on both sides"),
        (Annotated[int, Meta(ge=0)], "is not bounded on both sides"),
        (Annotated[float, Meta(le=1)] | None, "is not bounded on both sides"),
        (datetime, "takes a time without a zone"),
        (list[bool], "has no end"),
        (Annotated[tuple[str, ...], Meta(max_length=3)], "has no end"),
        (dict[str, str], "could hold anything"),
        (Any, "could hold anything"),
        (object, "could hold anything"),
        (Loose, "lets unknown fields in"),
        (Holder, "inner[].words has no end"),
    ],
)
def test_what_is_not_bounded_is_found(kind, fault):
    (found,) = faults_of(kind, "body", strict=True)
    assert fault in found


@pytest.mark.parametrize(
    "kind",
    [
        Annotated[str, Meta(max_length=5)],
        Annotated[str, Meta(pattern=r"^usr_[0-9a-f]{32}$(?!\n)")] | UnsetType,
        Annotated[int, Meta(ge=0, lt=9)] | None,
        Annotated[list[Literal["a", "b"]], Meta(max_length=2)],
        tuple[bool, bool],
        Annotated[datetime, Meta(tz=True)],
    ],
)
def test_what_is_bounded_passes(kind):
    assert list(faults_of(kind, "body", strict=True)) == []
