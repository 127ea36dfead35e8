"""The line to Stripe: one client per process and key, and what its errors mean. Nothing is sent twice by itself.

A refusal is definite (`StripeRefused`). Everything else that is no answer is GatewayUnavailable: the network, 409 (the key is
in use at this moment), 429, 5xx, and a key that Stripe does not take.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar
from weakref import WeakKeyDictionary

import msgspec
from msgspec import Struct

from freehold.payments.gateway import GatewayUnavailable, KeyReusedAtGateway
from freehold.payments.stripe.objects import ErrorDetail, Failure, ListPage, Named, PaymentIntent

if TYPE_CHECKING:
    from stripe import StripeClient, StripeError

VERSION: Final = "2026-05-27.dahlia"
"""The version of Stripe's API that this adapter was written and is tested against."""
ADDRESS: Final = "https://api.stripe.com"
TIMEOUT_S: Final = 6.0
"""For one request; a command as a whole has a little longer (`freehold.payments.carrying`)."""
PAGE: Final = 100
MOST_PAGES: Final = 10
_LOWEST_ERROR: Final = 500
_NOT_FOUND: Final = 404
_NOT_OURS: Final = "account_invalid"
"""What Stripe says of an account that does not exist, or has nothing to do with the platform."""
_UNCLEAR: Final = frozenset({401, 403, 409, 429})
_BUSY: Final = frozenset({"rate_limit", "lock_timeout"})

T = TypeVar("T", bound=Struct)
N = TypeVar("N", bound=Named)
_clients: "WeakKeyDictionary[asyncio.AbstractEventLoop, dict[tuple[str, str], asyncio.Future[StripeClient]]]" = (
    WeakKeyDictionary()
)
"""Connections belong to an event loop; a process has one, tests have several. Who comes first connects for all."""


class StripeRefused(Exception):  # noqa: N818 - it names what happened
    """Stripe has refused, for good under this key.

    `reason` is its stable code; `intent` the payment that it made all the same.
    """

    def __init__(self, reason: str, *, status: int, intent: PaymentIntent | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status
        self.intent = intent


class Line:
    """Requests to Stripe under one secret key."""

    def __init__(self, secret_key: str, *, address: str = ADDRESS) -> None:
        self._key = secret_key
        self._address = address

    @property
    def is_live(self) -> bool:
        """Whether the key moves real money."""
        return "_live_" in self._key

    async def get(self, path: str, into: type[T], **params: Any) -> T:  # noqa: ANN401 - what Stripe takes
        """Fetch what is there. Raises GatewayUnavailable, also when Stripe says that it is not there."""
        try:
            return _read((await self._send("get", path, params)).data, into)
        except StripeRefused as refusal:
            raise GatewayUnavailable(f"Stripe does not tell about {path}: {refusal.reason}") from refusal

    async def find(self, path: str, into: type[T], **params: Any) -> T | None:  # noqa: ANN401 - what Stripe takes
        """Fetch one object, or say that there is none. Raises GatewayUnavailable."""
        try:
            return _read((await self._send("get", path, params)).data, into)
        except StripeRefused as refusal:
            if refusal.status == _NOT_FOUND or refusal.reason == _NOT_OURS:
                return None
            raise GatewayUnavailable(f"Stripe does not tell about {path}: {refusal.reason}") from refusal

    async def post(self, path: str, into: type[T], *, key: str | None, **params: Any) -> T:  # noqa: ANN401 - what Stripe takes
        """Ask for something under a key. Raises StripeRefused, KeyReusedAtGateway or GatewayUnavailable.

        The answer may be of an earlier time, when the key came before: whatever can change must then be fetched.
        """
        return _read((await self._send("post", path, params, key=key)).data, into)

    async def each(self, path: str, into: type[N], **params: Any) -> AsyncIterator[N]:  # noqa: ANN401 - what Stripe takes
        """List objects, the newest first. Raises GatewayUnavailable when there are more than MOST_PAGES hold."""
        after: dict[str, str] = {}
        for _ in range(MOST_PAGES):
            page: ListPage[N] = await self.get(path, ListPage[into], limit=PAGE, **params, **after)  # type: ignore[valid-type]
            for item in page.data:
                yield item
            if not page.has_more or not page.data:
                return
            after = {"starting_after": page.data[-1].id}
        raise GatewayUnavailable(f"Stripe lists more of {path} than can be looked through")

    async def _send(self, method: str, path: str, params: Mapping[str, Any], *, key: str | None = None) -> Any:  # noqa: ANN401
        from stripe import StripeError  # noqa: PLC0415 - heavy; only processes that pay load it

        client = await self._client()
        options = {} if key is None else {"idempotency_key": key}
        try:
            return await client.raw_request_async(method, path, **params, **options)
        except StripeError as error:
            raise _meaning_of(error) from error

    async def _client(self) -> "StripeClient":
        clients = _clients.setdefault(asyncio.get_running_loop(), {})
        place = (self._key, self._address)
        if place not in clients:
            clients[place] = asyncio.ensure_future(asyncio.to_thread(_connect, *place))
        return await asyncio.shield(clients[place])


def _connect(secret_key: str, address: str) -> "StripeClient":
    """Make the client: no retries of its own, and no lines in our log that say what was sent."""
    from stripe import HTTPXClient, StripeClient  # noqa: PLC0415 - heavy; only processes that pay load it

    for name in ("stripe", "httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return StripeClient(
        secret_key,
        stripe_version=VERSION,
        base_addresses={"api": address},
        max_network_retries=0,
        http_client=HTTPXClient(timeout=TIMEOUT_S, allow_sync_methods=False),
    )


def _read(data: object, into: type[T]) -> T:
    try:
        return msgspec.convert(data, into)
    except msgspec.ValidationError as error:
        raise GatewayUnavailable(f"Stripe answers something that cannot be read: {error}") from error


def _meaning_of(error: "StripeError") -> Exception:
    status = error.http_status
    try:
        failure = msgspec.convert(error.json_body, Failure).error
    except msgspec.ValidationError:
        failure = ErrorDetail()
    is_unclear = status is None or status >= _LOWEST_ERROR or (status in _UNCLEAR and failure.code != _NOT_OURS)
    if status is None or is_unclear or not failure.type or failure.code in _BUSY:
        return GatewayUnavailable(f"Stripe: {type(error).__name__} {status or ''} {failure.code or ''}".strip())
    if failure.type == "idempotency_error":
        return KeyReusedAtGateway(f"Stripe: {failure.message}")
    return StripeRefused(failure.reason, status=status, intent=failure.payment_intent)
