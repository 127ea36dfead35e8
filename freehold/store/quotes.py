"""Quotes for conversions: made with an end, taken once."""

from datetime import timedelta
from typing import Final

import msgspec

from freehold.documents import FxQuote
from freehold.domain.conversion import Conversion
from freehold.domain.errors import Refused
from freehold.ids import new_id
from freehold.store.errors import Missing, Stale
from freehold.store.unit import Unit, now

LASTS_S: Final = 60
NOT_OVER: Final = {"$expr": {"$gt": ["$expires_at", "$$NOW"]}}


class QuoteUsed(Refused):
    """The quote was taken before."""

    code = "quote_used"


class QuoteExpired(Refused):
    """The quote is over; ask for another one."""

    code = "quote_expired"


async def make_quote(unit: Unit, conversion: Conversion, *, user_id: str, spread_basis_points: int) -> FxQuote:
    """Keep a quote for LASTS_S, by the database's clock."""
    clock = await unit.database_now()
    quote = FxQuote(
        id=new_id("fxq"),
        user_id=user_id,
        conversion=conversion,
        spread_basis_points=spread_basis_points,
        expires_at=clock + timedelta(seconds=LASTS_S),
        created_at=clock,
    )
    unit.insert(quote)
    return quote


async def take_quote(unit: Unit, quote_id: str, *, user_id: str, used_for: str) -> FxQuote:
    """Take somebody's own quote, once, for one thing. Raises Missing, QuoteUsed, QuoteExpired."""
    quote = await unit.get(FxQuote, quote_id)
    if quote is None or quote.user_id != user_id:
        raise Missing(f"{user_id} has no quote {quote_id}")
    if quote.state == "used":
        raise QuoteUsed(f"the quote was used for {quote.used_for}")
    after = msgspec.structs.replace(quote, state="used", used_for=used_for, used_at=now())
    try:
        return await unit.update(quote, after, guard={"state": "open", **NOT_OVER})
    except Stale as error:
        raise QuoteExpired("the quote is over, or was just used") from error
