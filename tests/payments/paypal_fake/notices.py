"""The notices of PayPal's stand-in, signed over id, time, webhook and a checksum of the body, as PayPal signs its own."""

import hashlib
import hmac
import json
import secrets
import zlib
from datetime import datetime
from typing import Any

from tests.payments.paypal_fake.shapes import Verification

WEBHOOK_ID = "8PT597110X687430LKGECATA"
CERT_URL = "https://api.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594-1d93a270"


class Signer:
    """Signs notices, and says of any whether it signed it."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def notice(self, event_type: str, resource: Any, at: datetime, *, event_id: str = "") -> tuple[bytes, dict[str, str]]:
        """Write an event and sign it."""
        event = {
            "id": event_id or f"WH-{secrets.token_hex(8).upper()}",
            "event_version": "1.0",
            "create_time": at.isoformat(),
            "event_type": event_type,
            "resource": resource,
        }
        body = json.dumps(event, indent=1).encode()
        return body, self.headers(body, at)

    def headers(self, body: bytes, at: datetime) -> dict[str, str]:
        transmission, time = secrets.token_hex(8) + "-t", at.isoformat()
        return {
            "Paypal-Transmission-Id": transmission,
            "Paypal-Transmission-Time": time,
            "Paypal-Transmission-Sig": self._signature(transmission, time, body),
            "Paypal-Cert-Url": CERT_URL,
            "Paypal-Auth-Algo": "SHA256withRSA",
        }

    def verdict(self, raw: bytes, asked: Verification) -> str:
        """Check the event's bytes as they stand in the request, not as they could be written anew."""
        _, _, rest = raw.partition(b'"webhook_event":')
        genuine = self._signature(asked.transmission_id, asked.transmission_time, rest[:-1])
        fits = hmac.compare_digest(genuine, asked.transmission_sig) and asked.webhook_id == WEBHOOK_ID
        return "SUCCESS" if fits else "FAILURE"

    def _signature(self, transmission: str, time: str, body: bytes) -> str:
        text = f"{transmission}|{time}|{WEBHOOK_ID}|{zlib.crc32(body)}"
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()
