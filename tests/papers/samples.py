"""Invoices to set: one as it usually is, and everything in which one can differ."""

from datetime import UTC, datetime
from typing import Any

from freehold.documents import Invoice
from freehold.domain.invoicing import Party, amounts_of
from freehold.domain.vat import Treatment
from freehold.ids import new_id

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
BERLIN = Party(
    name="Ada Schmidt", street="Lindenstr. 1", postal_code="10969", city="Berlin", country="DE", vat_id="DE136695976"
)
LYON = Party(name="Café Dupont", street="Rue Victor 2", postal_code="69002", city="Lyon", country="FR", vat_id="FR40303265045")


def invoice(*, gross: int = 19_005, treatment: Treatment | None = None, **fields: Any) -> Invoice:
    """Give a paid sale of 190.05 EUR from Berlin to Lyon, German VAT in it, or one that differs in `fields`."""
    taxed = treatment or Treatment(case="domestic", rate_basis_points=1_900)
    whole: dict[str, Any] = {
        "id": new_id("inv"),
        "kind": "sale",
        "number": "INV-2026-000001",
        "issuer_id": f"usr_{1:032x}",
        "recipient_id": f"usr_{2:032x}",
        "milestone_id": f"mst_{3:032x}",
        "project_id": f"prj_{4:032x}",
        "stands_for": "sale",
        "seller": BERLIN,
        "buyer": LYON,
        "treatment": taxed,
        "amounts": amounts_of(gross, taxed.rate_basis_points),
        "currency": "EUR",
        "description": "First half of the manual",
        "language": "en",
        "prepaid": True,
        "issued_at": AT,
        "state": "paid",
        **fields,
    }
    return Invoice(**whole)
