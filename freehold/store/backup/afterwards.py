"""What a restore puts right: the world went on after the backup's moment, and our processes of that time are gone.

What nobody can put right is said in docs/faults.md: what was written after that moment is lost, and a gateway may know it.
"""

from datetime import timedelta
from typing import Any, Final

from freehold.documents import Command, Milestone, OutboxRow
from freehold.domain.money_process import TERMINAL
from freehold.store.backup.files import Manifest
from freehold.store.connection import Store
from freehold.store.mapping import to_bson

GRACE_S: Final = 86_400
"""For how long nothing is released by itself: what people asked for after the backup's moment is lost, and they ask again."""
SENT_AGAIN: Final = timedelta(days=1)
"""Events that were sent so shortly before the backup go out once more: a broker's queues are in no backup."""
FENCES_APART: Final = 1_000
"""No process of the time before can hold a fence so high."""


async def put_right(store: Store, manifest: Manifest) -> list[str]:
    """Do all of it; say in a line each what was done."""
    return [
        f"{await _mark_milestones(store)} milestones: the payment gateway is asked first, before anything is asked of it",
        f"{await _put_off_releases(store)} automatic releases put off: none within {GRACE_S // 3_600} hours",
        f"{await _free_commands(store)} commands to payment gateways set free, to be looked up",
        f"{await _send_again(store, manifest)} events are sent again; a reaction that has had its effect has no second one",
    ]


async def _mark_milestones(store: Store) -> int:
    open_ = {"state": {"$nin": sorted(TERMINAL)}}
    return await _change(store, Milestone, open_, {"restored_at": "$$NOW"})


async def _put_off_releases(store: Store) -> int:
    earliest = {"$dateAdd": {"startDate": "$$NOW", "unit": "second", "amount": to_bson(GRACE_S)}}
    soon = {"auto_release_at": {"$type": "date"}, "$expr": {"$lt": ["$auto_release_at", earliest]}}
    return await _change(store, Milestone, soon, {"auto_release_at": earliest})


async def _free_commands(store: Store) -> int:
    """Let open commands be taken at once, as ones that were tried before: whoever takes them looks them up."""
    tried = {"$max": ["$tries", to_bson(1)]}
    free = {"state": "waiting", "due_at": "$$NOW", "tries": tried, "fence": {"$add": ["$fence", to_bson(FENCES_APART)]}}
    return await _change(store, Command, {"state": {"$in": ["waiting", "claimed"]}}, free)


async def _send_again(store: Store, manifest: Manifest) -> int:
    late = {"sent": {"$gte": manifest.taken_at - SENT_AGAIN}}
    return await _change(store, OutboxRow, late, {"sent": {"$literal": None}})


async def _change(store: Store, kind: Any, which: dict[str, Any], change: dict[str, Any]) -> int:  # noqa: ANN401
    """Change each document that matches, one version up; say how many."""
    raised = {"version": {"$add": ["$version", to_bson(1)]}}
    outcome = await store.collection(kind).update_many(which, [{"$set": {**change, **raised}}])
    return outcome.matched_count
