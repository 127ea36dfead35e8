"""`GET /api/liabilities/own`."""

from freehold.edge import Call, endpoint
from freehold.edge.problems import NotFound
from freehold.store.liabilities import newest_signed, shown_to
from freehold.views.liabilities import OwnView, view_own


@endpoint("GET /api/liabilities/own", auth="user", errors=[NotFound])
async def read_own(call: Call) -> OwnView:
    """Read what the newest signed statement says is owed to you, with the proof that it is a part of the published total.

    Saved as a file it is what `tools/verify_ledger.py --owed` reads. Nobody else is shown your leaf.
    """
    statement = await newest_signed(call.store)
    return view_own(statement, await shown_to(call.store, statement, call.caller.user_id))
