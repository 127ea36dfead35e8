"""Which parts of a request name an object, by the declared types; and how to name one that does not exist."""

import copy
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import msgspec

from freehold.edge.declare import Declaration
from freehold.ids import KINDS, new_id
from tests.security.table import Request

UNCHECKED: Final = frozenset({("notifications-mark-all-read", "body.read_up_to")})
"""References that are only compared with and never looked up: a foreign one says nothing and does nothing."""
_PREFIX: Final = re.compile(rf"^\^({'|'.join(KINDS)})_")


def references(declaration: Declaration) -> list[str]:
    """Name the fields of path and body that hold an object's id."""
    found = ["path.id"] if declaration.path_type is not None else []
    if declaration.body_type is not None:
        found += [f"body.{name}" for name in _id_fields(declaration.body_type)]
    return [place for place in found if (declaration.name, place) not in UNCHECKED]


def with_missing(request: Request, place: str) -> Request:
    """Give the same request about an object of the same kind that does not exist."""
    part, _, name = place.partition(".")
    if part == "path":
        return replace(request, id=_other_id(str(request.id)))
    body = copy.deepcopy(request.body) or {}
    body[name] = _other_id(body[name])
    return replace(request, body=body)


def _id_fields(kind: type[msgspec.Struct]) -> Iterator[str]:
    for field in msgspec.inspect.type_info(kind).fields:
        inner = field.type.type if isinstance(field.type, msgspec.inspect.Metadata) else field.type
        if isinstance(inner, msgspec.inspect.StrType) and _PREFIX.match(inner.pattern or ""):
            yield field.encode_name


def _other_id(identifier: str) -> Any:
    prefix = identifier.partition("_")[0]
    return next(new_id(kind) for kind in KINDS if kind == prefix)
