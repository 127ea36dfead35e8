"""Finding jobs. `JobSearch` is what a search engine must do; `TextSearch` does it with MongoDB's own text index.

Every order ends in `_id`, so that a page goes on exactly behind the last hit, whatever was posted in between.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Generic, Literal, Protocol, TypeVar

import msgspec
from msgspec import Meta, Struct

from freehold.documents import Job
from freehold.store.reads import Reads

Order = Literal["newest", "relevance", "created"]
Key = str | int | float | None

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST_MS: Final = 253_402_000_000_000
_Milliseconds = Annotated[int, Meta(ge=0, le=_LATEST_MS)]


class JobQuestion(Struct, frozen=True, kw_only=True):
    """What is looked for. Texts are folded; `words` is the person's own. Amounts are minor units of `currency`."""

    order: Order
    states: tuple[str, ...]
    words: str | None = None
    employer_id: str | None = None
    category: str | None = None
    kind: str | None = None
    currency: str | None = None
    price_least: int | None = None
    price_most: int | None = None
    skills: tuple[str, ...] = ()
    deadline_before: datetime | None = None
    posted_since: datetime | None = None
    remote: bool | None = None
    country: str | None = None


L = TypeVar("L", bound=Struct)
"""What of a job is shown in a list: its `id`, `created_at` and `posted_at`, and any other fields of a job."""


class Found(Struct, Generic[L], frozen=True):
    """Jobs that were found, in order. `behind` is the place of the last of them, where the search goes on; null at the end."""

    jobs: list[L]
    behind: tuple[Key, ...] | None


class InvalidKeys(Exception):  # noqa: N818 - it names what is wrong
    """These keys are of another order."""


class JobSearch(Protocol):
    """A search engine for jobs."""

    async def find(self, question: JobQuestion, part: type[L], *, after: Sequence[Key] | None, limit: int) -> Found[L]:
        """Find at most `limit` jobs behind `after`, of each what `part` has fields for.

        Raises InvalidKeys when those are not keys of this order.
        """


class _Scored(Struct, frozen=True):
    job: Job
    score: float


class TextSearch:
    """Finds jobs with the collection's text index: stemmed English words, `"a phrase"`, `-without`."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def find(self, question: JobQuestion, part: type[L], *, after: Sequence[Key] | None, limit: int) -> Found[L]:
        """Find at most `limit` jobs behind `after`, of each what `part` has fields for.

        Raises InvalidKeys when those are not keys of this order.
        """
        wanted = _filter(question)
        try:
            if question.order == "relevance":
                return await self._by_relevance(wanted, part, after, limit)
            if question.order == "created":
                return await self._by_creation(wanted, part, after, limit)
            return await self._by_posting(wanted, part, after, limit)
        except msgspec.ValidationError as error:
            raise InvalidKeys(str(error)) from error

    async def _by_relevance(self, wanted: dict[str, Any], part: type[L], after: Sequence[Key] | None, limit: int) -> Found[L]:
        pipeline: list[dict[str, Any]] = [{"$match": wanted}, {"$set": {"score": {"$meta": "textScore"}}}]
        if after is not None:
            score, last = msgspec.convert(after, tuple[float, str])
            pipeline.append({"$match": {"$or": [{"score": {"$lt": score}}, {"score": score, "_id": {"$lt": last}}]}})
        pipeline += [
            {"$sort": {"score": -1, "_id": -1}},
            {"$limit": limit + 1},
            {"$project": {"_id": 0, "score": 1, "job": "$$ROOT"}},
        ]
        found = await self._reads.aggregate(Job, pipeline, into=_Scored)
        shown = found[:limit]
        behind = (shown[-1].score, shown[-1].job.id) if len(found) > limit else None
        return Found([msgspec.convert(each.job, part, from_attributes=True) for each in shown], behind)

    async def _by_posting(self, wanted: dict[str, Any], part: type[L], after: Sequence[Key] | None, limit: int) -> Found[L]:
        if after is not None:
            posted_ms, last = msgspec.convert(after, tuple[_Milliseconds, str])
            posted_at = _EPOCH + timedelta(milliseconds=posted_ms)
            behind = {"$or": [{"posted_at": {"$lt": posted_at}}, {"posted_at": posted_at, "_id": {"$lt": last}}]}
            wanted = {"$and": [wanted, behind]}
        found = await self._reads.find_parts(Job, part, wanted, sort=(("posted_at", -1), ("_id", -1)), limit=limit + 1)
        shown = found[:limit]
        return Found(shown, _by_posting(shown[-1]) if len(found) > limit else None)

    async def _by_creation(self, wanted: dict[str, Any], part: type[L], after: Sequence[Key] | None, limit: int) -> Found[L]:
        if after is not None:
            (last,) = msgspec.convert(after, tuple[str])
            wanted = {"$and": [wanted, {"_id": {"$lt": last}}]}
        found = await self._reads.find_parts(Job, part, wanted, sort=(("_id", -1),), limit=limit + 1)
        shown = found[:limit]
        return Found(shown, _by_creation(shown[-1]) if len(found) > limit else None)


def _filter(question: JobQuestion) -> dict[str, Any]:
    """Put the question in MongoDB's words; every value that a person gave stands in it as a scalar, none as an operator."""
    conditions: dict[str, Any] = {
        "$text": _given(question.words, "$search"),
        "state": {"$in": list(question.states)} if len(question.states) > 1 else question.states[0],
        "employer_id": question.employer_id,
        "category_folded": question.category,
        "kind": question.kind,
        "price_currency": question.currency,
        "price_amount": _between(question.price_least, question.price_most),
        "skills_folded": {"$all": list(question.skills)} if question.skills else None,
        "deadline": _given(question.deadline_before, "$lt"),
        "posted_at": _given(question.posted_since, "$gte"),
        "place.remote": question.remote,
        "country_folded": question.country,
    }
    return {field: condition for field, condition in conditions.items() if condition is not None}


def _given(value: object, operator: str) -> dict[str, object] | None:
    return None if value is None else {operator: value}


def _between(least: int | None, most: int | None) -> dict[str, int] | None:
    bounds = {"$gte": least, "$lte": most}
    return {operator: bound for operator, bound in bounds.items() if bound is not None} or None


def _by_posting(job: Any) -> tuple[int, str]:  # noqa: ANN401 - whatever part of a job is listed
    return _milliseconds(job.posted_at or job.created_at), job.id


def _by_creation(job: Any) -> tuple[str]:  # noqa: ANN401 - whatever part of a job is listed
    return (job.id,)


def _milliseconds(instant: datetime) -> int:
    return (instant - _EPOCH) // timedelta(milliseconds=1)
