"""The sweep that asks again about payment methods whose owner had to act."""

from functools import partial
from typing import Final

import msgspec

from freehold.documents import PaymentMethod
from freehold.edge import Call, Swept, sweep
from freehold.events import PaymentMethodRequested
from freehold.store import Unit
from freehold.store.batches import each_on_its_own
from freehold.store.payment_methods import DUE, LOOK_AGAIN_S

BATCH: Final = 100


@sweep(every="30s")
async def check_payment_methods(call: Call) -> Swept:
    """Ask for what the gateways say of methods that still wait, when `check_at` has passed by the database's clock."""
    due = await call.store.find_ids(PaymentMethod, DUE, sort=(("check_at", 1),), limit=BATCH)
    done = await each_on_its_own(due, lambda method_id: call.transact(partial(_ask, method_id)))
    return Swept(done=done, more=len(due) == BATCH)


async def _ask(method_id: str, unit: Unit) -> bool:
    method = await unit.first(PaymentMethod, {"_id": method_id, **DUE})
    if method is None:
        return False
    waiting = method.state in {"asking", "pending"}
    deadlines = {"check_at": LOOK_AGAIN_S} if waiting else None
    after = await unit.update(method, msgspec.structs.replace(method, check_at=None), deadlines=deadlines, guard=DUE)
    if waiting:
        unit.emit(PaymentMethodRequested(method_id=method.id, user_id=method.user_id), after)
    return waiting
