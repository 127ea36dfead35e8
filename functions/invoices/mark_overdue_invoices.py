"""The sweep that finds invoices which were not paid in time."""

from freehold.edge import Call, Swept, sweep
from freehold.store.batches import each_on_its_own
from freehold.store.invoices import OVERDUE_BATCH, mark_overdue, overdue_invoices


@sweep(every="1m")
async def mark_overdue_invoices(call: Call) -> Swept:
    """Note that open invoices are overdue, by the database's clock, and tell both parties once."""
    due = await overdue_invoices(call.store)

    async def mark(invoice_id: str) -> bool:
        return await call.transact(lambda unit: mark_overdue(unit, invoice_id))

    return Swept(done=await each_on_its_own(due, mark), more=len(due) == OVERDUE_BATCH)
