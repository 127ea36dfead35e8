"""Payouts, as the legs of releases that they are: listed over many milestones, the newest first."""

from collections.abc import Mapping
from typing import Any

from freehold.documents import Milestone
from freehold.domain.legs import Leg
from freehold.store.reads import NEWEST_FIRST, Reads

Place = tuple[str, int]
"""Where a payout stands in a list: its milestone, and the leg's number."""


async def find_payouts(
    reads: Reads, filter_: Mapping[str, Any], *, after: Place | None, limit: int
) -> list[tuple[Milestone, Leg]]:
    """Find at most `limit` payouts of the milestones that match, behind a place: the newest milestone, its last leg, first."""
    question: dict[str, Any] = {**filter_, "holding.legs.kind": "release"}
    if after is not None:
        question["_id"] = {"$lte": after[0]}
    milestones = await reads.find(Milestone, question, sort=NEWEST_FIRST, limit=limit + 1)
    found = [
        (milestone, leg)
        for milestone in milestones
        for leg in reversed(milestone.holding.legs_of("release"))
        if after is None or milestone.id < after[0] or leg.number < after[1]
    ]
    return found[:limit]
