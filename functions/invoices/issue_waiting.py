"""The sweep that writes invoices which waited for their issuer's name and address."""

from freehold.documents import Milestone, WaitingInvoicing
from freehold.edge import Call, Swept, sweep
from freehold.store import Unit
from freehold.store.batches import each_on_its_own
from freehold.store.invoices import bring_up_to_date
from freehold.store.parties import READY_BATCH, ready_invoicings


@sweep(every="10s")
async def issue_waiting(call: Call) -> Swept:
    """Bring the invoices of milestones up to date whose issuer has said meanwhile what is to be printed."""
    ready = await ready_invoicings(call.store)

    async def write(waiting_id: str) -> bool:
        return await call.transact(lambda unit: _write(unit, waiting_id))

    return Swept(done=await each_on_its_own(ready, write), more=len(ready) == READY_BATCH)


async def _write(unit: Unit, waiting_id: str) -> bool:
    waiting = await unit.require(WaitingInvoicing, waiting_id)
    await bring_up_to_date(unit, await unit.require(Milestone, waiting.milestone_id))
    await unit.delete(waiting)
    return True
