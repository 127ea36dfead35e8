"""The public API, as a client uses it: what the seed, the demo and the loader share.

Writes carry an idempotency key, so that they can be sent again; refusals for a while (429, 503, no answer) are waited out.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, Self, TypeVar
from uuid import uuid4

import httpx
import msgspec
from msgspec import Struct

T = TypeVar("T")

PATIENCE_S: Final = 120.0
LONGEST_PAUSE_S: Final = 10.0
CALL_LIMIT_S: Final = 30.0
REFRESH_BEFORE_S: Final = 60.0
GLANCE_S: Final = 0.1
_FOR_A_WHILE: Final = frozenset({429, 502, 503, 504})


class Fault(Struct, frozen=True):
    """A faulty field, as a problem names it."""

    field: str
    expected: str


class ProblemAnswer(Struct, frozen=True):
    """What the API says instead of a result (RFC 9457)."""

    status: int = 0
    code: str = ""
    title: str = ""
    detail: str = ""
    faults: tuple[Fault, ...] = ()


class Refused(Exception):  # noqa: N818 - the API refused, which is an answer
    """The API answered with a problem."""

    def __init__(self, call: str, problem: ProblemAnswer) -> None:
        self.problem = problem
        faults = "; ".join(f"{fault.field}: expected {fault.expected}" for fault in problem.faults)
        self.reason = f"{problem.code}: {faults or problem.detail or problem.title}"
        super().__init__(f"{call}: {problem.status} {self.reason}")


class Unreachable(Exception):  # noqa: N818 - the message is a sentence
    """Nobody answers at the API's address, or not for long enough."""


class NeverHappened(Exception):  # noqa: N818 - the message is a sentence
    """What had to come did not come in time."""


class SignedIn(Struct, frozen=True):
    """What registering, logging in and refreshing answer."""

    user_id: str
    access_token: str
    refresh_token: str
    expires_in_s: int


class Api:
    """The API at one address. Use it as `async with Api(url) as api`.

    A call waits at most `patience_s` for an API that does not answer, is busy, or asks for a pause (Retry-After).
    """

    def __init__(self, url: str, *, connections: int = 16, patience_s: float = PATIENCE_S) -> None:
        self.url = url.rstrip("/")
        self._patience_s = patience_s
        self._http = httpx.AsyncClient(
            base_url=self.url,
            timeout=CALL_LIMIT_S,
            trust_env=False,
            limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
        )

    async def __aenter__(self) -> Self:
        """Open the client."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close its connections."""
        await self._http.aclose()

    async def require_running(self) -> None:
        """Raise Unreachable at once when nobody listens at the address."""
        try:
            await self._http.get("/_/health")
        except httpx.TransportError as error:
            raise Unreachable(f"{self.url} does not answer ({error or type(error).__name__})") from error

    async def is_ready(self) -> bool:
        """Whether the instance says that all of it works."""
        try:
            return (await self._http.get("/_/ready")).is_success
        except httpx.TransportError:
            return False

    async def register(self, *, name: str, email: str, password: str, roles: tuple[str, ...]) -> "Person":
        """Make an account. Raises Refused (409, `email_taken`) when there is one."""
        body = {"name": name, "email": email, "password": password, "roles": roles}
        return Person(self, name, await self.call("POST", "/api/auth/register", body, into=SignedIn))

    async def sign_in(self, *, name: str, email: str, password: str) -> "Person":
        """Sign in to an account that is there."""
        return Person(
            self, name, await self.call("POST", "/api/auth/login", {"email": email, "password": password}, into=SignedIn)
        )

    async def join(self, *, name: str, email: str, password: str, roles: tuple[str, ...]) -> "Person":
        """Register, or sign in when an earlier time has registered."""
        try:
            return await self.register(name=name, email=email, password=password, roles=roles)
        except Refused as refused:
            if refused.problem.code != "email_taken":
                raise
        return await self.sign_in(name=name, email=email, password=password)

    async def call(
        self, method: str, path: str, body: object = None, *, into: type[T], headers: dict[str, str] | None = None
    ) -> T:
        """Make a call; wait while the API asks for patience. Raises Refused, Unreachable."""
        content = None if body is None else msgspec.json.encode(body)
        sent = {"Content-Type": "application/json"} if content is not None else {}
        give_up_at = time.monotonic() + self._patience_s
        attempt = 0
        while True:
            attempt += 1
            try:
                answer = await self._http.request(method, path, content=content, headers=sent | (headers or {}))
            except httpx.TransportError as error:
                pause_s, complaint = (
                    _pause_s(attempt),
                    Unreachable(f"{self.url} does not answer ({error or type(error).__name__})"),
                )
            else:
                if answer.status_code not in _FOR_A_WHILE:
                    return _read(answer, f"{method} {path}", into)
                pause_s, complaint = (
                    _asked_pause_s(answer, attempt),
                    Unreachable(f"{self.url} is too busy ({answer.status_code})"),
                )
            if time.monotonic() + pause_s > give_up_at:
                raise complaint
            await asyncio.sleep(pause_s)


