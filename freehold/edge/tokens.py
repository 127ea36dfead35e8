"""People's tokens: access tokens (EdDSA JWT, at most 10 minutes), and refresh tokens that rotate.

Only the auth functions hold the private halves. Every other function checks with the public JWKS and keeps what it has
verified in a bounded cache; the expiry is checked on every hit. Not here: whether the session still lives (`sessions`).
"""

import base64
import hashlib
import hmac
import json
import re
import time
from collections import OrderedDict
from typing import Any, Final

import jwt
import msgspec
from jwt.algorithms import OKPAlgorithm
from msgspec import Struct

from freehold.edge.problems import InvalidCredentials, Unauthenticated

ISSUER: Final = "freehold"
AUDIENCE: Final = "freehold-api"
ACCESS_TYPE: Final = "at+jwt"
ACCESS_LIFETIME_S: Final = 600
REFRESH_LIFETIME_S: Final = 30 * 86_400
REFRESH_GRACE_S: Final = 10
CACHE_SIZE: Final = 8_192
LONGEST_TOKEN: Final = 2_048
CLOCK_SKEW_S: Final = 5
"""How far the clocks of two of our machines may be apart for a new token; the expiry is checked to the second."""
_REFRESH_SHAPE: Final = re.compile(r"^(ses_[0-9a-f]{32})\.([1-9][0-9]{0,8})\.([A-Za-z0-9_-]{43})$")


class AccessClaims(Struct, frozen=True):
    """What a verified access token says."""

    user_id: str
    session_id: str
    roles: tuple[str, ...]
    sign_in_version: int
    expires_at_s: int


class AccessTokenSigner:
    """Makes access tokens. `private_jwk` is an Ed25519 JWK in JSON, with a `kid`."""

    def __init__(self, private_jwk: str) -> None:
        self._key: Any = OKPAlgorithm.from_jwk(private_jwk)
        self._kid: str = json.loads(private_jwk)["kid"]

    def sign(self, *, user_id: str, session_id: str, roles: tuple[str, ...], sign_in_version: int) -> str:
        """Make a token that lives for ACCESS_LIFETIME_S seconds."""
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": user_id,
            "sid": session_id,
            "roles": list(roles),
            "ver": sign_in_version,
            "iat": now,
            "nbf": now,
            "exp": now + ACCESS_LIFETIME_S,
        }
        return jwt.encode(claims, self._key, algorithm="EdDSA", headers={"kid": self._kid, "typ": ACCESS_TYPE})


class AccessTokenVerifier:
    """Checks access tokens against the published keys; `jwks` is a JWKS in JSON."""

    def __init__(self, jwks: str) -> None:
        self._keys: dict[str, Any] = {key["kid"]: OKPAlgorithm.from_jwk(key) for key in json.loads(jwks)["keys"]}
        self._verified: OrderedDict[str, AccessClaims] = OrderedDict()

    def verify(self, token: str) -> AccessClaims:
        """Return what the token says. Raises Unauthenticated when it is forged, expired, or meant for something else."""
        claims = self._verified.get(token)
        if claims is None:
            claims = self._decode(token)
            self._verified[token] = claims
            if len(self._verified) > CACHE_SIZE:
                self._verified.popitem(last=False)
        if claims.expires_at_s <= time.time():
            self._verified.pop(token, None)
            raise Unauthenticated("The access token has expired.")
        return claims

    def _decode(self, token: str) -> AccessClaims:
        if len(token) > LONGEST_TOKEN:
            raise Unauthenticated("The access token is not valid.")
        try:
            header = msgspec.json.decode(_from_base64url(token.partition(".")[0]), type=_Header)
            key = self._keys.get(header.kid)
            if key is None or header.typ != ACCESS_TYPE:
                raise Unauthenticated("The access token is not valid.")
            claims = jwt.decode(
                token,
                key,
                algorithms=["EdDSA"],
                audience=AUDIENCE,
                issuer=ISSUER,
                leeway=CLOCK_SKEW_S,
                options={"require": ["iss", "aud", "sub", "exp", "iat", "nbf", "sid", "ver", "roles"]},
            )
            return AccessClaims(
                user_id=str(claims["sub"]),
                session_id=str(claims["sid"]),
                roles=tuple(str(role) for role in claims["roles"]),
                sign_in_version=int(claims["ver"]),
                expires_at_s=int(claims["exp"]),
            )
        except jwt.ExpiredSignatureError as error:
            raise Unauthenticated("The access token has expired.") from error
        except (jwt.InvalidTokenError, msgspec.DecodeError, TypeError, ValueError) as error:
            raise Unauthenticated("The access token is not valid.") from error


class _Header(Struct, frozen=True):
    """What chooses the key; the library checks the rest of a token's header."""

    kid: str
    typ: str


def _from_base64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class RefreshToken(Struct, frozen=True):
    """A refresh token taken apart: the `generation`-th token of a session."""

    session_id: str
    generation: int


class RefreshTokens:
    """Makes and reads refresh tokens: `session.generation.mac`.

    The mac is keyed with a secret that is not in the database, so a stolen database makes no token; and every generation
    can be recognised for ever, so that an old token that comes back is known as a reuse and not as noise.
    """

    def __init__(self, keys: str) -> None:
        """Take one key, or several with lines between them: the first one makes tokens, all of them read."""
        self._keys = [key.encode() for key in keys.split()]

    def make(self, token: RefreshToken) -> str:
        """Write the token of this session and generation; the same in, the same out."""
        return f"{token.session_id}.{token.generation}.{_mac(self._keys[0], token)}"

    def read(self, text: str) -> RefreshToken:
        """Take a token apart. Raises InvalidCredentials when we did not make it."""
        match = _REFRESH_SHAPE.fullmatch(text)
        if match is None:
            raise InvalidCredentials("The refresh token is not valid.")
        token = RefreshToken(session_id=match[1], generation=int(match[2]))
        if not any(hmac.compare_digest(_mac(key, token), match[3]) for key in self._keys):
            raise InvalidCredentials("The refresh token is not valid.")
        return token


def _mac(key: bytes, token: RefreshToken) -> str:
    digest = hmac.digest(key, f"refresh:{token.session_id}:{token.generation}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
