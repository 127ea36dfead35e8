"""What a caller can send, walked type by type: every leaf of a path, a query or a body, and what is wrong with it."""

from collections.abc import Iterator
from datetime import datetime
from re import _parser
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from msgspec import Meta, Struct, UnsetType, structs

from freehold.domain.text import optional_text, required_text

ENDLESS = "has no end: it needs a max_length"
LAST = r"$(?!\n)"
"""The end of a text, to Python as to JavaScript: to Python `$` alone is in front of a last line break as well."""
PROSE = {required_text(1).pattern, optional_text(1).pattern}
"""Line breaks are welcome in these, at the end too."""


def faults_of(kind: Any, place: str, *, strict: bool) -> Iterator[str]:
    """Name what somebody could send too much of, or what could hold anything. `strict`: structs refuse unknown fields."""
    limits = _limits(kind)
    bare = _bare(kind)
    origin = get_origin(bare)
    if origin in {Union, UnionType}:
        for part in get_args(bare):
            yield from faults_of(Annotated[part, *limits] if limits else part, place, strict=strict)
    elif origin in {list, tuple, set, frozenset}:
        yield from _list_faults(bare, limits, place, strict=strict)
    elif isinstance(bare, type) and issubclass(bare, Struct):
        if strict and not bare.__struct_config__.forbid_unknown_fields:
            yield f"{place} ({bare.__name__}) lets unknown fields in"
        hints = get_type_hints(bare, include_extras=True)
        for field in structs.fields(bare):
            yield from faults_of(hints[field.name], f"{place}.{field.encode_name}", strict=strict)
    else:
        yield from (f"{place} {fault}" for fault in _leaf_faults(bare, limits))


def _list_faults(bare: Any, limits: list[Meta], place: str, *, strict: bool) -> Iterator[str]:
    items = [part for part in get_args(bare) if part is not Ellipsis]
    of_fixed_length = get_origin(bare) is tuple and Ellipsis not in get_args(bare)
    if not of_fixed_length and not any(meta.max_length is not None for meta in limits):
        yield f"{place} {ENDLESS}"
    for item in items:
        yield from faults_of(item, f"{place}[]", strict=strict)


def _leaf_faults(bare: Any, limits: list[Meta]) -> Iterator[str]:
    if bare in {bool, NoneType, UnsetType} or get_origin(bare) is Literal:
        return
    if bare in {str, bytes}:
        if not any(meta.max_length is not None or _ends(meta) for meta in limits):
            yield ENDLESS
        loose = [meta.pattern for meta in limits if meta.pattern and not meta.pattern.endswith(LAST)]
        yield from (f"takes a line break behind {pattern}" for pattern in loose if pattern not in PROSE)
    elif bare in {int, float}:
        least = any(meta.ge is not None or meta.gt is not None for meta in limits)
        most = any(meta.le is not None or meta.lt is not None for meta in limits)
        if not (least and most):
            yield "is not bounded on both sides"
    elif bare is datetime:
        if not any(meta.tz for meta in limits):
            yield "takes a time without a zone"
    else:
        yield f"could hold anything ({bare})"


def _ends(meta: Meta) -> bool:
    """Say whether only texts of a bounded length match the pattern, from their first character to their last."""
    pattern = meta.pattern or ""
    if not (pattern.startswith("^") and pattern.endswith(LAST)):
        return False
    return _parser.parse(pattern).getwidth()[1] < _parser.MAXREPEAT


def _limits(kind: Any) -> list[Meta]:
    return [extra for extra in get_args(kind)[1:] if isinstance(extra, Meta)] if get_origin(kind) is Annotated else []


def _bare(kind: Any) -> Any:
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind
