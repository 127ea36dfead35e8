"""A request as it came, for the few functions that must see every byte of it: a signature is made over bytes, not over JSON."""

from collections.abc import Mapping

from msgspec import Struct
from starlette.requests import Request


class RawRequest(Struct, frozen=True):
    """The body, undecoded, and the headers by their names in small letters (several of one name with commas between them)."""

    body: bytes
    headers: Mapping[str, str]


def raw_request(request: Request, body: bytes) -> RawRequest:
    """Give the request as it came."""
    return RawRequest(body, {name: ", ".join(request.headers.getlist(name)) for name in request.headers})
