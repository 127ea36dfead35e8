"""The sweep that does what disputes are due for."""

from functools import partial

import structlog

from freehold.domain.errors import Refused
from freehold.edge import Call, Swept, sweep
from freehold.fx import desk_of
from freehold.store.batches import each_on_its_own
from freehold.store.dispute_clock import DUE_BATCH, due_disputes, postpone, take_due_step

log = structlog.get_logger()


@sweep(every="5s")
async def take_due_steps(call: Call) -> Swept:
    """Decide for want of an answer, end negotiations, let proposals lapse, report what is overdue, execute decisions.

    All by the database's clock. A decision that the milestone cannot take now (money is on its way, a chargeback is open) is
    tried again a minute later.
    """
    desk = desk_of(call.settings)
    due = await due_disputes(call.store)

    async def take(dispute_id: str) -> bool:
        try:
            return await call.transact(partial(take_due_step, dispute_id=dispute_id, now=call.now, desk=desk))
        except Refused as refusal:
            log.info("decision_waits", dispute_id=dispute_id, code=refusal.code)
            return await call.transact(partial(postpone, dispute_id=dispute_id, blocked_by=refusal.code, now=call.now))

    return Swept(done=await each_on_its_own(due, take), more=len(due) == DUE_BATCH)
