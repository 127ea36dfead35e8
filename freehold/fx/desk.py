"""The desk that converts what is paid out, as this installation's settings have it."""

from datetime import date

from freehold.domain.conversion import Rate
from freehold.fx.rates import Rates
from freehold.settings import FunctionSettings
from freehold.store.conversions import ExchangeDesk


def desk_of(settings: FunctionSettings) -> ExchangeDesk:
    """Give the desk: the operator's rates, as old as they may be, and the operator's spread."""

    def rate_between(source: str, target: str, today: date) -> Rate:
        rates = Rates.of(settings.fx_rates_file)
        return rates.between(source, target, today=today, max_age_days=settings.fx_rate_max_age_days)

    return ExchangeDesk(rate_between, settings.fx_spread_basis_points)
