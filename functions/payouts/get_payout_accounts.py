"""`GET /api/payout-accounts`."""

from freehold.edge import Call, endpoint
from freehold.store.payees import profile_of
from freehold.views.payouts import PayeeView, view_payee


@endpoint("GET /api/payout-accounts", auth="user")
async def get_payout_accounts(call: Call) -> PayeeView:
    """Read where you are paid (one account per gateway), why your payouts wait, and what you owe."""
    user_id = call.caller.user_id
    return view_payee(user_id, await profile_of(call.store, user_id))
