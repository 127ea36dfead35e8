"""What stands on somebody's invoices: the body that says it, the form in which it is kept, and its view."""

from typing import Annotated

from msgspec import Struct

from freehold.documents import Instant, TaxProfile
from freehold.domain.countries import COUNTRIES, CountryCode
from freehold.domain.errors import Fault
from freehold.domain.invoicing import Language, Party
from freehold.domain.text import line, optional_text, required_text
from freehold.domain.vat_ids import kept_vat_id


class TaxProfileBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Name and address as they are to be printed; the VAT id, if there is one; the language of what is received.

    A VAT id of the European Union must have the format and the check digits of the country; whether it is in use is not asked.
    """

    name: Annotated[str, required_text(200)]
    street: Annotated[str, required_text(200)]
    postal_code: Annotated[str, optional_text(20)] = ""
    city: Annotated[str, required_text(100)]
    country: CountryCode
    vat_id: Annotated[str, optional_text(30)] | None = None
    tax_number: Annotated[str, optional_text(30)] | None = None
    language: Language = "en"


class TaxProfileView(Struct, frozen=True, kw_only=True):
    """What is printed on your invoices (`party`, null until it is said), and the language of those that you receive.

    It holds for invoices that are written from now on; none that is written changes.
    """

    party: Party | None
    language: Language
    updated_at: Instant | None


def party_of_body(body: TaxProfileBody) -> Party:
    """Give the form in which a party is kept."""
    return Party(
        name=line(body.name),
        street=line(body.street),
        postal_code=line(body.postal_code),
        city=line(body.city),
        country=body.country,
        vat_id=kept_vat_id(body.vat_id, body.country) if body.vat_id else None,
        tax_number=(line(body.tax_number) or None) if body.tax_number else None,
    )


def faults_of_body(body: TaxProfileBody) -> tuple[Fault, ...]:
    """Say what is wrong with a profile whose fields are each of the right type."""
    if body.country not in COUNTRIES:
        return (Fault("country", "a country of ISO 3166-1"),)
    if body.vat_id and kept_vat_id(body.vat_id, body.country) is None:
        return (Fault("vat_id", f"a VAT id of {body.country}: its format and its check digits"),)
    return ()


def view_profile(profile: TaxProfile | None) -> TaxProfileView:
    """Show a profile, also one that nobody has written yet."""
    if profile is None or profile.party is None:
        return TaxProfileView(party=None, language="en", updated_at=None)
    return TaxProfileView(party=profile.party, language=profile.language, updated_at=profile.updated_at)
