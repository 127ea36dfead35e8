"""OpenAPI 3.1 from the declarations: what a client may send, and every answer that it may get."""

import importlib
import inspect
import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

import msgspec
from msgspec import Raw

import freehold
from freehold.domain.errors import InvalidValue, Refused
from freehold.edge.contents import Content
from freehold.edge.declare import Declaration, ErrorClass
from freehold.edge.problems import (
    Forbidden,
    InternalError,
    Invalid,
    InvalidIdempotencyKey,
    KeyReused,
    MalformedBody,
    NotFound,
    PayloadTooLarge,
    Problem,
    ProblemBody,
    ServiceUnavailable,
    StaleVersion,
    TimedOut,
    TooManyRequests,
    Unauthenticated,
    UnsupportedMediaType,
)
from infra.manifest.examples import Examples
from infra.manifest.schemas import Schema, Schemas
from infra.manifest.words import description_of, summary_of

JSON: Final = "application/json"
PROBLEM_JSON: Final = "application/problem+json"
_TEMPLATE_NAME: Final = re.compile(r"\{(\w+)\}")
ALWAYS: Final[tuple[ErrorClass, ...]] = (Invalid, PayloadTooLarge, TooManyRequests, Unauthenticated, InternalError)
OUTAGES: Final[tuple[ErrorClass, ...]] = (ServiceUnavailable, TimedOut)
IDEMPOTENCY_KEY: Final[Schema] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Makes a repetition harmless: the same key with the same request gets the stored answer, for 48 hours.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x21-\\x7e]{1,255}$"},
}
OF_CONTENT: Final[Schema] = {
    "ETag": {"description": "Names these very bytes; send it as `If-None-Match`.", "schema": {"type": "string"}},
    "Content-Disposition": {"description": "`attachment`, with a name to save it by.", "schema": {"type": "string"}},
}
"""The headers of an answer that is a file."""
_WAIT: Final[Schema] = {
    "Retry-After": {
        "description": "Seconds to wait before the same request is sent again.",
        "schema": {"type": "integer", "minimum": 1},
    }
}
HEADERS: Final[dict[int, Schema]] = {
    Unauthenticated.status: {"WWW-Authenticate": {"description": "`Bearer`.", "schema": {"type": "string", "const": "Bearer"}}},
    TooManyRequests.status: _WAIT,
    ServiceUnavailable.status: _WAIT,
}
"""The headers of problems, by their status."""
DESCRIPTION: Final = """\
Every answer that is not a result is a problem (RFC 9457) with a stable `code`; a request with faulty fields gets all of
them named. Amounts are integers in minor units of an ISO 4217 currency. Lists come in pages: pass `next_cursor` back as
`cursor`. A foreign object is 404, like one that does not exist. After 429 or 503 wait for `Retry-After` seconds and send
the same request again, with the same `Idempotency-Key`."""


class UnclearEndpoint(Exception):  # noqa: N818 - it names what is wrong
    """An endpoint cannot be described as it is declared; the message says why."""


