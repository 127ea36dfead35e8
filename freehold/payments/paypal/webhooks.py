"""Webhooks of PayPal: whether they are its own, and which of our objects they mean. How that stands is asked for afterwards.

The signature is checked by PayPal (verify-webhook-signature), not here: a check of our own would have to fetch a certificate
from an address that the sender names, and to trust chains and names in it; one call to a fixed address is less to get wrong.
What is asked is still ours: only a certificate at PayPal's own hosts, and no notice older than PayPal keeps trying.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

import msgspec

from freehold.payments.gateway import InvalidWebhook
from freehold.payments.paypal.line import Declined, Line
from freehold.payments.paypal.wire import Event, Verdict

RETRIES_S: Final = 3 * 86_400 + 3_600
"""PayPal repeats a notice for three days, with the time of its first sending; the inbox knows repetitions by their id."""
FUTURE_S: Final = 300
LARGEST_BODY_BYTES: Final = 262_144
HEADERS: Final = {
    "auth_algo": ("paypal-auth-algo", 100),
    "cert_url": ("paypal-cert-url", 500),
    "transmission_id": ("paypal-transmission-id", 50),
    "transmission_sig": ("paypal-transmission-sig", 500),
    "transmission_time": ("paypal-transmission-time", 100),
}
_CERT_HOST: Final = re.compile(r"^([a-z0-9-]+\.)*paypal\.com$(?!\n)")
_ALGORITHM: Final = "SHA256withRSA"


async def verified(line: Line, webhook_id: str, *, body: bytes, headers: Mapping[str, str], now: datetime) -> Event:
    """Read an event that PayPal says it sent. Raises InvalidWebhook, or GatewayUnavailable when PayPal does not say."""
    if not webhook_id:
        raise InvalidWebhook("no webhook is configured here")
    event = _event(body)
    signed = _signed(headers)
    _require_fresh(signed["transmission_time"], now)
    asked = msgspec.json.encode({**signed, "webhook_id": webhook_id})
    asked = asked[:-1] + b',"webhook_event":' + body + b"}"
    try:
        verdict = await line.send("POST", "/v1/notifications/verify-webhook-signature", Verdict, body=asked)
    except Declined as declined:
        raise InvalidWebhook(f"PayPal does not know the notice: {declined.issue[:80]}") from declined
    if verdict.verification_status != "SUCCESS":
        raise InvalidWebhook("PayPal did not sign this")
    return event


def _event(body: bytes) -> Event:
    if len(body) > LARGEST_BODY_BYTES:
        raise InvalidWebhook("the body is too large")
    try:
        return msgspec.json.decode(body, type=Event)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidWebhook(f"the body is no event: {error}") from error


def _signed(headers: Mapping[str, str]) -> dict[str, str]:
    """Pick what was signed, and by what. Raises InvalidWebhook unless all of it is there and points to PayPal."""
    given = {name.lower(): value for name, value in headers.items()}
    signed = {field: given.get(name, "") for field, (name, _) in HEADERS.items()}
    if any(not value or len(value) > HEADERS[field][1] for field, value in signed.items()):
        raise InvalidWebhook("there is no signature that could be checked")
    where = _parts(signed["cert_url"])
    if where is None or signed["auth_algo"] != _ALGORITHM:
        raise InvalidWebhook("the signature names a certificate or a method that is not PayPal's")
    return signed


def _parts(address: str) -> str | None:
    """Give the host of an address that may hold PayPal's certificate; null for any other."""
    try:
        parts = urlsplit(address)
        fits = parts.scheme == "https" and parts.port in (None, 443) and not parts.username and not parts.password
    except ValueError:
        return None
    return parts.hostname if fits and _CERT_HOST.match(parts.hostname or "") else None


def _require_fresh(stamp: str, now: datetime) -> None:
    try:
        age_s = (now - datetime.fromisoformat(stamp)).total_seconds()
    except (ValueError, TypeError) as error:
        raise InvalidWebhook("the time of the notice cannot be read") from error
    if not -FUTURE_S <= age_s <= RETRIES_S:
        raise InvalidWebhook("the notice is too old, or from the future")
