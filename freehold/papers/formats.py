"""Money and dates as people of a language write them. The digits after the point are ISO 4217's, whatever the locale says."""

from datetime import datetime
from decimal import Decimal

from freehold.domain.invoicing import Language, decimal_text, percent_text
from freehold.domain.money import exponent_of


def money_text(amount: int, currency: str, language: Language) -> str:
    """Write an amount in minor units with its currency, as it is written in that language."""
    from babel import Locale  # noqa: PLC0415 - heavy, and only needed where a document is made
    from babel.numbers import format_currency  # noqa: PLC0415

    digits = exponent_of(currency)
    pattern = Locale(language).currency_formats["standard"].pattern
    exact = pattern.replace("0.00", f"0.{'0' * digits}" if digits else "0")
    value = Decimal(decimal_text(amount, currency))
    return format_currency(value, currency, format=exact, locale=language, currency_digits=False)


def date_text(at: datetime, language: Language) -> str:
    """Write a day (UTC) in words."""
    from babel.dates import format_date  # noqa: PLC0415 - heavy, and only needed where a document is made

    return format_date(at.date(), format="long", locale=language)


def rate_text(basis_points: int, language: Language) -> str:
    """Write a rate without its percent sign."""
    from babel.numbers import format_decimal  # noqa: PLC0415 - heavy, and only needed where a document is made

    return format_decimal(Decimal(percent_text(basis_points)), locale=language)


def country_text(country: str, language: Language) -> str:
    """Name a country in a language (its code, where it has no name there)."""
    from babel import Locale  # noqa: PLC0415 - heavy, and only needed where a document is made

    return str(Locale(language).territories.get(country, country))
