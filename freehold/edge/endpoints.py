"""Answering an endpoint's request: who, how often, what; then the work, once per idempotency key."""

import hashlib
import re
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from typing import Any, Final

import msgspec
from msgspec import Struct
from starlette.requests import Request

from freehold.documents import IdempotencyRecord
from freehold.domain.errors import Refused
from freehold.edge.call import AlreadyDone, Call, Services
from freehold.edge.contents import Content
from freehold.edge.declare import Declaration
from freehold.edge.decoding import decode_body, decode_parameters
from freehold.edge.problems import (
    FieldFault,
    Forbidden,
    Invalid,
    InvalidIdempotencyKey,
    KeyReused,
    MalformedBody,
    PayloadTooLarge,
    Problem,
    Unauthenticated,
    UnsupportedMediaType,
)
from freehold.edge.raw import raw_request
from freehold.edge.sessions import Caller
from freehold.store import StoreError, Unit
from freehold.telemetry.context import TraceContext

_KEY: Final = re.compile(r"^[\x21-\x7e]{1,255}$")
_BEARER: Final = "bearer "


class Answer(Struct, frozen=True):
    """What goes back: a status and a body (empty for 204); `replayed` when it was stored before.

    The body is JSON where nothing else is said.
    """

    status: int
    body: bytes
    replayed: bool = False
    media_type: str = "application/json"
    headers: Mapping[str, str] = {}


async def answer_request(services: Services, declaration: Declaration, request: Request, trace: TraceContext) -> Answer:
    """Carry one request through: authenticate, limit, decode, do. Raises Problem."""
    visitor = await _visitor(services, declaration, request)
    if visitor is not None:
        services.limits[declaration.rate].take(visitor.user_id)
    limit_bytes = declaration.body_limit_bytes or services.settings.body_limit_bytes
    with services.large_bodies.place(limit_bytes):
        return await _answer(services, declaration, request, trace, visitor=visitor, limit_bytes=limit_bytes)


async def _answer(  # noqa: PLR0913 - what one request is
    services: Services,
    declaration: Declaration,
    request: Request,
    trace: TraceContext,
    *,
    visitor: Caller | None,
    limit_bytes: int,
) -> Answer:
    raw = await read_body(request, limit_bytes)
    call = Call(services, declaration, trace=trace, visitor=visitor)
    inputs = _inputs(declaration, request, raw)
    if not declaration.transaction:
        return _answered(declaration, request, await declaration.handler(call, **inputs))
    key = _idempotency_key(declaration, request)
    if key is None:
        return await _do(call, inputs)
    digest = _payload_hash(request, raw, inputs.get("body"))
    return await _do_once(call, inputs, record_id=f"{call.caller.user_id}:{declaration.name}:{key}", payload_hash=digest)


def _payload_hash(request: Request, raw: bytes, body: object) -> bytes:
    """Say in 32 bytes what was asked; never by a password, which could be guessed from a hash that is made this fast."""
    if isinstance(body, Struct) and isinstance(getattr(body, "password", None), str):
        raw = msgspec.json.encode(msgspec.structs.replace(body, password=None))
    return hashlib.sha256(b"\0".join([request.method.encode(), request.scope["path"].encode(), raw])).digest()


def _answered(declaration: Declaration, request: Request, result: object) -> Answer:
    if not isinstance(result, Content):
        return Answer(declaration.status, encode(result))
    if result.is_known_by(request.headers.get("if-none-match")):
        return Answer(HTTPStatus.NOT_MODIFIED, b"", media_type="", headers=result.headers)
    return Answer(declaration.status, result.data, media_type=result.media_type, headers=result.headers)


