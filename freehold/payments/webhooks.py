"""Webhooks signed by a shared key: HMAC-SHA256 over time and body, good for a few minutes.

The sandbox signs its own this way. Source: the scheme is that of Stripe's `Stripe-Signature` header (t=..., v1=...).
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec

from freehold.payments.gateway import InvalidWebhook, WebhookEvent

HEADER: Final = "x-sandbox-signature"
TOLERANCE_S: Final = 300
_FORM: Final = re.compile(r"^t=(\d{1,12}),v1=([0-9a-f]{64})$")


def sign(body: bytes, *, key: bytes, at: datetime) -> dict[str, str]:
    """Make the header that goes with this body."""
    stamp = str(int(at.timestamp()))
    return {HEADER: f"t={stamp},v1={_signature(stamp, body, key)}"}


def verify_signed(body: bytes, headers: Mapping[str, str], *, key: bytes, now: datetime) -> WebhookEvent:
    """Read an event out of a signed body. Raises InvalidWebhook when it is forged, altered, or older than TOLERANCE_S."""
    found = _FORM.match({name.lower(): value for name, value in headers.items()}.get(HEADER, ""))
    if found is None or not key:
        raise InvalidWebhook("there is no signature that could be checked")
    if not hmac.compare_digest(found[2], _signature(found[1], body, key)):
        raise InvalidWebhook("the signature is not of this body")
    if abs(now.timestamp() - int(found[1])) > TOLERANCE_S:
        raise InvalidWebhook("the signature is too old, or from the future")
    try:
        return msgspec.json.decode(body, type=WebhookEvent)
    except msgspec.DecodeError as error:
        raise InvalidWebhook(f"the body is no event: {error}") from error


def _signature(stamp: str, body: bytes, key: bytes) -> str:
    return hmac.new(key, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
