"""`freehold/catalogue.json`: what the doors read."""

from collections.abc import Iterable
from typing import Final

import msgspec

from freehold.catalogue import Catalogue, FunctionEntry
from freehold.edge.declare import Declaration
from freehold.settings import FunctionSettings
from infra.manifest.grouping import group_of

DOOR_MARGIN_S: Final = 2.0
"""How much longer a door waits than a function works, so that it hears the function's own answer."""


def function_timeout_s() -> float:
    """Say how long a function works on one call, unless an operator sets it otherwise."""
    (found,) = (field.default for field in msgspec.structs.fields(FunctionSettings) if field.name == "request_timeout_s")
    return float(found)


def catalogue_of(declarations: Iterable[Declaration]) -> Catalogue:
    """List all functions by name."""
    return Catalogue(functions=tuple(_entry(item) for item in sorted(declarations, key=lambda item: item.name)))


def encode_catalogue(catalogue: Catalogue) -> bytes:
    """Write the catalogue with a block of lines per function."""
    return msgspec.json.format(msgspec.json.encode(catalogue), indent=2) + b"\n"


def _entry(declaration: Declaration) -> FunctionEntry:
    is_endpoint = declaration.kind == "endpoint"
    return FunctionEntry(
        name=declaration.name,
        module=declaration.module,
        group=group_of(declaration),
        kind=declaration.kind,
        method=declaration.method if is_endpoint else None,
        path=declaration.path if is_endpoint else None,
        events=declaration.events,
        every_s=declaration.every_s,
        timeout_s=function_timeout_s() + DOOR_MARGIN_S,
        secrets=declaration.secrets,
    )
