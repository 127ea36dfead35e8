"""Tokens for calls between our own parts: a door (connector, scheduler) calls a function.

Each door has one Ed25519 key of its own; functions hold only the public halves. A token fits one call: the function,
method, path and body hash are in it, and it ends after 30 s. Not here: people's tokens (`freehold.edge.tokens`).
"""

import base64
import hashlib
import json
import os
import time
from collections import defaultdict
from contextlib import suppress
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm
from msgspec import Struct

LIFETIME_S: Final = 30
LONGEST_LIFETIME_S: Final = 60
_TYPE: Final = "freehold-call+jwt"


class InvalidCallToken(Exception):  # noqa: N818 - the name says what it is
    """The token is missing, forged, expired, or was made for another call."""


class InvalidKey(Exception):  # noqa: N818 - the name says what it is
    """What should be a door's key is none; the message is for an operator."""


class CallSigner(Struct, frozen=True):
    """A door's signing key: `door` names it (`connector`, `scheduler`), `key` is an Ed25519 private key."""

    door: str
    key: Any

    @classmethod
    def from_jwk(cls, private_jwk: str) -> "CallSigner":
        """Read the door's private key, a JWK in JSON whose `kid` is the door's name. Raises InvalidKey."""
        try:
            door, key = json.loads(private_jwk)["kid"], OKPAlgorithm.from_jwk(private_jwk)
        except (ValueError, TypeError, KeyError, jwt.InvalidKeyError) as error:
            raise InvalidKey(
                "a door's call key must be a private Ed25519 key as a JWK with a kid (infra.keys makes it)"
            ) from error
        if not isinstance(key, Ed25519PrivateKey):
            raise InvalidKey("a door's call key must be the private half of an Ed25519 key")
        return cls(door=door, key=key)

    def sign(self, *, function: str, method: str, path: str, body: bytes) -> str:
        """Make the token for one call of `function`; it is sent as `Authorization: Bearer TOKEN`."""
        now = int(time.time())
        claims = {
            "iss": self.door, "aud": function, "htm": method, "htp": path, "bsh": _hash(body),
            "jti": base64.urlsafe_b64encode(os.urandom(12)).decode(), "iat": now, "nbf": now, "exp": now + LIFETIME_S,
        }  # fmt: skip
        return jwt.encode(claims, self.key, algorithm="EdDSA", headers={"kid": self.door, "typ": _TYPE})


class CallVerifier:
    """The doors' public keys, as a function holds them: a JWKS in JSON, the `kid` of a key the name of its door.

    While a door's key is changed, the door has two.
    """

    def __init__(self, jwks: str) -> None:
        self._keys: defaultdict[str, list[Any]] = defaultdict(list)
        for key in json.loads(jwks)["keys"]:
            self._keys[key["kid"]].append(OKPAlgorithm.from_jwk(key))

    def verify(self, token: str, *, function: str, method: str, path: str, body: bytes) -> str:
        """Return the name of the door that made this call, or raise InvalidCallToken."""
        try:
            header = jwt.get_unverified_header(token)
            keys = self._keys.get(header.get("kid", ""), [])
            if not keys or header.get("typ") != _TYPE:
                raise InvalidCallToken("unknown key or type")
            claims = _decoded(token, keys, function=function, door=header["kid"])
        except jwt.InvalidTokenError as error:
            raise InvalidCallToken(str(error)) from error
        if claims["exp"] - claims["iat"] > LONGEST_LIFETIME_S:
            raise InvalidCallToken("lives too long")
        if (claims.get("htm"), claims.get("htp"), claims.get("bsh")) != (method, path, _hash(body)):
            raise InvalidCallToken("made for another call")
        return str(claims["iss"])


def _decoded(token: str, keys: list[Any], *, function: str, door: str) -> dict[str, Any]:
    """Decode with the first of a door's keys that fits. Raises what the last one says."""
    for key in keys[:-1]:
        with suppress(jwt.InvalidSignatureError):
            return _decoded(token, [key], function=function, door=door)
    claims: dict[str, Any] = jwt.decode(
        token, keys[-1], algorithms=["EdDSA"], audience=function, issuer=door, leeway=5,
        options={"require": ["iss", "aud", "exp", "iat", "nbf", "jti"]},
    )  # fmt: skip
    return claims


def _hash(body: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(body).digest()).decode()