def openapi_of(declarations: Iterable[Declaration]) -> Schema:
    """Describe all endpoints. Raises UnclearEndpoint."""
    endpoints = [declaration for declaration in declarations if declaration.kind == "endpoint"]
    schemas = Schemas([ProblemBody, *(kind for item in endpoints for kind in _types(item))])
    paths: defaultdict[str, Schema] = defaultdict(dict)
    for item in sorted(endpoints, key=lambda each: (each.path, each.method)):
        if item.method.lower() in paths[item.path]:
            raise UnclearEndpoint(f"{item.method} {item.path} is declared twice")
        _require_same_parameters(item)
        paths[item.path][item.method.lower()] = _operation(item, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Freehold",
            "version": freehold.__version__,
            "description": DESCRIPTION,
            "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": _context_text(name)} for name in sorted({item.context for item in endpoints})],
        "paths": dict(paths),
        "components": {
            "schemas": dict(sorted(_used(schemas, paths).items())),
            "securitySchemes": {"accessToken": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def _require_same_parameters(item: Declaration) -> None:
    declared = {field.encode_name for field in msgspec.structs.fields(item.path_type)} if item.path_type else set()
    if declared != set(_TEMPLATE_NAME.findall(item.path)):
        raise UnclearEndpoint(f"{item.name}: the path {item.path} and its struct name different parameters")


def _types(item: Declaration) -> list[Any]:
    kinds = [item.path_type, item.query_type, item.body_type, item.answer_type]
    return [kind for kind in kinds if kind not in {None, type(None), Raw, Content}]


def _operation(item: Declaration, schemas: Schemas) -> Schema:
    operation: Schema = {
        "operationId": item.name,
        "tags": [item.context],
        "summary": summary_of(item),
        "description": description_of(item, _errors(item)),
        "parameters": _parameters(item, schemas),
        "responses": _responses(item, schemas),
        "security": [{}, {"accessToken": []}] if item.auth == "anyone" else [{"accessToken": []}],
    }
    if item.body_type is not None:
        operation["requestBody"] = {"required": True, "content": {JSON: _content(item.body_type, schemas, whole=False)}}
    elif item.takes_raw:
        operation["requestBody"] = {"required": True, "content": {JSON: _content(Raw, schemas, whole=False)}}
    return operation


def _parameters(item: Declaration, schemas: Schemas) -> list[Schema]:
    found = [
        {"name": name, "in": place, "required": required or place == "path", **_described(schema)}
        for place, kind in (("path", item.path_type), ("query", item.query_type))
        if kind is not None
        for name, schema, required in schemas.fields_of(kind)
    ]
    return [*found, IDEMPOTENCY_KEY] if item.idempotent else found


def _described(schema: Schema) -> Schema:
    """Move the description from the schema to the parameter; a parameter in text cannot be null, only absent."""
    rest = {key: value for key, value in schema.items() if key != "description"}
    options = [option for option in rest.get("anyOf", ()) if option != {"type": "null"}]
    if options:
        rest = {key: value for key, value in rest.items() if key not in {"anyOf", "default"}}
        rest |= options[0] if len(options) == 1 else {"anyOf": options}
    text = schema.get("description") or rest.pop("description", None)
    rest.pop("description", None)
    return {"schema": rest, **({"description": text} if text else {})}


def _content(kind: Any, schemas: Schemas, *, whole: bool) -> Schema:  # noqa: ANN401 - any type of a body
    """Give the schema and an example of a body; `whole` with the fields that may be absent, too."""
    if kind is Raw:
        return {"schema": {"type": "object"}}
    schema = schemas.of(kind)
    return {"schema": schema, "example": Examples(schemas).of(schema, whole=whole)}


def _responses(item: Declaration, schemas: Schemas) -> Schema:
    responses: Schema = {str(item.status): _success(item, schemas)}
    if item.media_types:
        responses["304"] = {"description": "What you have is still all there is (`If-None-Match`)."}
    by_status: defaultdict[int, list[ErrorClass]] = defaultdict(list)
    for error in _errors(item):
        by_status[_status(error)].append(error)
    for status, errors in sorted(by_status.items()):
        responses[str(status)] = _problem_response(status, errors, schemas)
    return responses


def _success(item: Declaration, schemas: Schemas) -> Schema:
    if item.answer_type is type(None):
        return {"description": "Done."}
    if item.media_types:
        return {"description": "The bytes.", "content": {each: {} for each in item.media_types}, "headers": OF_CONTENT}
    answer: Schema = {"description": "Done.", "content": {JSON: _content(item.answer_type, schemas, whole=True)}}
    if item.idempotent:
        replayed = {"description": "`true` when the answer was stored by an earlier call with the same key."}
        answer["headers"] = {"Idempotent-Replayed": {**replayed, "schema": {"type": "string", "enum": ["true"]}}}
    return answer


def _errors(item: Declaration) -> list[ErrorClass]:
    """Name the problems that may be answered: by the edge itself, and those that are declared."""
    errors = [*ALWAYS, *OUTAGES]
    if item.body_type is not None:
        errors += [MalformedBody, UnsupportedMediaType]
    if item.auth not in {"anyone", "user"}:
        errors.append(Forbidden)
    if item.path_type is not None:
        errors.append(NotFound)
    if item.idempotent:
        errors += [InvalidIdempotencyKey, KeyReused]
    if item.transaction:
        errors.append(StaleVersion)
    return list(dict.fromkeys([*errors, *item.errors]))


def _status(error: ErrorClass) -> int:
    if issubclass(error, Problem):
        return error.status
    return Invalid.status if issubclass(error, InvalidValue) else StaleVersion.status


def _code(error: ErrorClass) -> str:
    return Invalid.code if issubclass(error, InvalidValue) else error.code


def _problem_response(status: int, errors: list[ErrorClass], schemas: Schemas) -> Schema:
    meanings = {_code(error): _words(error) for error in sorted(errors, key=_code)}
    lines = [f"- `{code}`: {words}" for code, words in meanings.items()]
    exact = {"status": {"const": status}, "code": {"enum": list(meanings)}}
    schema = {**schemas.of(ProblemBody), "properties": exact}
    response: Schema = {"description": "\n".join(lines), "content": {PROBLEM_JSON: {"schema": schema}}}
    if status in HEADERS:
        response["headers"] = HEADERS[status]
    return response


def _words(error: ErrorClass) -> str:
    if issubclass(error, Refused):
        return inspect.cleandoc(error.__doc__ or "").partition("\n\n")[0].replace("\n", " ")
    return error.title


def _context_text(context: str) -> str:
    return (importlib.import_module(f"functions.{context}").__doc__ or "").strip()


def _used(schemas: Schemas, paths: object) -> dict[str, Schema]:
    """Keep the schemas that something refers to; those of path and query structs are spelt out as parameters."""
    needed: dict[str, Schema] = {}
    pending = _names(msgspec.json.encode(paths).decode())
    while pending:
        name = pending.pop()
        if name not in needed:
            needed[name] = schemas.components[name]
            pending |= _names(msgspec.json.encode(needed[name]).decode())
    return needed


def _names(text: str) -> set[str]:
    return {part.partition('"')[0] for part in text.split('"#/components/schemas/')[1:]}
