"""`PUT /api/admin/tax-profile`."""

from freehold.domain.errors import refuse_faults
from freehold.domain.invoicing import OPERATOR
from freehold.edge import Call, endpoint
from freehold.store.parties import keep_profile
from freehold.views.taxes import TaxProfileBody, TaxProfileView, faults_of_body, party_of_body, view_profile


@endpoint("PUT /api/admin/tax-profile", auth="admin")
async def put_tax_profile(call: Call, body: TaxProfileBody) -> TaxProfileView:
    """Say what is printed on the operator's invoices for the platform's fee. Those that waited for it are written soon."""
    refuse_faults(*faults_of_body(body))
    return view_profile(await keep_profile(call.unit, OPERATOR, party_of_body(body), body.language))
