"""The line to Razorpay: its SDK, in threads, with timeouts, over a session of ours that says what an error means.

The SDK's errors carry only a text, and it writes to standard output when a connection fails. So the session reads each answer
first: Declined when Razorpay refused and did nothing, GatewayUnavailable when nobody knows.
"""

import asyncio
import re
import threading
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct

from freehold.payments.gateway import GatewayUnavailable
from freehold.payments.razorpay.wire import Problem

ADDRESS: Final = "https://api.razorpay.com"
CONNECT_S: Final = 2.0
READ_S: Final = 5.0
OK, REFUSED, NOT_FOUND = 200, 400, 404
LARGEST_ANSWER_BYTES: Final = 4_000_000
DEFINITE: Final = frozenset({"BAD_REQUEST_ERROR"})
IN_PROGRESS: Final = re.compile(r"in progress|try again|too many requests|timed? ?out", re.IGNORECASE)
"""Refusals that say nothing of an earlier request which is still under way; Razorpay has no codes for them."""
_NO_REASON: Final = frozenset({"", "NA", "na"})

T = TypeVar("T")


class RazorpayKeys(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an operator has of Razorpay: an API key and its secret, and the secret of the webhook.

    `address` stands in for Razorpay's own in tests.
    """

    key_id: str
    key_secret: str
    webhook_secret: str = ""
    address: str = ADDRESS

    @property
    def is_live(self) -> bool:
        """Whether real money moves with them."""
        return self.key_id.startswith("rzp_live_") and self.address == ADDRESS


class Declined(GatewayUnavailable):
    """Razorpay did nothing. `reason` is its stable code if it has one for this, `text` what it says to a person.

    Where that is no outcome of what was asked (a balance, a notice), it is one more way to get no answer.
    """

    def __init__(self, status: int, reason: str, text: str) -> None:
        super().__init__(f"{status} {reason}: {text[:200]}")
        self.status = status
        self.reason = reason


class Line:
    """The line to one Razorpay account."""

    def __init__(self, keys: RazorpayKeys) -> None:
        self._keys = keys
        self._opening = threading.Lock()
        self._client: Any = None

    async def ask(self, call: Callable[[Any, tuple[Any, Any]], Any], into: type[T]) -> T:
        """Make a call of the SDK's client, with its timeouts, and read the answer. Raises Declined or GatewayUnavailable."""
        answer = await asyncio.to_thread(lambda: call(self._sdk(), (CONNECT_S, READ_S)))
        try:
            return msgspec.convert(answer, into)
        except msgspec.ValidationError as error:
            raise GatewayUnavailable(f"Razorpay's answer cannot be read: {error}") from error

    def _sdk(self) -> Any:  # noqa: ANN401 - the SDK has no types
        with self._opening:
            if self._client is None:
                self._client = _open(self._keys)
        return self._client


@lru_cache(maxsize=8)
def line_to(keys: RazorpayKeys) -> Line:
    """Give the line to this account that the process has."""
    return Line(keys)


def _open(keys: RazorpayKeys) -> Any:  # noqa: ANN401 - the SDK has no types
    """Make the SDK's client over a session that answers for itself, without retries."""
    import requests  # noqa: PLC0415 - what the SDK calls with
    from razorpay import Client  # noqa: PLC0415 - only who calls Razorpay needs it

    class Session(requests.Session):
        """Says what an answer means before the SDK sees it."""

        def request(self, *args: Any, **kwargs: Any) -> requests.Response:  # noqa: ANN401 - the library's own signature
            try:
                answer = super().request(*args, **{**kwargs, "allow_redirects": False})
            except requests.RequestException as error:
                raise GatewayUnavailable(f"Razorpay: {type(error).__name__}") from error
            _require_good(answer.status_code, answer.content)
            return answer

    return Client(session=Session(), auth=(keys.key_id, keys.key_secret), base_url=keys.address)


def _require_good(status: int, body: bytes) -> None:
    """Raise Declined or GatewayUnavailable unless this is an answer that can be read."""
    if len(body) > LARGEST_ANSWER_BYTES:
        raise GatewayUnavailable(f"Razorpay answered {len(body)} bytes")
    try:
        if status == OK:
            msgspec.json.decode(body, type=dict[str, object])
            return
        fault = msgspec.json.decode(body, type=Problem).error
    except msgspec.MsgspecError as error:
        raise GatewayUnavailable(f"Razorpay answered {status}, which cannot be read") from error
    text = fault.description or ""
    if status not in (REFUSED, NOT_FOUND) or fault.code not in DEFINITE or IN_PROGRESS.search(text):
        raise GatewayUnavailable(f"Razorpay answered {status} {fault.code}")
    raise Declined(status, _reason(fault.reason, text), text)


def _reason(code: str | None, text: str) -> str:
    """Give a stable code: Razorpay's own; else its words, which are all it has."""
    if code not in _NO_REASON and code is not None:
        return code.lower()
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:60] or "refused"
