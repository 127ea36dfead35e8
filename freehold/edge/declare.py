"""Declarations: what a function is. From them come routing, OpenAPI, openfaas.yml, the catalogue, the access matrix."""

import inspect
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Literal, TypeVar, get_args, get_type_hints

from msgspec import Struct

from freehold.domain.errors import Refused
from freehold.edge.contents import Content
from freehold.edge.problems import Problem
from freehold.events import Event, all_events

Auth = Literal["anyone", "user", "freelancer", "employer", "admin"]
Rate = Literal["read", "write", "auth", "webhook"]
Kind = Literal["endpoint", "reaction", "sweep"]
ErrorClass = type[Problem] | type[Refused]
Handler = Callable[..., Awaitable[Any]]
H = TypeVar("H", bound=Handler)

PACKAGE: Final = "functions"
"""Where declared functions live; this library finds them by name and imports them only when a process serves them."""
LONGEST_NAME: Final = 63
_PERIOD: Final = re.compile(r"^(\d+)(s|m|h)$")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600}
_METHODS_THAT_READ: Final = frozenset({"GET"})
_ATTRIBUTE: Final = "__freehold__"


class Declaration(Struct, frozen=True, kw_only=True):
    """One function, as declared. Which fields mean something depends on its kind."""

    kind: Kind
    name: str
    module: str
    handler: Handler
    summary: str
    description: str
    transaction: bool
    secrets: tuple[str, ...] = ()
    method: str = "POST"
    path: str = ""
    auth: Auth = "anyone"
    status: int = 200
    rate: Rate = "read"
    idempotent: bool = False
    body_limit_bytes: int | None = None
    cache_s: int | None = None
    media_types: tuple[str, ...] = ()
    errors: tuple[ErrorClass, ...] = ()
    path_type: type[Struct] | None = None
    query_type: type[Struct] | None = None
    body_type: type[Struct] | None = None
    takes_raw: bool = False
    answer_type: Any = None
    events: tuple[str, ...] = ()
    newest_only: bool = False
    every_s: float | None = None

    @property
    def context(self) -> str:
        """The folder under functions/ that it lives in."""
        return self.module.split(".")[-2]

    @property
    def reads_only(self) -> bool:
        """Whether it is a request that changes nothing."""
        return self.kind == "endpoint" and self.method in _METHODS_THAT_READ


def endpoint(  # noqa: PLR0913 - each argument is a part of the declaration
    route: str,
    *,
    auth: Auth,
    status: int = 200,
    rate: Rate | None = None,
    errors: Sequence[ErrorClass] = (),
    idempotent: bool = True,
    transaction: bool = True,
    secrets: Sequence[str] = (),
    body_limit_bytes: int | None = None,
    cache_s: int | None = None,
    media_types: Sequence[str] = (),
) -> Callable[[H], H]:
    """Declare an HTTP endpoint: `@endpoint("POST /api/jobs", auth="employer", status=201)`.

    `cache_s` is for how many seconds anybody may keep the answer to somebody who is not signed in. `media_types` are what a
    GET that answers a Content may answer. A handler that takes `raw` (a `RawRequest`) gets body and headers as they came,
    whatever they are, and has no `body`.
    """
    method, _, path = route.partition(" ")
    if cache_s is not None and not (auth == "anyone" and method in _METHODS_THAT_READ):
        raise ValueError(f"{route}: only what anyone may read can be cached")

    def declare(handler: H) -> H:
        hints = get_type_hints(handler, include_extras=True)
        reads = method in _METHODS_THAT_READ
        if (hints["return"] is Content) is not bool(media_types) or (media_types and not reads):
            raise ValueError(f"{route}: what a GET answers is a Content, of declared media types, or it is JSON")
        return _attach(
            handler,
            kind="endpoint",
            method=method,
            path=path,
            auth=auth,
            status=status,
            rate=rate or ("read" if reads else "write"),
            errors=tuple(errors),
            idempotent=idempotent and not reads,
            transaction=transaction and not reads,
            secrets=tuple(secrets),
            body_limit_bytes=body_limit_bytes,
            cache_s=cache_s,
            media_types=tuple(media_types),
            path_type=hints.get("path"),
            query_type=hints.get("query"),
            body_type=hints.get("body"),
            takes_raw="raw" in hints,
            answer_type=hints["return"],
        )

    return declare


def on_event(
    *patterns: str, transaction: bool = True, newest_only: bool = False, secrets: Sequence[str] = ()
) -> Callable[[H], H]:
    """Declare a reaction: `@on_event("application.accepted")`, or all of a kind, `@on_event("milestone.*")`."""

    def declare(handler: H) -> H:
        known = all_events()
        events = tuple(sorted({name for pattern in patterns for name in _matching(pattern, known)}))
        return _attach(
            handler, kind="reaction", events=events, transaction=transaction, newest_only=newest_only, secrets=tuple(secrets)
        )

    return declare


def sweep(*, every: str, secrets: Sequence[str] = ()) -> Callable[[H], H]:
    """Declare a sweep: `@sweep(every="30s")` (s, m or h). It finds what is due and does it; it answers how many it did."""
    match = _PERIOD.match(every)
    if match is None:
        raise ValueError(f"a period is a number and s, m or h, not {every!r}")
    every_s = int(match[1]) * _SECONDS[match[2]]

    def declare(handler: H) -> H:
        return _attach(handler, kind="sweep", every_s=float(every_s), transaction=False, secrets=tuple(secrets))

    return declare


def declaration_of(handler: object) -> Declaration | None:
    """Find what was declared on a function, or None."""
    found = getattr(handler, _ATTRIBUTE, None)
    return found if isinstance(found, Declaration) else None


def name_of(module: str) -> str:
    """Name a function as deployed: `functions.jobs.create_job` is `jobs-create-job`."""
    return "-".join(module.split(".")[-2:]).replace("_", "-")


def module_of(name: str) -> str:
    """Find the module of a deployed name; contexts are single words, so the first dash ends the context."""
    context, _, rest = name.partition("-")
    return f"{PACKAGE}.{context}.{rest.replace('-', '_')}"


def event_classes(handler: Handler) -> tuple[type[Event], ...]:
    """Say what a reaction's `event` may be: its annotation, a class or a union of classes."""
    annotation = get_type_hints(handler)["event"]
    return get_args(annotation) or (annotation,)


def _matching(pattern: str, known: dict[str, type[Event]]) -> list[str]:
    prefix = pattern[:-1] if pattern.endswith(".*") else None
    found = [name for name in known if name == pattern or (prefix is not None and name.startswith(prefix))]
    if not found:
        raise ValueError(f"no event is called {pattern!r}")
    return found


def _attach(handler: H, **fields: Any) -> H:  # noqa: ANN401 - the fields of Declaration
    module = handler.__module__
    name = name_of(module)
    if len(name) > LONGEST_NAME:
        raise ValueError(f"{name} has more than {LONGEST_NAME} characters, which OpenFaaS refuses")
    summary, _, description = inspect.cleandoc(handler.__doc__ or "").partition("\n")
    declaration = Declaration(
        name=name, module=module, handler=handler, summary=summary, description=description.strip(), **fields
    )
    setattr(handler, _ATTRIBUTE, declaration)
    return handler
