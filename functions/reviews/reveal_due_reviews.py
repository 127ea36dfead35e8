"""The sweep that unseals reviews whose other side did not write in time."""

from functools import partial
from typing import Any, Final

import msgspec

from freehold.documents import Review
from freehold.edge import Call, Swept, sweep
from freehold.events import ReviewPublished
from freehold.store import Unit
from freehold.store.batches import each_on_its_own

BATCH: Final = 100
DUE: Final[dict[str, Any]] = {
    "state": "sealed",
    "reveal_at": {"$type": "date"},
    "$expr": {"$lte": ["$reveal_at", "$$NOW"]},
}


@sweep(every="15s")
async def reveal_due_reviews(call: Call) -> Swept:
    """Publish the sealed reviews whose time has come, by the database's clock."""
    due = await call.store.find_ids(Review, DUE, sort=(("reveal_at", 1),), limit=BATCH)
    done = await each_on_its_own(due, lambda review_id: call.transact(partial(_reveal, call, review_id)))
    return Swept(done=done, more=len(due) == BATCH)


async def _reveal(call: Call, review_id: str, unit: Unit) -> bool:
    review = await unit.first(Review, {"_id": review_id, **DUE})
    if review is None:
        return False
    after = await unit.update(review, msgspec.structs.replace(review, state="published", published_at=call.now))
    event = ReviewPublished(
        review_id=after.id, project_id=after.project_id, author_id=after.author_id, subject_id=after.subject_id
    )
    unit.emit(event, after)
    return True
