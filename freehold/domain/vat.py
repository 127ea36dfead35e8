"""Value added tax on a freelancer's service or the platform's: whose tax it is, at which rate, and why there is none.

Here: the dated standard rates of the European Union, and the rule that picks a treatment from who sells to whom.
Not here: reduced rates, goods, electronically supplied services and the one-stop shop, rates of other countries. Services are
taken for those whose place follows the general rule. A VAT id counts as proof of a business; it was checked offline alone.
Source: Council Directive 2006/112/EC, Articles 44, 45, 59, 196, 226 and 282 to 292; the European Commission's "Taxes in Europe
Database" for the rates, as of 2025-08-01.
"""

from datetime import date
from typing import Final, Literal

from msgspec import Struct

from freehold.domain.countries import EUROPEAN_UNION
from freehold.domain.errors import Refused

Case = Literal["domestic", "reverse_charge", "small_enterprise", "outside_scope", "supplier_outside"]
"""Why an invoice shows the tax that it shows; each has its own sentence in every language."""
Category = Literal["S", "AE", "E", "O"]
"""The code of EN 16931 (UNTDID 5305): standard rate, reverse charge, exempt, outside the scope."""


class NoRateKnown(Refused):
    """The day is before the first rate that is known here."""

    code = "no_vat_rate"


class TaxStatus(Struct, frozen=True, kw_only=True):
    """What matters of a party: where it is (null: not known), and the VAT id that it has given."""

    country: str | None = None
    vat_id: str | None = None

    @property
    def in_the_union(self) -> bool:
        """Whether the party is in the European Union."""
        return self.country in EUROPEAN_UNION


class Treatment(Struct, frozen=True, kw_only=True):
    """How an invoice is taxed. The rate is in basis points (1,900 = 19 %), zero where no tax is shown."""

    case: Case
    rate_basis_points: int = 0

    @property
    def category(self) -> Category:
        """Give the code of EN 16931."""
        return CATEGORIES[self.case]


CATEGORIES: Final[dict[Case, Category]] = {
    "domestic": "S",
    "reverse_charge": "AE",
    "small_enterprise": "E",
    "outside_scope": "O",
    "supplier_outside": "O",
}

_EARLIEST: Final = date(2022, 1, 1)
STANDARD_RATES: Final[dict[str, tuple[tuple[date, int], ...]]] = {
    "AT": ((_EARLIEST, 2_000),),
    "BE": ((_EARLIEST, 2_100),),
    "BG": ((_EARLIEST, 2_000),),
    "CY": ((_EARLIEST, 1_900),),
    "CZ": ((_EARLIEST, 2_100),),
    "DE": ((_EARLIEST, 1_900),),
    "DK": ((_EARLIEST, 2_500),),
    "EE": ((_EARLIEST, 2_000), (date(2024, 1, 1), 2_200), (date(2025, 7, 1), 2_400)),
    "ES": ((_EARLIEST, 2_100),),
    "FI": ((_EARLIEST, 2_400), (date(2024, 9, 1), 2_550)),
    "FR": ((_EARLIEST, 2_000),),
    "GR": ((_EARLIEST, 2_400),),
    "HR": ((_EARLIEST, 2_500),),
    "HU": ((_EARLIEST, 2_700),),
    "IE": ((_EARLIEST, 2_300),),
    "IT": ((_EARLIEST, 2_200),),
    "LT": ((_EARLIEST, 2_100),),
    "LU": ((_EARLIEST, 1_700), (date(2023, 1, 1), 1_600), (date(2024, 1, 1), 1_700)),
    "LV": ((_EARLIEST, 2_100),),
    "MT": ((_EARLIEST, 1_800),),
    "NL": ((_EARLIEST, 2_100),),
    "PL": ((_EARLIEST, 2_300),),
    "PT": ((_EARLIEST, 2_300),),
    "RO": ((_EARLIEST, 1_900), (date(2025, 8, 1), 2_100)),
    "SE": ((_EARLIEST, 2_500),),
    "SI": ((_EARLIEST, 2_200),),
    "SK": ((_EARLIEST, 2_000), (date(2025, 1, 1), 2_300)),
}
"""The standard rate of each member state, in basis points, from the day on that stands before it. Append; never edit."""


def standard_rate(country: str, day: date) -> int:
    """Give the standard rate of a member state on a day, in basis points. Raises NoRateKnown."""
    rates = [rate for since, rate in STANDARD_RATES.get(country, ()) if since <= day]
    if not rates:
        raise NoRateKnown(f"no rate of {country} is known for {day}")
    return rates[-1]


def treatment_of(seller: TaxStatus, buyer: TaxStatus, *, on: date) -> Treatment:
    """Say how a service is taxed when this seller invoices this buyer on that day.

    A buyer whose country is not known is treated as a consumer of the seller's country: so never too little tax is shown.
    """
    if seller.country is None or not seller.in_the_union:
        return Treatment(case="supplier_outside")
    if seller.vat_id is None:
        return Treatment(case="small_enterprise")
    domestic = Treatment(case="domestic", rate_basis_points=standard_rate(seller.country, on))
    if buyer.country in {None, seller.country}:
        return domestic
    if not buyer.in_the_union:
        return Treatment(case="outside_scope")
    return domestic if buyer.vat_id is None else Treatment(case="reverse_charge")
