"""Quotes for conversions, and releases that were converted, as they are shown."""

from msgspec import Struct

from freehold.documents import FxQuote, Instant
from freehold.domain.conversion import Rate
from freehold.domain.legs import ExchangeState, Leg
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


class ConversionView(Struct, frozen=True, kw_only=True):
    """How a release is paid in another currency: `source` comes to `target` + `spread` = `middle`, exactly, at this `rate`.

    `state` is asked (on its way), done, undone (the payout was refused) or returned (it came back): then it is the freelancer's
    in the milestone's currency again, until the next attempt. `quote_id` is the quote that promised it, if one did.
    """

    state: ExchangeState
    source: Money
    middle: Money
    spread: Money
    target: Money
    rate: Rate
    spread_basis_points: int
    quote_id: str | None


def view_exchange(leg: Leg) -> ConversionView | None:
    """Show how the newest attempt at a release is paid in another currency, if it is."""
    exchange = leg.exchange
    if exchange is None:
        return None
    made = exchange.conversion
    return ConversionView(
        state=exchange.state,
        source=made.source,
        middle=made.middle,
        spread=made.spread,
        target=made.target,
        rate=made.rate,
        spread_basis_points=exchange.spread_basis_points,
        quote_id=exchange.quote_id,
    )
