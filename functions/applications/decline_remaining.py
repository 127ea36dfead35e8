"""The reaction that declines what still waits for an answer when a job is filled or closed."""

from collections.abc import Sequence
from functools import partial
from typing import Final

import msgspec

from freehold.documents import Application
from freehold.domain import hiring
from freehold.edge import Call, on_event
from freehold.events import ApplicationDeclined, JobClosed
from freehold.store import Unit

BATCH: Final = 25
_REASONS: Final = {"filled": "job_filled", "closed": "job_closed"}


@on_event("job.closed", transaction=False)
async def decline_remaining(call: Call, event: JobClosed) -> None:
    """Decline the applications that remain, a batch in each transaction; a repeated call goes on where the last one ended.

    Those of an expired job stay: its employer may still answer them.
    """
    reason = _REASONS.get(event.state)
    waiting = {"job_id": event.job_id, "state": {"$in": list(hiring.APPLICATION.sources_of("pass_over"))}}
    while reason and (batch := await call.store.find(Application, waiting, sort=(("_id", 1),), limit=BATCH)):
        await call.transact(partial(_decline, call, [each.id for each in batch], reason))
    await call.transact(_nothing_more, finish=True)


async def _decline(call: Call, application_ids: Sequence[str], reason: str, unit: Unit) -> None:
    for application in await unit.find(Application, {"_id": {"$in": list(application_ids)}}, limit=BATCH):
        if application.state not in hiring.APPLICATION.sources_of("pass_over"):
            continue
        step = hiring.APPLICATION.step("pass_over", actor="job", state=application.state)
        changed = msgspec.structs.replace(application, state=step.target, state_reason=reason, updated_at=call.now)
        after = await unit.update(application, changed)
        unit.emit(_declined(after, reason), after)


async def _nothing_more(_: Unit) -> None:
    """Leave only the inbox row behind."""


def _declined(application: Application, reason: str) -> ApplicationDeclined:
    return ApplicationDeclined(
        application_id=application.id,
        job_id=application.job_id,
        job_title=application.job_title,
        employer_id=application.employer_id,
        freelancer_id=application.freelancer_id,
        reason=reason,
    )
