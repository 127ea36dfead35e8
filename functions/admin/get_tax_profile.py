"""`GET /api/admin/tax-profile`."""

from freehold.documents import TaxProfile
from freehold.domain.invoicing import OPERATOR
from freehold.edge import Call, endpoint
from freehold.views.taxes import TaxProfileView, view_profile


@endpoint("GET /api/admin/tax-profile", auth="admin")
async def get_tax_profile(call: Call) -> TaxProfileView:
    """Read what is printed on the operator's invoices. It is empty while nobody has said it."""
    return view_profile(await call.store.get(TaxProfile, OPERATOR))
