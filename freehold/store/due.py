"""What sweeps of milestones share: find those whose deadline has passed by the database's clock, and take the step of each."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from freehold.domain.money_process import Deadline
from freehold.store.batches import each_on_its_own
from freehold.store.connection import Work
from freehold.store.conversions import ExchangeDesk
from freehold.store.milestones import DUE_BATCH, due_milestones, take_due_step
from freehold.store.reads import Reads

Transact = Callable[[Work[Any]], Awaitable[Any]]


async def take_due_steps(
    reads: Reads, deadline: Deadline, *, transact: Transact, now: datetime, desk: ExchangeDesk | None = None
) -> tuple[int, bool]:
    """Take the due steps of one batch, each in a transaction of its own; say how many, and whether the batch was full."""
    due = await due_milestones(reads, deadline)

    async def take(milestone_id: str) -> bool:
        taken: bool = await transact(lambda unit: take_due_step(unit, milestone_id, deadline, now=now, desk=desk))
        return taken

    return await each_on_its_own(due, take), len(due) == DUE_BATCH
