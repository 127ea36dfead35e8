"""Passing over what a later version has stored: fields that this one does not know, however deep they lie.

A document tolerates unknown fields by itself. The parts that it shares with request bodies (a place, a profile) refuse them
there, and must not refuse a document of a later version here.
"""

from functools import cache
from typing import Any

import msgspec
from msgspec import inspect


def only_known(raw: object, kind: type[msgspec.Struct]) -> Any:  # noqa: ANN401 - whatever is stored
    """Take out of a stored document what the struct `kind`, and those within it, have no field for."""
    return _only_known(raw, _type_of(kind))


@cache
def _type_of(kind: type[msgspec.Struct]) -> inspect.Type:
    return inspect.type_info(kind)


def _only_known(value: object, kind: inspect.Type) -> object:
    match kind:
        case inspect.UnionType():
            for one in kind.types:
                value = _only_known(value, one)
        case inspect.StructType() if isinstance(value, dict):
            fields = {field.encode_name: field.type for field in kind.fields}
            return {name: _only_known(item, fields[name]) for name, item in value.items() if name in fields}
        case inspect.ListType() | inspect.VarTupleType() if isinstance(value, list):
            return [_only_known(item, kind.item_type) for item in value]
        case inspect.Metadata():
            return _only_known(value, kind.type)
    return value
