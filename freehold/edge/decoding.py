"""Turning a request into typed values. The fast path decodes in one go; when that fails, a slow path names every fault."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct

from freehold.edge.problems import FieldFault, Invalid, MalformedBody
from freehold.edge.repeated_names import refuse_repeated

S = TypeVar("S", bound=Struct)

MOST_FAULTS: Final = 50
_DEEPEST: Final = 20
_AT: Final = re.compile(r"^(?:Expected )?(.*) - at `\$(.*)`$")


def decode_body(raw: bytes, kind: type[S]) -> S:
    """Decode a JSON body. Raises MalformedBody when it is no JSON, Invalid with every faulty field when it does not fit.

    A field that is given twice is faulty: who reads the first and who reads the last of them would not see the same request.
    """
    try:
        decoded = msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return convert(_any_json(raw, error), kind, "body")
    refuse_repeated(raw)
    return decoded


def _any_json(raw: bytes, why: Exception) -> object:
    """Decode JSON of any type; `why` is what kept it from being decoded as the type that was expected."""
    try:
        return msgspec.json.decode(raw)
    except RecursionError as error:
        raise MalformedBody("The body is nested too deeply.") from error
    except msgspec.ValidationError as error:  # JSON, but with a number that no machine holds
        found = _AT.search(str(why))
        place, words = (f"body{found[2]}", found[1]) if found else ("body", str(error))
        raise Invalid(faults=(FieldFault(field=place[:200], expected=words),)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedBody(f"{error}.") from error


def decode_parameters(values: Mapping[str, str | Sequence[str]], kind: type[S], place: str) -> S:
    """Convert path or query parameters, which arrive as text. Raises Invalid with every faulty one."""
    try:
        decoded = msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError:
        decoded = convert(values, kind, place, strict=False)
    _refuse_loose(values, decoded, place)
    return decoded


def _refuse_loose(values: Mapping[str, str | Sequence[str]], decoded: Struct, place: str) -> None:
    """Refuse what msgspec reads too kindly from text: the word `null` as nothing, a number as a time."""
    fields = _attributes(type(decoded))
    read = {name: getattr(decoded, fields[name]) for name in values if name in fields}
    faults = [FieldFault(f"{place}.{name}", "a value, not null") for name, value in read.items() if value is None]
    faults += [
        FieldFault(f"{place}.{name}", "a time as RFC 3339 writes it")
        for name, value in read.items()
        if isinstance(value, datetime) and ":" not in values[name]
    ]
    if faults:
        raise Invalid(faults=tuple(faults))


@cache
def _attributes(kind: type[Struct]) -> dict[str, str]:
    """Say under which attribute each parameter is kept."""
    return {field.encode_name: field.name for field in msgspec.structs.fields(kind)}


def convert(value: object, kind: type[S], place: str, *, strict: bool = True) -> S:
    """Convert, or raise Invalid with every fault; what no field of its own is guilty of is said of the whole."""
    try:
        return msgspec.convert(value, kind, strict=strict)
    except msgspec.ValidationError as error:
        found = _faults(value, kind, place, strict, 0)
        faults = tuple(fault for fault, _ in zip(found, range(MOST_FAULTS), strict=False))
        raise Invalid(faults=faults or (FieldFault(field=place, expected=str(error)),)) from error


def revalidated(value: S, place: str) -> S:
    """Check a struct whose fields changed after it was decoded (normal forms may be longer). Raises Invalid."""
    return convert(msgspec.to_builtins(value), type(value), place)


def _faults(value: object, kind: Any, place: str, strict: bool, depth: int) -> Iterator[FieldFault]:  # noqa: ANN401, FBT001
    """Walk value and type side by side; go down where the type is a struct or a list, ask msgspec at the leaves."""
    inner = _bare(kind, value)
    if depth > _DEEPEST:
        yield FieldFault(field=place, expected="less nesting")
    elif isinstance(inner, type) and issubclass(inner, Struct) and isinstance(value, Mapping):
        yield from _struct_faults(value, inner, place, strict, depth)
    elif get_origin(inner) in {list, tuple} and isinstance(value, list | tuple) and _fits_outside(value, kind):
        for position, item in enumerate(value):
            yield from _faults(item, get_args(inner)[0], f"{place}[{position}]", strict, depth + 1)
    else:
        try:
            msgspec.convert(value, kind, strict=strict)
        except msgspec.ValidationError as error:
            yield FieldFault(field=place, expected=_expectation(error, kind))


def _struct_faults(
    value: Mapping[str, object],
    kind: type[Struct],
    place: str,
    strict: bool,  # noqa: FBT001
    depth: int,
) -> Iterator[FieldFault]:
    hints = get_type_hints(kind, include_extras=True)
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    for name in value.keys() - fields.keys():
        if kind.__struct_config__.forbid_unknown_fields:
            yield FieldFault(field=f"{place}.{name}"[:200], expected="no such field")
    for name, field in fields.items():
        if name in value:
            yield from _faults(value[name], hints[field.name], f"{place}.{name}", strict, depth + 1)
        elif field.required:
            yield FieldFault(field=f"{place}.{name}", expected="a value; it is missing")


def _expectation(error: msgspec.ValidationError, kind: Any) -> str:  # noqa: ANN401
    """Say what was expected: msgspec's words, the values that are allowed, or a pattern's description in its place."""
    words = str(error).removeprefix("Expected ")
    if words.startswith("Invalid enum value"):
        return f"one of {', '.join(_choices(kind))}"
    if "matching regex" in words:
        pattern_in_words = next(_descriptions(kind), None)
        return words if pattern_in_words is None else f"{words.partition(' matching')[0]}: {pattern_in_words}"
    return words


def _choices(kind: Any) -> Iterator[str]:  # noqa: ANN401
    """Give the values that the type allows."""
    for part in get_args(kind):
        if get_origin(kind) is Literal:
            yield str(part)
        else:
            yield from _choices(part)


def _descriptions(kind: Any) -> Iterator[str]:  # noqa: ANN401
    """Give what the type says of itself, also where it is one of several that are allowed."""
    for part in get_args(kind):
        if isinstance(part, msgspec.Meta):
            yield from filter(None, [part.description])
        else:
            yield from _descriptions(part)


def _bare(kind: Any, value: object) -> Any:  # noqa: ANN401
    """Take Annotated off, and `| None` where the value is not null."""
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) in {Union, UnionType} and value is not None:
        others = [part for part in get_args(kind) if part not in {NoneType, msgspec.UnsetType}]
        if len(others) == 1:
            return _bare(others[0], value)
    return kind


def _fits_outside(value: Sequence[object], kind: Any) -> bool:  # noqa: ANN401
    """Whether the list itself, apart from its items, is what the type allows (its length)."""
    while get_origin(kind) in {Union, UnionType}:
        kind = next(part for part in get_args(kind) if part not in {NoneType, msgspec.UnsetType})
    limits = [extra for extra in get_args(kind)[1:] if isinstance(extra, msgspec.Meta)] if get_origin(kind) is Annotated else []
    return all((meta.max_length or len(value)) >= len(value) >= (meta.min_length or 0) for meta in limits)
