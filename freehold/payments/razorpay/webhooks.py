"""Webhooks of Razorpay: HMAC-SHA256 of the body, in hex, under the webhook's secret.

The event's id comes in a header that is not signed, so it is not believed: the id is made from the signed body, which repeats
with every repetition. Nor does the signature hold a time: the body does.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec

from freehold.payments.gateway import InvalidWebhook
from freehold.payments.razorpay.wire import Event

RETRIES_S: Final = 25 * 3_600
"""Razorpay repeats an event for a day, with the time of its making; the inbox knows repetitions."""
FUTURE_S: Final = 300
LARGEST_BODY_BYTES: Final = 262_144
HEADER: Final = "x-razorpay-signature"
_FORM: Final = re.compile(r"^[0-9a-f]{64}$(?!\n)")


def verified(secret: str, *, body: bytes, headers: Mapping[str, str], now: datetime) -> tuple[str, Event]:
    """Read an event of Razorpay's; answer its id with it. Raises InvalidWebhook."""
    given = {name.lower(): value for name, value in headers.items()}.get(HEADER, "")
    if not secret or not _FORM.match(given) or len(body) > LARGEST_BODY_BYTES:
        raise InvalidWebhook("there is no signature that could be checked")
    if not hmac.compare_digest(given, hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()):
        raise InvalidWebhook("the signature is not of this body")
    try:
        event = msgspec.json.decode(body, type=Event)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidWebhook(f"the body is no event: {error}") from error
    if not -FUTURE_S <= now.timestamp() - event.created_at <= RETRIES_S:
        raise InvalidWebhook("the event is too old, or from the future")
    return f"evt_{hashlib.sha256(body).hexdigest()[:40]}", event
