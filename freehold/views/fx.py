"""A quote for a conversion, as it is shown."""

from msgspec import Struct

from freehold.documents import FxQuote, Instant
from freehold.domain.conversion import Rate
from freehold.domain.money import Money


class QuoteView(Struct, frozen=True, kw_only=True):
    """What `source` comes to: `target` + `spread` = `middle`, exactly. Good until `expires_at`, once.

    `middle` is the source at the reference rates, half to even; the spread is taken of it in basis points, half up.
    """

    id: str
    source: Money
    middle: Money
    spread: Money
    target: Money
    rate: Rate
    spread_basis_points: int
    expires_at: Instant


def view_quote(quote: FxQuote) -> QuoteView:
    """Show a quote to whoever asked for it."""
    return QuoteView(
        id=quote.id,
        source=quote.conversion.source,
        middle=quote.conversion.middle,
        spread=quote.conversion.spread,
        target=quote.conversion.target,
        rate=quote.conversion.rate,
        spread_basis_points=quote.spread_basis_points,
        expires_at=quote.expires_at,
    )
