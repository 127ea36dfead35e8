"""`POST /api/payout-accounts/{id}/check`."""

from freehold.edge import Call, endpoint
from freehold.edge.problems import NotFound
from freehold.ids import PayoutAccountPath
from freehold.store.payout_accounts import ask_again, own_profile
from freehold.views.payouts import PayeeView, view_payee


@endpoint("POST /api/payout-accounts/{id}/check", auth="freelancer", status=202, idempotent=False, errors=[NotFound])
async def check_payout_account(call: Call, path: PayoutAccountPath) -> PayeeView:
    """Ask the gateway how an account stands, when you come back from its own pages. The answer comes soon."""
    profile, account = await own_profile(call.unit, call.caller.user_id, path.id)
    return view_payee(profile.id, await ask_again(call.unit, profile, account))
