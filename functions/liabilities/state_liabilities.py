"""The sweep that states what is owed to users."""

from freehold.documents import LiabilityStatement
from freehold.edge import Call, Swept, sweep
from freehold.store import Stale, Unit
from freehold.store.liabilities import asked_for, is_recent, state


@sweep(every="10s")
async def state_liabilities(call: Call) -> Swept:
    """State what is owed when somebody has asked for it, and once an hour unasked. It is published when it is signed."""
    asked = await asked_for(call.store)
    if asked is None and not await is_recent(call.store):
        asked = LiabilityStatement(id=call.new_id("lia"), asked_at=call.now)

        async def ask(unit: Unit) -> None:
            unit.insert(asked)

        await call.transact(ask)
    stated = await state(call.store, asked) if asked else None
    if asked is None or stated is None:
        return Swept(done=0)
    before, after = asked, stated
    try:
        await call.transact(lambda unit: unit.update(before, after))
    except Stale:
        return Swept(done=0)
    return Swept(done=1)
