"""Invoices as values: parties, amounts and their tax, numbers, and the form of an exact amount in decimal digits.

An invoice's sum is what was agreed and paid, tax included; net and tax are taken out of it, exact in integers. Where no net
and its rounded tax add up to the sum, a rounding amount of one minor unit does (BT-114 of EN 16931).
Not here: which invoices a milestone brings about (`billing`), whose tax it is (`vat`), languages and pages.
"""

from datetime import datetime
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from freehold.domain.countries import CountryCode
from freehold.domain.errors import InvalidValue, Refused
from freehold.domain.money import exponent_of

InvoiceKind = Literal["sale", "platform_fee", "dispute_fee", "credit_note"]
InvoiceState = Literal["open", "paid", "cancelled", "credited"]
"""A cancelled one was never paid and is taken back whole; a credited one was paid, and all of it has gone back."""
Language = Literal["en", "de", "fr", "es", "ar"]

OPERATOR: Final = "operator"
"""Stands for the platform's operator where a person's id stands for a person."""
PREFIXES: Final[dict[InvoiceKind, str]] = {
    "sale": "INV", "platform_fee": "FEE", "dispute_fee": "DSP", "credit_note": "CRN",
}  # fmt: skip
WHOLE_BASIS_POINTS: Final = 10_000
LARGEST_RATE_BASIS_POINTS: Final = 5_000
SHORTEST_TERM_DAYS: Final = 1
LONGEST_TERM_DAYS: Final = 90
USUAL_TERM_DAYS: Final = 14

RateBasisPoints = Annotated[int, Meta(ge=0, le=LARGEST_RATE_BASIS_POINTS)]


class AlreadyInvoiced(Refused):
    """There is an invoice for this already; take it back first."""

    code = "already_invoiced"


class TaxProfileMissing(Refused):
    """Whoever issues an invoice must say name, address and country first (`PUT /api/tax-profile`)."""

    code = "tax_profile_missing"


class NothingToInvoice(Refused):
    """The milestone is over, or its money has gone back: there is nothing to be paid for it."""

    code = "nothing_to_invoice"


class NotOpen(Refused):
    """The invoice is paid or taken back already. What was paid goes back through the milestone; a credit note follows."""

    code = "invoice_not_open"


class CreditTooLarge(Refused):
    """All credit notes of an invoice together would be more than it."""

    code = "credit_too_large"


class Party(Struct, frozen=True, kw_only=True):
    """One side of an invoice, as printed. `vat_id` was checked offline alone; `country` is null while nobody has said it."""

    name: str
    street: str = ""
    postal_code: str = ""
    city: str = ""
    country: CountryCode | None = None
    vat_id: str | None = None
    tax_number: str | None = None


class Amounts(Struct, frozen=True, kw_only=True):
    """An invoice's sum and how it is made up, in minor units: net + tax + rounding = gross."""

    net: int
    tax: int
    rounding: int
    gross: int


def amounts_of(gross: int, rate_basis_points: int) -> Amounts:
    """Take the tax out of a sum: the tax is the net's, rounded half up, and the rounding amount is zero wherever it can be."""
    if gross <= 0 or not 0 <= rate_basis_points <= LARGEST_RATE_BASIS_POINTS:
        raise InvalidValue(f"no tax can be taken out of {gross} at {rate_basis_points} basis points")
    whole = WHOLE_BASIS_POINTS + rate_basis_points
    nearest = _half_up(gross * WHOLE_BASIS_POINTS, whole)
    for net in (nearest, nearest - 1, nearest + 1):
        if net + tax_of(net, rate_basis_points) == gross:
            return Amounts(net=net, tax=gross - net, rounding=0, gross=gross)
    tax = tax_of(nearest, rate_basis_points)
    return Amounts(net=nearest, tax=tax, rounding=gross - nearest - tax, gross=gross)


def tax_of(net: int, rate_basis_points: int) -> int:
    """Compute the tax of a net amount in minor units: half up, as BR-CO-17 of EN 16931 rounds it."""
    return _half_up(net * rate_basis_points, WHOLE_BASIS_POINTS)


def decimal_text(amount: int, currency: str) -> str:
    """Write an amount in minor units with its decimal point, by the currency's ISO exponent: 190.05, 19005, 19.005."""
    exponent = exponent_of(currency)
    sign, digits = "-" if amount < 0 else "", str(abs(amount)).rjust(exponent + 1, "0")
    return f"{sign}{digits}" if exponent == 0 else f"{sign}{digits[:-exponent]}.{digits[-exponent:]}"


def percent_text(basis_points: int) -> str:
    """Write a rate as a percentage without zeros that say nothing: 19, 25.5."""
    whole, rest = divmod(basis_points, 100)
    return f"{whole}.{rest:02d}".rstrip("0") if rest else str(whole)


def number_text(kind: InvoiceKind, year: int, number: int) -> str:
    """Write an invoice's number: unique and without gaps within its issuer, kind and year."""
    return f"{PREFIXES[kind]}-{year}-{number:06d}"


def series_of(issuer_id: str, kind: InvoiceKind, at: datetime) -> str:
    """Name the series that a number is taken from: one for each issuer, kind and year (UTC)."""
    return f"{issuer_id}:{PREFIXES[kind]}:{at.year}"


def _half_up(dividend: int, divisor: int) -> int:
    return (2 * dividend + divisor) // (2 * divisor)
