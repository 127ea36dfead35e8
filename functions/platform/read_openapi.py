"""`GET /api/openapi.json`."""

from functools import cache
from importlib.resources import files

from msgspec import Raw

from freehold.edge import Call, endpoint


@endpoint("GET /api/openapi.json", auth="anyone", cache_s=300)
async def read_openapi(call: Call) -> Raw:
    """Describe this API as OpenAPI 3.1."""
    del call  # nothing depends on who asks
    return _document()


@cache
def _document() -> Raw:
    return Raw((files("freehold") / "openapi.json").read_bytes())
