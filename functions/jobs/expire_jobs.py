"""The sweep that ends jobs whose deadline has passed."""

from functools import partial
from typing import Any, Final

import msgspec

from freehold.documents import Job
from freehold.domain import hiring
from freehold.edge import Call, Swept, sweep
from freehold.events import JobClosed
from freehold.store import Unit
from freehold.store.batches import each_on_its_own
from freehold.store.jobs import OVER

BATCH: Final = 100
DUE: Final[dict[str, Any]] = {"state": {"$in": list(hiring.JOB.sources_of("expire"))}, **OVER}


@sweep(every="30s")
async def expire_jobs(call: Call) -> Swept:
    """Expire the jobs whose deadline has passed, by the database's clock."""
    due = await call.store.find_ids(Job, DUE, sort=(("deadline", 1),), limit=BATCH)
    done = await each_on_its_own(due, lambda job_id: call.transact(partial(_expire, call, job_id)))
    return Swept(done=done, more=len(due) == BATCH)


async def _expire(call: Call, job_id: str, unit: Unit) -> bool:
    job = await unit.first(Job, {"_id": job_id, **DUE})
    if job is None:
        return False
    step = hiring.JOB.step("expire", actor="clock", state=job.state)
    after = await unit.update(job, msgspec.structs.replace(job, state=step.target, updated_at=call.now))
    unit.emit(JobClosed(job_id=job.id, state=after.state), after)
    return True
