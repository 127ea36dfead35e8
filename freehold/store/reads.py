"""Reading documents, inside a transaction or outside of one."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection

from freehold.documents import Document
from freehold.store.driver import READ_TIMEOUT_MS, Database
from freehold.store.errors import Missing
from freehold.store.mapping import from_bson, part_from_bson, projection_of

D = TypeVar("D", bound=Document)
T = TypeVar("T", bound=Struct)

Filter = Mapping[str, Any]
Sort = Sequence[tuple[str, int]]

NEWEST_FIRST: Final[Sort] = (("_id", -1),)
FIND_LIMIT: Final = 1_000


class Reads:
    """Typed reads. Filters are ours: a caller's value may stand in them only as a typed scalar."""

    def __init__(self, database: Database, session: AsyncClientSession | None = None) -> None:
        self.database = database
        self.session = session

    def collection(self, kind: type[Document]) -> AsyncCollection[dict[str, Any]]:
        """Give the raw collection of this kind, for the store's own modules."""
        return self.database.collection_of(kind)

    async def get(self, kind: type[D], identifier: str) -> D | None:
        """Read one document by its id."""
        return await self.first(kind, {"_id": identifier})

    async def require(self, kind: type[D], identifier: str) -> D:
        """Read one document by its id. Raises Missing when there is none."""
        found = await self.get(kind, identifier)
        if found is None:
            raise Missing(f"no {kind.__name__} {identifier}")
        return found

    async def first(self, kind: type[D], filter_: Filter, sort: Sort = ()) -> D | None:
        """Read the first document that matches."""
        question = {"filter": filter_, "sort": dict(sort), "limit": 1, "singleBatch": True}
        found = await self.database.read(kind, question, self.session)
        return from_bson(found[0], kind) if found else None

    async def find(self, kind: type[D], filter_: Filter, sort: Sort = NEWEST_FIRST, limit: int = FIND_LIMIT) -> list[D]:
        """Read at most `limit` documents that match, in this order."""
        found = await self.database.read(kind, {"filter": filter_, "sort": dict(sort), "limit": limit}, self.session)
        return [from_bson(raw, kind) for raw in found]

    async def find_parts(
        self, kind: type[Document], part: type[T], filter_: Filter, sort: Sort = NEWEST_FIRST, limit: int = FIND_LIMIT
    ) -> list[T]:
        """Read of at most `limit` documents that match only what `part` has fields for; its `id` is the document's."""
        question = {"filter": filter_, "sort": dict(sort), "limit": limit, "projection": projection_of(part)}
        return [part_from_bson(raw, part, kind) for raw in await self.database.read(kind, question, self.session)]

    async def find_ids(
        self, kind: type[Document], filter_: Filter, sort: Sort = NEWEST_FIRST, limit: int = FIND_LIMIT
    ) -> list[str]:
        """Read at most `limit` ids of documents that match, in this order, without the documents."""
        question = {"filter": filter_, "sort": dict(sort), "limit": limit, "projection": {"_id": 1}}
        return [str(raw["_id"]) for raw in await self.database.read(kind, question, self.session)]

    async def count(self, kind: type[Document], filter_: Filter, limit: int) -> int:
        """Count the documents that match, up to `limit`."""
        return await self.collection(kind).count_documents(filter_, session=self.session, limit=limit)

    async def aggregate(self, kind: type[Document], pipeline: Sequence[Filter], into: type[T]) -> list[T]:
        """Run an aggregation over this kind's collection and read its rows as `into`."""
        cursor = await self.collection(kind).aggregate(list(pipeline), session=self.session, maxTimeMS=READ_TIMEOUT_MS)
        return [msgspec.convert(raw, into) for raw in await cursor.to_list()]

    async def database_now(self) -> datetime:
        """Read the database's clock (aware UTC)."""
        pipeline: list[dict[str, Any]] = [{"$documents": [{}]}, {"$project": {"now": "$$NOW"}}]
        cursor = await self.database.aggregate(pipeline, session=self.session)
        row = await cursor.next()
        now: datetime = row["now"]
        return now
