"""`GET /api/liabilities`."""

from freehold.edge import Call, endpoint
from freehold.edge.problems import NotFound
from freehold.store.liabilities import newest_signed
from freehold.views.liabilities import StatementView, view_statement


@endpoint("GET /api/liabilities", auth="anyone", errors=[NotFound], cache_s=5)
async def read_statement(call: Call) -> StatementView:
    """Read what is owed to all users together, in each currency, in the newest signed statement.

    Whoever has the ledger's export can compare it; each user finds their own part at `GET /api/liabilities/own`.
    """
    return view_statement(await newest_signed(call.store))
