"""The ASGI app of one process: OpenFaaS's contract around the functions that it serves."""

import asyncio
import gc
import os
import re
import signal
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Final

import msgspec
import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Receive, Scope, Send
from structlog.contextvars import bind_contextvars

from freehold.edge.call import Services
from freehold.edge.declare import Declaration
from freehold.edge.endpoints import answer_request, read_body
from freehold.edge.problems import MethodNotAllowed, NotFound, Problem, ServiceUnavailable, TooManyRequests, Unauthenticated
from freehold.edge.reactions import answer_events, answer_tick
from freehold.edge.translation import problem_for, problem_for_door
from freehold.internal_calls import InvalidCallToken
from freehold.settings import FunctionSettings, InvalidSettings, Secret, load_secrets
from freehold.store import OUTAGES
from freehold.telemetry import metrics, tracing
from freehold.telemetry.context import HEADER, TraceContext
from freehold.telemetry.requests import IN_FLIGHT, IN_FLIGHT_LIMIT, UNROUTED, RequestMeter
from freehold.telemetry.spans import Span

log = structlog.get_logger()

Methods = dict[str, Declaration]
"""What answers at a path, by HTTP method."""
Find = Callable[[], Iterable[Declaration]]

REOPEN_AFTER_S: Final = 1.0
LAST_SPANS_S: Final = 2.0
"""How long a backend for spans may hold the end of this process."""
CLIENT_CLOSED: Final = 499
_CALL_ID: Final = re.compile(r"^[A-Za-z0-9._-]{1,64}$")
_JSON: Final = "application/json"
_PROBLEM_JSON: Final = "application/problem+json"


