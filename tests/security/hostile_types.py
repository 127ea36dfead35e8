"""The fields that a body or a query declares, and an accepted value for each: where hostile values are put."""

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from msgspec import Struct, inspect

from freehold.ids import KINDS, new_id

Path = tuple[str | int, ...]
ACCEPTED: Final = ("USD", "en", "sandbox", "card", "Europe/Rome", "ada@example.org", "https://example.org/a", "Correct horse 7")
"""Texts of which each declared pattern accepts one (ids are made)."""
INSTANT: Final = "2099-03-02T09:30:00Z"


@dataclass(frozen=True, eq=False)
class Slot:
    """One field: where it is, of what type, whether null is accepted, and whether it must be there."""

    path: Path
    kind: inspect.Type
    nullable: bool
    required: bool

    def name(self, part: str) -> str:
        """Name the field as a problem does: `body.skills[0]`."""
        return part + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path)


@cache
def slots(struct: type[Struct]) -> tuple[Slot, ...]:
    """Find every field of a struct, those inside of its structs and lists too."""
    return tuple(_slots(inspect.type_info(struct), ()))


def structs(struct: type[Struct]) -> list[Path]:
    """Find where a struct has structs inside; itself among them."""
    return [(), *(slot.path for slot in slots(struct) if isinstance(slot.kind, inspect.StructType))]


def with_value(body: dict[str, Any], struct: type[Struct], path: Path, value: Any) -> dict[str, Any]:
    """Give the body with a value put at `path`; what lies on the way and is missing is filled with accepted values."""
    changed = copy.deepcopy(body)
    known = {slot.path: slot for slot in slots(struct)}
    place: Any = changed
    for depth, step in enumerate(path[:-1], start=1):
        if not _has(place, step):
            _put(place, step, accepted(known[path[:depth]].kind))
        place = place[step]
    _put(place, path[-1], value)
    return changed


def without(body: dict[str, Any], struct: type[Struct], path: Path) -> dict[str, Any]:
    """Give the body without the field at `path`."""
    changed = with_value(body, struct, path, None)
    place: Any = changed
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    return changed


def accepted(kind: inspect.Type) -> Any:
    """Give a value that the type accepts."""
    if isinstance(kind, inspect.StructType):
        return {field.encode_name: accepted(_bare(field.type)[0]) for field in kind.fields if field.required}
    if isinstance(kind, inspect.VarTupleType):
        return [accepted(_bare(kind.item_type)[0])]
    if isinstance(kind, inspect.StrType):
        return _text(kind)
    if isinstance(kind, inspect.LiteralType):
        return kind.values[0]
    return {inspect.IntType: 1, inspect.BoolType: True, inspect.BytesType: "eA==", inspect.DateTimeType: INSTANT}[type(kind)]


def _has(place: Any, step: str | int) -> bool:
    return place.get(step) is not None if isinstance(place, dict) else len(place) > step


def _put(place: Any, step: str | int, value: Any) -> None:
    if isinstance(place, dict):
        place[step] = value
    else:
        place[step:] = [value]


def _slots(kind: inspect.Type, path: Path) -> Iterator[Slot]:
    if isinstance(kind, inspect.StructType):
        for field in kind.fields:
            yield from _slot(field.type, (*path, field.encode_name), required=field.required)
    elif isinstance(kind, inspect.VarTupleType):
        yield from _slot(kind.item_type, (*path, 0), required=False)


def _slot(kind: inspect.Type, path: Path, *, required: bool) -> Iterator[Slot]:
    bare, nullable = _bare(kind)
    yield Slot(path, bare, nullable=nullable, required=required)
    yield from _slots(bare, path)


def _bare(kind: inspect.Type) -> tuple[inspect.Type, bool]:
    """Take descriptions and null off a type; say whether null was there."""
    if isinstance(kind, inspect.Metadata):
        return _bare(kind.type)
    if isinstance(kind, inspect.UnionType):
        (other,) = [each for each in kind.types if not isinstance(each, inspect.NoneType)]
        return _bare(other)[0], True
    return kind, False


def _text(kind: inspect.StrType) -> str:
    texts = [new_id(prefix) for prefix in KINDS] + list(ACCEPTED)
    pattern = re.compile(kind.pattern or "")
    lengths = range(kind.min_length or 0, (kind.max_length or 10_000) + 1)
    return next(text for text in reversed(texts) if pattern.search(text) and len(text) in lengths)
