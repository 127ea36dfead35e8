"""What tests of invoices start from: people with tax profiles, and the invoices of a milestone."""

from typing import Any

from tests.api import Api, Person
from tests.escrow import Work

BERLIN = {"name": "Ada Schmidt", "street": "Lindenstr. 1", "postal_code": "10969", "city": "Berlin", "country": "DE"}
LYON = {"name": "Café Dupont", "street": "Rue Victor 2", "postal_code": "69002", "city": "Lyon", "country": "FR"}
GERMAN_ID = {"vat_id": "DE136695976"}
FRENCH_ID = {"vat_id": "FR40303265045"}


def with_profile(person: Person, *parts: dict[str, Any], **fields: Any) -> Person:
    """Say what stands on a person's invoices; the person again."""
    whole: dict[str, Any] = {}
    for part in (*(parts or (BERLIN,)), fields):
        whole |= part
    person.put("/api/tax-profile", whole)
    return person


def billed(api: Api, **fields: Any) -> Work:
    """Open a project whose freelancer may write invoices: with a VAT id in Germany, the client with one in France."""
    work = Work.begun(api, **fields)
    with_profile(work.freelancer, BERLIN, GERMAN_ID)
    with_profile(work.client, LYON, FRENCH_ID, language="fr")
    return work


def invoices_of(person: Person, milestone: dict[str, Any], **query: str) -> list[dict[str, Any]]:
    """List a person's invoices of a milestone, the oldest first."""
    asked = "".join(f"&{name}={value}" for name, value in query.items())
    items: list[dict[str, Any]] = person.get(f"/api/invoices?milestone_id={milestone['id']}{asked}")["items"]
    return items[::-1]


def said(invoice: dict[str, Any]) -> tuple[str, str, int]:
    """Give what matters most of an invoice: its kind, its state, its total."""
    return invoice["kind"], invoice["state"], invoice["total"]["amount"]
