"""Questions about people that are more than a plain filter."""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from freehold.documents import User
from freehold.store.reads import Filter, Reads

CANDIDATES: Final = 1_000
"""So many people who share a skill, the newest, are compared."""


class _Found(Struct, frozen=True, rename={"id": "_id"}):
    id: str


async def freelancers_with_skills(reads: Reads, skills_folded: Sequence[str], *, but_not: str, limit: int) -> list[str]:
    """Find the freelancers who share most of these skills, the better rated first among equals. Returns their ids."""
    sharing = {
        "skills_folded": {"$in": list(skills_folded)},
        "roles": "freelancer",
        "suspended": False,
        "_id": {"$ne": but_not},
    }
    shared = {"$size": {"$setIntersection": ["$skills_folded", list(skills_folded)]}}
    pipeline: list[Filter] = [
        {"$match": sharing},
        {"$sort": {"_id": -1}},
        {"$limit": CANDIDATES},
        {"$project": {"shared": shared, "rating": 1}},
        {"$sort": {"shared": -1, "rating.average": -1, "_id": -1}},
        {"$limit": limit},
        {"$project": {"_id": 1}},
    ]
    return [found.id for found in await reads.aggregate(User, pipeline, into=_Found)]