class FunctionApp:
    """Serves declared functions. `find` imports them; it is called in `open`, after the port is open."""

    def __init__(self, find: Find, settings: FunctionSettings, secrets: Mapping[str, Secret] | None = None) -> None:
        self._find = find
        self._settings = settings
        self._secrets = secrets
        self._services: Services | None = None
        self._fixed: dict[str, Methods] = {}
        self._routes: list[tuple[Route, Methods]] = []
        self.internal: dict[str, Declaration] = {}
        self._in_flight = 0
        self._draining = False
        self.cannot_start = False
        self._unrouted = RequestMeter(UNROUTED, status=404)
        self._meters: dict[str, RequestMeter] = {}
        IN_FLIGHT.set_function(lambda: self._in_flight)
        IN_FLIGHT_LIMIT.set(settings.concurrency_limit)

    @property
    def services(self) -> Services:
        """What the calls of this process share; there after `open`."""
        if self._services is None:
            raise ServiceUnavailable("This function is starting.", retry_after_s=1)
        return self._services

    async def open(self) -> None:
        """Import the functions, read their secrets, reach the database."""
        declarations = await asyncio.to_thread(lambda: list(self._find()))
        names = sorted({name for declaration in declarations for name in declaration.secrets})
        services = Services(self._settings, self._secrets if self._secrets is not None else load_secrets(names))
        await services.store.open()
        paths = _by_path(declarations)
        self._fixed = {path: methods for path, methods in paths.items() if "{" not in path}
        self._routes = [(Route(path, _unused), methods) for path, methods in paths.items() if "{" in path]
        self._meters = {item.name: RequestMeter(item.name, status=item.status) for item in declarations}
        self.internal = {item.name: item for item in declarations if item.kind != "endpoint"}
        self._services = services
        gc.collect()
        gc.freeze()  # what is kept for the life of the process need not be looked through again and again

    async def close(self) -> None:
        """Let go of everything."""
        if self._services is not None:
            await self._services.close()
            self._services = None

    def drain(self) -> bool:
        """Be ready no more, and let go of each connection with its next answer. Says whether this process ever was ready."""
        self._draining = True
        return self._services is not None

    async def is_ready(self) -> bool:
        """Whether calls can be answered: functions imported, not draining, the database answers."""
        if self._services is None or self._draining:
            return False
        try:
            await self._services.store.ping()
        except OUTAGES:
            return False
        return True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one ASGI scope."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        request = Request(scope, receive)
        response = await self.answer(request)
        if self._draining:
            response.headers["Connection"] = "close"
        await response(scope, receive, send)

    async def answer(self, request: Request) -> Response:
        """Answer one request: about this process, or a function within the concurrency limit."""
        own = await self._answer_about_itself(request.scope["path"])
        if own is not None:
            return own
        began = time.perf_counter()
        parent = TraceContext.read(request.headers.get(HEADER))
        if self._in_flight >= self._settings.concurrency_limit:
            full = TooManyRequests("This function is at its limit.", retry_after_s=1)
            return _refuse(full, parent, self._unrouted, began)
        self._in_flight += 1
        try:
            response = await self._dispatch(request, parent, began)
        finally:
            self._in_flight -= 1
        call_id = request.headers.get("x-call-id")
        if call_id is not None and _CALL_ID.match(call_id):
            response.headers["X-Call-Id"] = call_id
        return response

    async def _answer_about_itself(self, path: str) -> Response | None:
        """Answer probes and scrapes, also when this process is full."""
        match path:
            case "/_/health":
                return Response(b'{"healthy":true}', media_type=_JSON)
            case "/_/ready":
                ready = await self.is_ready()
                return Response(msgspec.json.encode({"ready": ready}), status_code=200 if ready else 503, media_type=_JSON)
            case metrics.PATH:
                return Response(metrics.exposition(), media_type=metrics.CONTENT_TYPE)
        return None

    async def _dispatch(self, request: Request, parent: TraceContext | None, began: float) -> Response:
        declaration = self._internal_function(request)
        try:
            declaration = declaration or self._endpoint(request)
        except Problem as problem:
            return _refuse(problem, parent, self._unrouted, began)
        answering = self._answer_person if declaration.kind == "endpoint" else self._answer_door
        with _span_of(declaration, parent) as span:
            bind_contextvars(trace_id=span.context.trace_id, function=declaration.name)
            response = await self._guarded(answering(declaration, request, span.context), declaration, span, began)
            span.note("http.response.status_code", response.status_code)
        return response

    async def _guarded(self, answering: Awaitable[Response], declaration: Declaration, span: Span, began: float) -> Response:
        meter = self._meters[declaration.name]
        try:
            async with asyncio.timeout(self._settings.request_timeout_s):
                response = await answering
        except ClientDisconnect:
            meter.answered(CLIENT_CLOSED, time.perf_counter() - began)
            return Response(status_code=CLIENT_CLOSED)
        except Exception as error:  # noqa: BLE001 - the one place that translates every error
            translate = problem_for if declaration.kind == "endpoint" else problem_for_door
            problem = translate(error)
            meter.refused(problem.code)
            _note_problem(span, problem)
            response = _problem(problem, span.context.trace_id)
        duration_s = time.perf_counter() - began
        meter.answered(response.status_code, duration_s)
        report = log.debug if declaration.kind == "sweep" and response.status_code == HTTPStatus.OK else log.info
        report("answered", status=response.status_code, duration_ms=round(duration_s * 1000, 1))
        return response

    async def _answer_person(self, declaration: Declaration, request: Request, trace: TraceContext) -> Response:
        answer = await answer_request(self.services, declaration, request, trace)
        headers = {**_caching(declaration, is_signed_in="authorization" in request.headers), **answer.headers}
        if answer.replayed:
            headers["Idempotent-Replayed"] = "true"
        return Response(answer.body, answer.status, headers, media_type=answer.media_type if answer.body else None)

    async def _answer_door(self, declaration: Declaration, request: Request, trace: TraceContext) -> Response:
        raw = await read_body(request, self._settings.events_body_limit_bytes)
        self._verify_door(declaration, request, raw)
        if declaration.kind == "reaction":
            return Response(msgspec.json.encode(await answer_events(self.services, declaration, raw, trace)), media_type=_JSON)
        return Response(msgspec.json.encode(await answer_tick(self.services, declaration, trace)), media_type=_JSON)

    def _verify_door(self, declaration: Declaration, request: Request, raw: bytes) -> None:
        token = request.headers.get("authorization", "").partition(" ")[2]
        try:
            self.services.internal_calls.verify(
                token, function=declaration.name, method="POST", path=f"/{declaration.name}", body=raw
            )
        except InvalidCallToken as error:
            log.warning("internal_call_refused", reason=str(error))
            raise Unauthenticated("Only our own doors may call this.") from error

    def _internal_function(self, request: Request) -> Declaration | None:
        """Find the reaction or sweep that is called: `/NAME`, or `/` in a process that serves only one."""
        if request.method != "POST":
            return None
        name = str(request.scope["path"]).strip("/")
        if not name and len(self.internal) == 1 and not self._routes and not self._fixed:
            return next(iter(self.internal.values()))
        return self.internal.get(name)

    def _endpoint(self, request: Request) -> Declaration:
        self.services  # noqa: B018 - raises while this process is starting
        methods = self._fixed.get(request.scope["path"]) or self._matching(request)
        if request.method not in methods:
            raise MethodNotAllowed(tuple(sorted(methods)))
        return methods[request.method]

    def _matching(self, request: Request) -> Methods:
        for route, methods in self._routes:
            match, child = route.matches(request.scope)
            if match is not Match.NONE:
                request.scope.update(child)
                return methods
        raise NotFound

    async def _live(self, receive: Receive, send: Send) -> None:
        opening: asyncio.Task[None] | None = None
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                opening = asyncio.create_task(self._keep_opening())
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                self._draining = True
                if opening is not None:
                    opening.cancel()
                await self.close()
                await asyncio.to_thread(tracing.close, LAST_SPANS_S)
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _keep_opening(self) -> None:
        """Open; while the database cannot be reached, try again. A missing secret or module ends the process."""
        while True:
            try:
                await self.open()
            except OUTAGES as error:
                log.warning("database_not_reached", reason=str(error)[:200])
                await asyncio.sleep(REOPEN_AFTER_S)
            except (InvalidSettings, Exception) as error:
                log.critical("cannot_start", reason=str(error), exc_info=error)
                self.cannot_start = True
                _end_process()
                return
            else:
                log.info("ready", functions=sorted(self._meters))
                return


