"""Questions about jobs and applications that are more than a plain filter."""

from typing import Any, Final

from freehold.documents import Job, User
from freehold.domain.hiring import QuotaExceeded
from freehold.store.errors import Stale
from freehold.store.unit import Unit

NOT_OVER: Final[dict[str, Any]] = {"$or": [{"deadline": None}, {"$expr": {"$gt": ["$deadline", "$$NOW"]}}]}
"""The deadline has not passed, by the database's clock; or there is none."""

OVER: Final[dict[str, Any]] = {"deadline": {"$type": "date"}, "$expr": {"$lte": ["$deadline", "$$NOW"]}}
"""The deadline has passed, by the database's clock."""


def take_opening(unit: Unit, employer_id: str, *, limit: int) -> None:
    """Make sure that the employer may open the job that this unit opens, also when others are opened at the same time.

    The write to the employer's document makes such transactions conflict, so that each one counts the jobs of those
    before it. Who has opened at most `limit` jobs in all cannot have more of them open, and needs no counting. The unit
    raises QuotaExceeded at its end.
    """

    async def check(counters: dict[str, int]) -> None:
        if counters["jobs_opened"] <= limit:
            return
        if await unit.count(Job, {"employer_id": employer_id, "state": "open"}, limit=limit + 1) > limit:
            raise QuotaExceeded(f"{limit} jobs are open; close or pause one first")

    unit.increment_at_end(User, employer_id, {"jobs_opened": 1}, check)


async def count_application(unit: Unit, job_id: str) -> bool:
    """Count one more application of a job that is open and not past its deadline; False when it is not."""
    try:
        await unit.increment(Job, job_id, {"application_count": 1}, guard={"state": "open", **NOT_OVER})
    except Stale:
        return False
    return True
