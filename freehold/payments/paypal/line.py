"""The line to PayPal: the SDK for what it has, raw HTTP for the rest, one access token for both, and what an error means.

Only two outcomes leave this module beside an answer: Declined, when PayPal said that it did nothing, and GatewayUnavailable,
when nobody knows. The SDK waits in threads, so every call has timeouts; nothing is repeated here.
"""

import asyncio
import threading
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

import msgspec
from msgspec import Struct

from freehold.payments.gateway import GatewayUnavailable
from freehold.payments.paypal.wire import Link, Problem

if TYPE_CHECKING:
    import httpx

CONNECT_S: Final = 2.0
READ_S: Final = 5.0
TOKEN_SKEW_S: Final = 60
"""A token is renewed so long before it runs out."""
OK, NOT_FOUND, DEFINITE = 200, 404, (400, 404, 422)
LARGEST_ANSWER_BYTES: Final = 1_000_000
HOSTS: Final = {"live": "https://api-m.paypal.com", "sandbox": "https://api-m.sandbox.paypal.com"}
UNCERTAIN: Final = frozenset(
    {"PREVIOUS_REQUEST_IN_PROGRESS", "RESOURCE_CONFLICT", "INTERNAL_SERVICE_ERROR", "INTERNAL_SERVER_ERROR"}
)
"""Codes of answers below 500 that do not say whether something was done."""

T = TypeVar("T")


