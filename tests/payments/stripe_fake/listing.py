"""Lists and searches, as Stripe pages them."""

import re
from typing import Any

from tests.payments.stripe_fake.books import Object, Refusal


def page(found: list[Object], params: dict[str, Any], url: str) -> Object:
    """Give one page, from behind `starting_after`."""
    limit = params.get("limit", 10)
    if not 1 <= limit <= 100:
        raise Refusal("parameter_invalid_integer", "limit is from 1 to 100", param="limit")
    ids = [each["id"] for each in found]
    begin = ids.index(params["starting_after"]) + 1 if "starting_after" in params else 0
    part = found[begin : begin + limit]
    return {"object": "list", "data": part, "has_more": begin + limit < len(found), "url": url}


def matching(found: list[Object], query: str, url: str, *, is_late: bool) -> Object:
    """Search by what is written on objects; a late search does not know the newest."""
    asked = re.fullmatch(r"metadata\['([a-z_]+)'\]:'([^']+)'", query)
    if asked is None:
        raise Refusal(None, "cannot be searched for", param="query")
    hits = [] if is_late else [each for each in found if each["metadata"].get(asked[1]) == asked[2]]
    return {"object": "search_result", "data": hits, "has_more": False, "url": url}
