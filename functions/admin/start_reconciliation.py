"""`POST /api/admin/reconciliations`."""

from typing import Annotated

import structlog
from msgspec import Meta, Struct

from freehold.documents.reconciliation import Scope
from freehold.edge import Call, endpoint
from freehold.store.reconciliations import TooManyReconciliations, start
from freehold.views.reconciliations import ReconciliationSummary, summary_of

log = structlog.get_logger()


class NewReconciliation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to look at: `recent` the last 2 days, `full` the last 120; what is open, always."""

    scope: Annotated[Scope, Meta(description="How far back to look.")]


@endpoint("POST /api/admin/reconciliations", auth="admin", status=202, errors=[TooManyReconciliations])
async def start_reconciliation(call: Call, body: NewReconciliation) -> ReconciliationSummary:
    """Reconcile with the payment gateways now, beside the hourly and nightly runs. The report fills as it goes on."""
    run = await start(call.unit, body.scope, asked_by=call.caller.user_id)
    log.info("reconciliation_asked", reconciliation_id=run.id, admin_id=call.caller.user_id)
    return summary_of(run)