class PayPalKeys(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an operator has of PayPal: an app's id and secret, the id of its webhook, and where payers come back to.

    `address` stands in for PayPal's own in tests.
    """

    client_id: str
    client_secret: str
    webhook_id: str = ""
    site: Literal["live", "sandbox"] = "sandbox"
    return_url: str = "https://localhost/"
    brand: str = ""
    address: str = ""

    @property
    def is_live(self) -> bool:
        """Whether real money moves with them."""
        return self.site == "live" and not self.address

    @property
    def base_url(self) -> str:
        """Where PayPal is."""
        return self.address or HOSTS[self.site]


class Declined(GatewayUnavailable):
    """PayPal did nothing, and said why: `issue` is its stable code, `links` what it points to.

    Where that is no outcome of what was asked (a balance, a notice), it is one more way to get no answer.
    """

    def __init__(self, status: int, problem: Problem) -> None:
        super().__init__(f"{status} {problem.issue}")
        self.status = status
        self.issue = problem.issue
        faults = [link for fault in problem.details for link in (*fault.link, *fault.links)]
        self.links: tuple[Link, ...] = (*problem.links, *faults)


class Line:
    """The line to one PayPal account. It opens when it is first used, and serves one event loop."""

    def __init__(self, keys: PayPalKeys) -> None:
        self._keys = keys
        self._opening = threading.Lock()
        self._client: Any = None
        self._raw: httpx.AsyncClient | None = None
        self._token = ""

    async def ask(self, call: Callable[[Any], Any], into: type[T]) -> T:
        """Make a call of the SDK's client and read its answer. Raises Declined or GatewayUnavailable."""
        status, text = await asyncio.to_thread(self._asked, call)
        return _read(status, text.encode(), into)

    async def send(self, method: str, path: str, into: type[T], *, body: bytes = b"", request_id: str = "") -> T:
        """Send what the SDK does not have. Raises Declined or GatewayUnavailable."""
        import httpx  # noqa: PLC0415 - only who calls PayPal needs it

        token = await asyncio.to_thread(self._bearer)
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json", "Content-Type": "application/json"}
        headers |= {"PayPal-Request-Id": request_id} if request_id else {}
        try:
            answer = await self._raw_client().request(method, path, content=body or None, headers=headers)
        except httpx.HTTPError as error:
            raise GatewayUnavailable(f"PayPal: {type(error).__name__}") from error
        return _read(answer.status_code, answer.content, into)

    async def close(self) -> None:
        """Close what is open."""
        if self._raw is not None:
            await self._raw.aclose()
            self._raw = None

    def _asked(self, call: Callable[[Any], Any]) -> tuple[int, str]:
        import requests  # noqa: PLC0415 - what the SDK calls with
        from apimatic_core.exceptions.auth_validation_exception import AuthValidationException  # noqa: PLC0415
        from paypalserversdk.exceptions.api_exception import ApiException  # noqa: PLC0415

        try:
            answer = call(self._sdk())
        except ApiException as error:
            return error.response_code, str(error.response.text)
        except (requests.RequestException, AuthValidationException, ValueError) as error:
            raise GatewayUnavailable(f"PayPal: {type(error).__name__}") from error
        return answer.status_code, str(answer.text)

    def _bearer(self) -> str:
        """Give a token that is good for a while."""
        import requests  # noqa: PLC0415 - what the SDK calls with

        try:
            good = self._sdk().oauth_2.is_valid()
        except requests.RequestException as error:
            raise GatewayUnavailable(f"PayPal: {type(error).__name__}") from error
        if not good:
            raise GatewayUnavailable("PayPal gives no access token")
        return self._token

    def _sdk(self) -> Any:  # noqa: ANN401 - the SDK has no types
        with self._opening:
            if self._client is None:
                self._client = _open(self._keys, self._keep)
        return self._client

    def _keep(self, token: Any) -> None:  # noqa: ANN401 - the SDK has no types
        self._token = str(getattr(token, "access_token", ""))

    def _raw_client(self) -> "httpx.AsyncClient":
        import httpx  # noqa: PLC0415 - only who calls PayPal needs it

        if self._raw is None:
            timeout = httpx.Timeout(READ_S, connect=CONNECT_S)
            self._raw = httpx.AsyncClient(base_url=self._keys.base_url, timeout=timeout, follow_redirects=False)
        return self._raw


@lru_cache(maxsize=8)
def line_to(keys: PayPalKeys) -> Line:
    """Give the line to this account that the process has: its connections and its token serve all calls."""
    return Line(keys)


def _open(keys: PayPalKeys, keep: Callable[[Any], None]) -> Any:  # noqa: ANN401 - the SDK has no types
    """Make the SDK's client: no retries of its own, our timeouts, a token that is kept until shortly before its end."""
    from paypalserversdk.configuration import Configuration  # noqa: PLC0415 - heavy
    from paypalserversdk.http.auth.o_auth_2 import ClientCredentialsAuthCredentials  # noqa: PLC0415
    from paypalserversdk.paypal_serversdk_client import PaypalServersdkClient  # noqa: PLC0415

    class Where(Configuration):  # type: ignore[misc] # the SDK has no types
        """PayPal's address, or its stand-in's."""

        def get_base_uri(self, server: object = None) -> str:
            del server
            return keys.base_url

    credentials = ClientCredentialsAuthCredentials(
        o_auth_client_id=keys.client_id,
        o_auth_client_secret=keys.client_secret,
        o_auth_clock_skew=TOKEN_SKEW_S,
        o_auth_on_token_update=keep,
    )
    where = Where(timeout=(CONNECT_S, READ_S), max_retries=0, client_credentials_auth_credentials=credentials)
    return PaypalServersdkClient(config=where)


def _read(status: int, body: bytes, into: type[T]) -> T:
    """Read an answer, or say what its error means."""
    if len(body) > LARGEST_ANSWER_BYTES:
        raise GatewayUnavailable(f"PayPal answered {len(body)} bytes")
    try:
        if status // 100 * 100 == OK:
            return msgspec.json.decode(body, type=into)
        problem = msgspec.json.decode(body, type=Problem)
    except msgspec.MsgspecError as error:
        raise GatewayUnavailable(f"PayPal answered {status}, which cannot be read") from error
    is_definite = status in DEFINITE and problem.issue and {problem.name, problem.issue}.isdisjoint(UNCERTAIN)
    if not is_definite:
        raise GatewayUnavailable(f"PayPal answered {status} {problem.issue[:80]}")
    raise Declined(status, problem)
