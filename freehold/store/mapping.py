"""Between documents and BSON. Whole numbers are stored as 64-bit ones, times as aware UTC, `id` as `_id`."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final, TypeVar, cast

import msgspec
from bson import Int64
from bson.codec_options import CodecOptions, TypeDecoder, TypeRegistry
from msgspec import Struct, inspect

from freehold.documents import Document
from freehold.domain.errors import InvalidValue
from freehold.store.known_fields import only_known

D = TypeVar("D", bound=Document)
S = TypeVar("S", bound=Struct)

_LARGEST: Final = 2**63 - 1


class _PlainInt(TypeDecoder):
    """Read 64-bit numbers as plain `int`."""

    bson_type = Int64

    def transform_bson(self, value: int) -> int:
        return int(value)


CODEC: Final[CodecOptions[dict[str, Any]]] = CodecOptions(tz_aware=True)
_PLAIN_TIMES: Final[CodecOptions[dict[str, Any]]] = CodecOptions(tz_aware=False)
FREE_FORM_CODEC: Final[CodecOptions[dict[str, Any]]] = CODEC.with_options(type_registry=TypeRegistry([_PlainInt()]))


@cache
def codec_of(kind: type[Document]) -> CodecOptions[dict[str, Any]]:
    """Say how this kind is decoded.

    A field of a type becomes plain numbers by `from_bson`; in a free-form one the driver has to make them, which takes it
    half as long again, so that they can be encoded later.
    """
    is_free_form = any("Any" in str(field.type) for field in msgspec.structs.fields(kind))
    return FREE_FORM_CODEC if is_free_form else CODEC


@cache
def quick_codec_of(kind: type[Document]) -> CodecOptions[dict[str, Any]]:
    """Say how documents of this kind are decoded when nobody but `from_bson` sees them.

    Making an aware time costs the driver as much as making the time. Where times stand in fields of the document only,
    `from_bson` says of them that they are UTC, in a quarter of that.
    """
    is_simple = codec_of(kind) is CODEC and not any(
        _holds_times(field.type) for field in _typed_fields(kind) if not _is_time(field.type)
    )
    return _PLAIN_TIMES if is_simple else codec_of(kind)


def to_bson(value: object) -> Any:  # noqa: ANN401 - any part of a document may come and go here
    """Turn a document, or a part of one, into what PyMongo encodes. Raises InvalidValue for a number beyond 64 bits."""
    return _widen(msgspec.to_builtins(value, builtin_types=(datetime, bytes)))


def from_bson(raw: dict[str, Any], kind: type[S]) -> S:
    """Turn what PyMongo decoded into a document, or a part of one; fields that this version does not know are passed over."""
    for name in _times_of(kind):
        plain = raw.get(name)
        if type(plain) is datetime:
            raw[name] = datetime.combine(plain, plain.time(), UTC)  # `replace` takes four times as long
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError:  # perhaps a later version has stored more in a part that refuses what it does not know
        return msgspec.convert(only_known(raw, kind), kind)


@cache
def projection_of(part: type[Struct]) -> dict[str, Any]:
    """Say to `find` that only what `part` has fields for is wanted; its `id` is the document's."""
    return {"_id": 0} | {field.encode_name: "$_id" if field.name == "id" else 1 for field in msgspec.structs.fields(part)}


def part_from_bson(raw: dict[str, Any], part: type[S], kind: type[Document]) -> S:
    """Turn what PyMongo decoded into a part of a document of this kind."""
    try:
        return from_bson(raw, part)
    except msgspec.ValidationError:  # an earlier version has not stored all of it
        return from_bson({**_defaults_of(kind), **raw}, part)


@cache
def _defaults_of(kind: type[Document]) -> dict[str, Any]:
    fields = [field for field in _fields_of(kind) if not field.required]
    return {
        field.encode_name: msgspec.to_builtins(field.default_factory() if field.default is msgspec.NODEFAULT else field.default)
        for field in fields
    }


def changed_fields(before: D, after: D) -> dict[str, Any]:
    """Name the fields in which `after` differs, with their new values; `_id` and version are not among them.

    Within a part that stays a part, only what differs is named (`holding.balances.escrow`): the rest of it, which a later
    version may have filled, is left alone.
    """
    return {path: to_bson(value) for path, value in _differences(before, after) if path not in {"_id", "version"}}


def _differences(before: Struct, after: Struct, within: str = "") -> Iterator[tuple[str, object]]:
    for field in _fields_of(type(before)):
        was, becomes = getattr(before, field.name), getattr(after, field.name)
        path = f"{within}{field.encode_name}"
        if was == becomes:
            continue
        if isinstance(was, Struct) and type(was) is type(becomes):
            yield from _differences(was, becomes, f"{path}.")
        else:
            yield path, becomes


@cache
def _fields_of(kind: type[Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(kind)


@cache
def _times_of(kind: type[Struct]) -> tuple[str, ...]:
    """Name the fields that are times."""
    return tuple(field.encode_name for field in _typed_fields(kind) if _is_time(field.type))


def _typed_fields(kind: type[Struct]) -> tuple[inspect.Field, ...]:
    info = inspect.type_info(kind)
    return info.fields if isinstance(info, inspect.StructType) else ()


def _is_time(kind: inspect.Type) -> bool:
    match kind:
        case inspect.UnionType():
            return any(_is_time(one) for one in kind.types)
        case inspect.Metadata():
            return _is_time(kind.type)
    return isinstance(kind, inspect.DateTimeType)


_TIMELESS: Final = (
    inspect.StrType, inspect.IntType, inspect.FloatType, inspect.BoolType, inspect.BytesType, inspect.NoneType,
    inspect.LiteralType,
)  # fmt: skip


def _holds_times(kind: inspect.Type) -> bool:
    """Whether there may be times within this, however deep."""
    match kind:
        case inspect.UnionType():
            return any(_holds_times(one) for one in kind.types)
        case inspect.Metadata():
            return _holds_times(kind.type)
        case inspect.StructType():
            return any(_holds_times(field.type) for field in kind.fields)
        case inspect.ListType() | inspect.VarTupleType():
            return _holds_times(kind.item_type)
    return not isinstance(kind, _TIMELESS)


def _widen(value: object) -> object:
    kind = type(value)
    if kind is int:
        number = cast("int", value)
        if not -_LARGEST <= number <= _LARGEST:
            raise InvalidValue("a number is beyond 64 bits")
        return Int64(number)
    if kind is dict:
        return {key: _widen(item) for key, item in cast("dict[str, object]", value).items()}
    if kind in {list, tuple}:
        return [_widen(item) for item in cast("list[object]", value)]
    return value
