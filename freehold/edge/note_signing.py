"""Signing the log's checkpoints: whoever holds the secret `ledger-key` speaks for the ledger.

The secret has a private key (an Ed25519 JWK in JSON, without spaces) on each line. All of them sign, so that a key is changed
without a day on which somebody who knows only one of them cannot verify.
Source: C2SP signed-note.
"""

import base64
import json
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from freehold.domain.checkpoint import Signature, key_id, signed, verifier_key

SECRET: Final = "ledger_key"  # noqa: S105 - the secret's name


class NoteSigner:
    """Signs texts in the name of a log with every key of the secret."""

    def __init__(self, jwks: str, name: str) -> None:
        self._name = name
        self._keys = [_private_key(jwk) for jwk in jwks.split()]

    @property
    def verifier_keys(self) -> tuple[str, ...]:
        """What others check the signatures with, the first key first."""
        return tuple(verifier_key(self._name, key.public_key().public_bytes_raw()) for key in self._keys)

    def sign(self, text: str) -> str:
        """Put a signature of each key below a text."""
        return signed(text, [self._signature(key, text) for key in self._keys])

    def _signature(self, key: Ed25519PrivateKey, text: str) -> Signature:
        return Signature(self._name, key_id(self._name, key.public_key().public_bytes_raw()), key.sign(text.encode()))


def _private_key(jwk: str) -> Ed25519PrivateKey:
    private = json.loads(jwk)["d"]
    return Ed25519PrivateKey.from_private_bytes(base64.urlsafe_b64decode(private + "=" * (-len(private) % 4)))
