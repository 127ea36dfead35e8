"""`GET /api/admin/reconciliations/{id}`."""

from freehold.documents import Reconciliation
from freehold.edge import Call, endpoint
from freehold.edge.problems import NotFound
from freehold.ids import ReconciliationPath
from freehold.views.reconciliations import ReconciliationView, view_of


@endpoint("GET /api/admin/reconciliations/{id}", auth="admin", errors=[NotFound])
async def get_reconciliation(call: Call, path: ReconciliationPath) -> ReconciliationView:
    """Read what a reconciliation found: how the commands stood, the balances, and each difference with its command."""
    return view_of(await call.store.require(Reconciliation, path.id))
