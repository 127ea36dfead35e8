"""The local front as an ASGI app: what is public, what only our own doors may call, what does not exist.

- `/api/...` goes to the functions;
- `/function/DEPLOYED/NAME` goes to a reaction or sweep, which checks the door's token itself;
- `/_/health`, `/_/ready` and the page at `/` are answered here; everything else is 404, `/async-function` and `/system` too.

Headers that only a trusted gateway may set are taken off every request.
"""

from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Receive, Scope, Send

from freehold.catalogue import Catalogue
from freehold.edge.app import FunctionApp
from freehold.edge.problems import MethodNotAllowed, NotFound, Problem
from gateway.local.page import About
from gateway.local.readiness import Readiness

STRIPPED_HEADERS: Final = frozenset({b"x-callback-url", b"x-event-id", b"x-real-ip", b"forwarded"})
STRIPPED_PREFIX: Final = b"x-forwarded-"
PAGE_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class LocalFront:
    """Stands before the functions, which live in the same process."""

    def __init__(self, functions: FunctionApp, catalogue: Catalogue, readiness: Readiness, about: About) -> None:
        self._functions = functions
        self._internal = {
            (deployed, entry.name)
            for entry in catalogue.functions
            if entry.kind != "endpoint"
            for deployed in (entry.deployed_as("standard"), entry.deployed_as("ce"))
        }
        self._readiness = readiness
        self._about = about

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one ASGI scope."""
        if scope["type"] != "http":
            await self._functions(scope, receive, send)
            return
        scope["headers"] = [(name, value) for name, value in scope["headers"] if not _is_stripped(name)]
        first, *rest = scope["path"].removeprefix("/").split("/")
        if first == "api":
            await self._functions(scope, receive, send)
        elif first == "function" and tuple(rest) in self._internal:
            path = f"/{rest[-1]}"
            await self._functions({**scope, "path": path, "raw_path": path.encode()}, receive, send)
        else:
            response = await self._answer(Request(scope))
            await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        path = request.url.path
        if path not in {"/", "/_/health", "/_/ready"}:
            return _problem(NotFound())
        if request.method not in {"GET", "HEAD"}:
            return _problem(MethodNotAllowed(("GET", "HEAD")))
        if path == "/_/health":
            return JSONResponse({"healthy": True})
        if path == "/_/ready":
            checks = await self._readiness.checks(without=request.query_params.get("without"))
            ready = all(checks.values())
            return JSONResponse({"ready": ready, "checks": checks}, status_code=200 if ready else 503)
        if "text/html" in request.headers.get("accept", ""):
            return HTMLResponse(self._about.page(), headers=PAGE_HEADERS)
        return Response(msgspec.json.encode(self._about), media_type="application/json")


def _is_stripped(name: bytes) -> bool:
    folded = name.lower()
    return folded in STRIPPED_HEADERS or folded.startswith(STRIPPED_PREFIX)


def _problem(problem: Problem) -> Response:
    return Response(problem.encode(""), problem.status, problem.headers, media_type="application/problem+json")
