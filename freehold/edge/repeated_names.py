"""Finding names that a JSON object gives twice: RFC 8259 leaves open which one counts, and parsers differ."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from freehold.edge.problems import FieldFault, Invalid

Pairs = Sequence[tuple[str, Any]]


class _Repeated(Exception):  # noqa: N818 - it names what was found
    """An object gives a name twice."""


class _Object(list[tuple[str, Any]]):
    """An object as its names and values, in their order."""


def refuse_repeated(raw: bytes) -> None:
    """Raise Invalid, naming every field that is given twice. `raw` is JSON that has been decoded before."""
    try:
        _QUICK.decode(raw.decode())
    except _Repeated as error:
        raise Invalid(faults=tuple(_repeated(_SLOW.decode(raw.decode()), "body"))) from error


def _distinct(pairs: Pairs) -> None:
    if len(dict(pairs)) != len(pairs):
        raise _Repeated


_QUICK: Final = json.JSONDecoder(object_pairs_hook=_distinct)
_SLOW: Final = json.JSONDecoder(object_pairs_hook=_Object)


def _repeated(value: object, place: str) -> Iterator[FieldFault]:
    if isinstance(value, _Object):
        names = [name for name, _ in value]
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield FieldFault(field=f"{place}.{name}", expected="one value, not several")
        for name, part in value:
            yield from _repeated(part, f"{place}.{name}")
    elif isinstance(value, list):
        for position, part in enumerate(value):
            yield from _repeated(part, f"{place}[{position}]")
