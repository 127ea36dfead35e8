"""`GET /api/auth/jwks.json`."""

import msgspec
from msgspec import Struct

from freehold.edge import Call, endpoint


class PublicKey(Struct, frozen=True, omit_defaults=True):
    """A public key as a JWK (RFC 8037)."""

    kty: str
    crv: str
    kid: str
    x: str
    alg: str = "EdDSA"
    use: str = "sig"


class KeySet(Struct, frozen=True):
    """The keys that access tokens are signed with."""

    keys: tuple[PublicKey, ...]


@endpoint("GET /api/auth/jwks.json", auth="anyone", cache_s=60)
async def list_keys(call: Call) -> KeySet:
    """Publish the keys with which anybody can check our access tokens."""
    return msgspec.json.decode(call.settings.access_token_jwks.encode(), type=KeySet)