def _end_process() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def _by_path(declarations: Iterable[Declaration]) -> dict[str, Methods]:
    """Gather the endpoints by path; of templates, those with fewer parameters first, so that the more exact one wins."""
    paths: dict[str, Methods] = defaultdict(dict)
    for declaration in declarations:
        if declaration.kind != "endpoint":
            continue
        if declaration.method in paths[declaration.path]:
            raise ValueError(f"{declaration.method} {declaration.path} is declared twice")
        paths[declaration.path][declaration.method] = declaration
    return dict(sorted(paths.items(), key=lambda item: (item[0].count("{"), item[0])))


async def _unused(_: Request) -> Response:
    raise AssertionError("routes are only matched, never called")


def _span_of(declaration: Declaration, parent: TraceContext | None) -> Span:
    """Begin the span of a call, by the conventions for HTTP servers; its path is the declared one, without anybody's ids."""
    route = declaration.path or f"/{declaration.name}"
    attributes = {"http.request.method": declaration.method, "http.route": route, "faas.name": declaration.name}
    return tracing.start(f"{declaration.method} {route}", kind="server", parent=parent, attributes=attributes)


def _note_problem(span: Span, problem: Problem) -> None:
    """Say which problem a call came to. Only what is a fault of ours makes it a failed one."""
    if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        span.fail(problem.code)
    else:
        span.note("error.type", problem.code)


def _refuse(problem: Problem, parent: TraceContext | None, meter: RequestMeter, began: float) -> Response:
    meter.refused(problem.code)
    meter.answered(problem.status, time.perf_counter() - began)
    return _problem(problem, (parent or TraceContext.begin()).trace_id)


def _caching(declaration: Declaration, *, is_signed_in: bool) -> dict[str, str]:
    """Say who may keep an answer, and that one for somebody who is signed in is another one."""
    if declaration.cache_s is None:
        return {"Cache-Control": "no-store"}
    kept = "no-store" if is_signed_in else f"public, max-age={declaration.cache_s}"
    return {"Cache-Control": kept, "Vary": "Authorization"}


def _problem(problem: Problem, trace_id: str) -> Response:
    headers = {"Cache-Control": "no-store", **problem.headers}
    return Response(problem.encode(trace_id), problem.status, headers, media_type=_PROBLEM_JSON)
