"""In which currency a freelancer is paid, and at which rate: by a quote that was taken for it, or by the moment's.

The freelancer decides, by the currency of their payout account. A quote promises its rate; it cannot change what they want.
"""

from collections.abc import Callable
from datetime import date, datetime

from msgspec import Struct

from freehold.documents import Milestone
from freehold.domain.conversion import Rate, RateMissing, RateTooOld, Terms
from freehold.domain.errors import Refused
from freehold.store.payouts import PayeeStanding
from freehold.store.quotes import take_quote
from freehold.store.unit import Unit


class ConversionNotOffered(Refused):
    """The milestone's payment gateway pays out in the currency that was paid in, and in no other."""

    code = "conversion_not_offered"


class QuoteCurrencyDiffers(Refused):
    """The quote is for another currency than the one that the freelancer is paid in."""

    code = "quote_currency_differs"


class ExchangeDesk(Struct, frozen=True):
    """Where the moment's rates come from (which raises RateMissing, RateTooOld), and what the platform takes of an exchange."""

    rate_between: Callable[[str, str, date], Rate]
    spread_basis_points: int


async def quoted_terms(unit: Unit, milestone: Milestone, quote_id: str, *, user_id: str) -> Terms:
    """Take somebody's own quote for the next release of a milestone. Raises Missing, QuoteUsed, QuoteExpired."""
    used_for = f"fx:{milestone.id}:{len(milestone.holding.legs) + 1}"
    quote = await take_quote(unit, quote_id, user_id=user_id, used_for=used_for)
    made = quote.conversion
    return Terms(
        currency=made.target.currency,
        rate=made.rate,
        spread_basis_points=quote.spread_basis_points,
        quoted=made.source,
        quote_id=quote.id,
    )


def terms_for(
    milestone: Milestone, payee: PayeeStanding, quoted: Terms | None, desk: ExchangeDesk | None, *, now: datetime
) -> Terms | None:
    """Say in which other currency, and at which rate, this payee is paid now; null: in the milestone's.

    Where no rate is to be had, that is better than not to be paid. Raises ConversionNotOffered or QuoteCurrencyDiffers when a
    quote was given that cannot be kept.
    """
    currency = milestone.holding.amount.currency
    if quoted is not None:
        if not payee.converts:
            raise ConversionNotOffered(f"{milestone.holding.gateway} pays out in {currency} only")
        if quoted.currency != payee.wants:
            raise QuoteCurrencyDiffers(f"the freelancer is paid in {payee.wants or currency}, not in {quoted.currency}")
        return quoted
    if desk is None or payee.wants is None or payee.wants == currency:
        return None
    try:
        rate = desk.rate_between(currency, payee.wants, now.date())
    except (RateMissing, RateTooOld):
        return None
    return Terms(currency=payee.wants, rate=rate, spread_basis_points=desk.spread_basis_points)
