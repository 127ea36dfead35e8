"""`GET /api/tax-profile`."""

from freehold.documents import TaxProfile
from freehold.edge import Call, endpoint
from freehold.views.taxes import TaxProfileView, view_profile


@endpoint("GET /api/tax-profile", auth="user")
async def get_tax_profile(call: Call) -> TaxProfileView:
    """Read what is printed on your invoices. It is empty while you have not said it."""
    return view_profile(await call.store.get(TaxProfile, call.caller.user_id))
