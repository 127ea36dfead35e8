"""`PUT /api/tax-profile`."""

from freehold.domain.errors import refuse_faults
from freehold.edge import Call, endpoint
from freehold.store.parties import keep_profile
from freehold.views.taxes import TaxProfileBody, TaxProfileView, faults_of_body, party_of_body, view_profile


@endpoint("PUT /api/tax-profile", auth="user")
async def put_tax_profile(call: Call, body: TaxProfileBody) -> TaxProfileView:
    """Say what is printed on your invoices: name, address, VAT id, and the language of what you receive.

    Invoices that waited for it are written soon. A VAT id is checked offline alone: nobody is asked whether it is in use.
    """
    refuse_faults(*faults_of_body(body))
    return view_profile(await keep_profile(call.unit, call.caller.user_id, party_of_body(body), body.language))
