"""`POST /api/fx/quotes`."""

from msgspec import Struct

from freehold.domain.conversion import RateMissing, RateTooOld, convert
from freehold.domain.errors import Fault, refuse_faults
from freehold.domain.hiring import payable_faults
from freehold.domain.money import EXPONENTS, Currency, Money
from freehold.edge import Call, endpoint
from freehold.fx import Rates
from freehold.store.quotes import make_quote
from freehold.views.fx import QuoteView, view_quote


class NewQuote(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to convert, and into which currency."""

    source: Money
    target_currency: Currency


@endpoint("POST /api/fx/quotes", auth="user", status=201, errors=[RateMissing, RateTooOld])
async def create_quote(call: Call, body: NewQuote) -> QuoteView:
    """Ask what an amount comes to in another currency; the answer is good for 60 s, once.

    The rates are the European Central Bank's newest, of its last working day; their day is shown. Raises RateMissing for a
    currency that it does not publish, RateTooOld when the newest rates are older than the operator allows.
    """
    refuse_faults(*payable_faults("source", body.source), *_target_faults(body))
    settings = call.settings
    clock = await call.unit.database_now()
    rate = Rates.of(settings.fx_rates_file).between(
        body.source.currency, body.target_currency, today=clock.date(), max_age_days=settings.fx_rate_max_age_days
    )
    spread = settings.fx_spread_basis_points
    conversion = convert(body.source, body.target_currency, rate, spread_basis_points=spread)
    quote = await make_quote(call.unit, conversion, user_id=call.caller.user_id, spread_basis_points=spread)
    return view_quote(quote)


def _target_faults(body: NewQuote) -> tuple[Fault, ...]:
    if body.target_currency not in EXPONENTS:
        return (Fault("target_currency", "an ISO 4217 code of a currency that people are paid in"),)
    if body.target_currency == body.source.currency:
        return (Fault("target_currency", "another currency than the source's"),)
    return ()
