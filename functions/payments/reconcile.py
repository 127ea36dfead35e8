"""The sweep that reconciles our books with the payment gateways."""

from functools import partial

import msgspec
import structlog

from freehold.documents import Reconciliation
from freehold.edge import Call, Swept, sweep
from freehold.payments import gateway_named
from freehold.payments.reconciling import go_on
from freehold.settings import GATEWAY_SECRETS
from freehold.store import Duplicate, Stale
from freehold.store.reconciliations import due_scope, newest_done, start, take_on
from freehold.telemetry.readings import Reading, Readings

log = structlog.get_logger()


@sweep(every="1m", secrets=GATEWAY_SECRETS)
async def reconcile(call: Call) -> Swept:
    """Look up what was asked of the gateways, apply what was missed, and compare balances: each hour, and all once a day.

    Each tick does a part of the run that is under way; the next one follows at once.
    """
    run = await _taken_on(call)
    if run is None:
        return Swept(done=0, readings=await _readings(call))
    gateways = partial(gateway_named, store=call.store, environment=call.settings.environment, secret=call.secret)
    advanced = await go_on(run, reads=call.store, gateways=gateways, transact=call.transact)
    await call.transact(lambda unit: unit.update(run, msgspec.structs.replace(advanced, due_at=None)))
    if advanced.state == "done" and advanced.difference_count:
        codes = sorted({difference.code for difference in advanced.differences})
        log.error("reconciliation_differs", reconciliation_id=run.id, count=advanced.difference_count, codes=codes)
    return Swept(done=1, more=advanced.state == "running", readings=await _readings(call))


async def _taken_on(call: Call) -> Reconciliation | None:
    """Take on the run that waits, or begin the one that is due; null when there is none, or somebody else was quicker."""
    scope = await due_scope(call.store)
    try:
        if scope is not None:
            await call.transact(lambda unit: start(unit, scope, asked_by=None))
        return await call.transact(take_on)
    except (Duplicate, Stale):
        return None


async def _readings(call: Call) -> Readings:
    last = await newest_done(call.store)
    if last is None or last.as_of is None:
        return ()
    return (
        Reading("freehold_reconciliation_differences", last.difference_count),
        Reading("freehold_reconciliation_mended", last.counts.mended),
        Reading("freehold_reconciliation_timestamp_seconds", last.as_of.timestamp()),
    )