class Person:
    """Somebody who is signed in, with tokens that are renewed before they end."""

    def __init__(self, api: Api, name: str, signed_in: SignedIn) -> None:
        self.api = api
        self.name = name
        self.id = signed_in.user_id
        self._take(signed_in)
        self._renewing = asyncio.Lock()

    async def get(self, path: str, *, into: type[T]) -> T:
        """Read something."""
        return await self.api.call("GET", path, into=into, headers=await self._headers())

    async def post(self, path: str, body: object, *, into: type[T], key: str | None = None) -> T:
        """Make something; the same `key` makes it once."""
        return await self._write("POST", path, body, into, key)

    async def put(self, path: str, body: object, *, into: type[T], key: str | None = None) -> T:
        """Change something; the same `key` changes it once."""
        return await self._write("PUT", path, body, into, key)

    async def _write(self, method: str, path: str, body: object, into: type[T], key: str | None) -> T:
        headers = await self._headers() | {"Idempotency-Key": key or uuid4().hex}
        return await self.api.call(method, path, body, into=into, headers=headers)

    async def _headers(self) -> dict[str, str]:
        async with self._renewing:
            if time.monotonic() > self._renew_at:
                self._take(
                    await self.api.call(
                        "POST", "/api/auth/refresh-token", {"refresh_token": self._refresh_token}, into=SignedIn
                    )
                )
        return {"Authorization": f"Bearer {self._access_token}"}

    def _take(self, signed_in: SignedIn) -> None:
        self._access_token = signed_in.access_token
        self._refresh_token = signed_in.refresh_token
        self._renew_at = time.monotonic() + signed_in.expires_in_s - REFRESH_BEFORE_S


async def until(read: Callable[[], Awaitable[T]], holds: Callable[[T], bool], *, what: str, limit_s: float = 60.0) -> T:
    """Read again and again until it holds; answer what was read then. Raises NeverHappened."""
    give_up_at = time.monotonic() + limit_s
    while not holds(found := await read()):
        if time.monotonic() > give_up_at:
            raise NeverHappened(f"waited {limit_s:g} s in vain until {what}; the last answer was {found}")
        await asyncio.sleep(GLANCE_S)
    return found


def _read(answer: httpx.Response, call: str, into: type[T]) -> T:
    if answer.is_success:
        return msgspec.json.decode(answer.content or b"null", type=into)
    try:
        problem = msgspec.json.decode(answer.content, type=ProblemAnswer)
    except msgspec.DecodeError:
        problem = ProblemAnswer(status=answer.status_code, code="no_problem_document", detail=answer.text[:200])
    raise Refused(call, problem)


def _pause_s(attempt: int) -> float:
    return min(LONGEST_PAUSE_S, 0.1 * 2.0**attempt)


def _asked_pause_s(answer: httpx.Response, attempt: int) -> float:
    """Wait as long as the API asks, or longer with each attempt."""
    asked = answer.headers.get("Retry-After", "")
    return max(float(asked) if asked.isascii() and asked.isdigit() else 0.0, _pause_s(attempt))


Json = dict[str, Any]
"""A body as it is written on the wire."""