async def read_body(request: Request, limit_bytes: int) -> bytes:
    """Read the whole body, counted as it comes in. Raises PayloadTooLarge."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit_bytes:
            raise PayloadTooLarge(f"This function takes at most {limit_bytes} bytes.")
        chunks.append(chunk)
    return b"".join(chunks)


def encode(result: object) -> bytes:
    """Make the JSON of an answer; None is an empty body."""
    return b"" if result is None else msgspec.json.encode(result)


async def _visitor(services: Services, declaration: Declaration, request: Request) -> Caller | None:
    headers = request.headers.getlist("authorization")
    if not headers:
        if declaration.auth == "anyone":
            return None
        raise Unauthenticated
    header = headers[0]
    if len(headers) > 1 or not header.lower().startswith(_BEARER):
        raise Unauthenticated("Send `Authorization: Bearer TOKEN`.")
    claims = services.access_tokens.verify(header[len(_BEARER) :].strip())
    caller = await services.sessions.admit(claims, for_write=not declaration.reads_only)
    if declaration.auth not in {"anyone", "user"} and not caller.has_role(declaration.auth):
        raise Forbidden(f"This is for the role {declaration.auth}.")
    return caller


def _inputs(declaration: Declaration, request: Request, raw: bytes) -> dict[str, Any]:
    inputs: dict[str, Any] = {}
    if declaration.path_type is not None:
        inputs["path"] = decode_parameters(request.path_params, declaration.path_type, "path")
    if declaration.query_type is not None:
        inputs["query"] = decode_parameters(_query_values(request, declaration.query_type), declaration.query_type, "query")
    elif request.scope["query_string"]:
        raise Invalid(
            faults=tuple(FieldFault(field=f"query.{name}"[:200], expected="no such parameter") for name in request.query_params)
        )
    if declaration.body_type is not None:
        inputs["body"] = _body(declaration.body_type, request, raw)
    elif declaration.takes_raw:
        inputs["raw"] = raw_request(request, raw)
    elif raw:
        raise Invalid("This function takes no body.", faults=(FieldFault(field="body", expected="no body"),))
    return inputs


def _body(kind: type[Struct], request: Request, raw: bytes) -> Struct:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise UnsupportedMediaType
    if not raw:
        raise MalformedBody("The body is empty.")
    return decode_body(raw, kind)


def _query_values(request: Request, kind: type[Struct]) -> dict[str, str | list[str]]:
    if not request.scope["query_string"]:
        return {}
    lists = _list_names(kind)
    values: dict[str, str | list[str]] = {}
    for name in request.query_params:
        given = request.query_params.getlist(name)
        if name not in lists and len(given) > 1:
            raise Invalid(faults=(FieldFault(field=f"query.{name}"[:200], expected="one value, not several"),))
        values[name] = given if name in lists else given[0]
    return values


@cache
def _list_names(kind: type[Struct]) -> frozenset[str]:
    """Say which parameters may be given several times."""
    return frozenset(field.encode_name for field in msgspec.structs.fields(kind) if "tuple" in str(field.type))


def _idempotency_key(declaration: Declaration, request: Request) -> str | None:
    keys = request.headers.getlist("idempotency-key")
    if not declaration.idempotent or not keys:
        return None
    if len(keys) > 1 or _KEY.match(keys[0]) is None:
        raise InvalidIdempotencyKey
    return keys[0]


async def _do(call: Call, inputs: dict[str, Any]) -> Answer:
    async def work(_: Unit) -> bytes:
        return encode(await call.declaration.handler(call, **inputs))

    return Answer(call.declaration.status, await call.in_own_transaction(work))


async def _do_once(call: Call, inputs: dict[str, Any], *, record_id: str, payload_hash: bytes) -> Answer:
    """Do the work and store its answer under the key, in one transaction; or answer what is stored already.

    Nobody looks for the key before: repetitions are rare, and one that does the work again fails on the key and leaves
    nothing. A refusal stores nothing: the same key may be used again. When a refusal or a conflict came from this very
    request, sent before or at once, the answer that it got there is given.
    """

    async def work(unit: Unit) -> bytes:
        body = encode(await call.declaration.handler(call, **inputs))
        record = IdempotencyRecord(
            id=record_id, payload_hash=payload_hash, status=call.declaration.status, answer=body, created_at=call.now
        )
        unit.insert(record, duplicate=AlreadyDone)
        return body

    try:
        return Answer(call.declaration.status, await call.in_own_transaction(work))
    except (AlreadyDone, Problem, Refused, StoreError):
        stored = await _stored(call, record_id, payload_hash)
        if stored is None:
            raise
        return stored


async def _stored(call: Call, record_id: str, payload_hash: bytes) -> Answer | None:
    record = await call.store.get(IdempotencyRecord, record_id)
    if record is None:
        return None
    if record.payload_hash != payload_hash:
        raise KeyReused
    return Answer(record.status, record.answer, replayed=True)
