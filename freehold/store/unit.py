"""The unit of work: everything that one transaction writes. It rolls back unless the work returns.

Inserts wait until the end and go out together; updates go at once, because their guards decide.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import BulkWriteError

from freehold.documents import Document, OutboxRow
from freehold.events import Event, body_of
from freehold.ids import new_id
from freehold.store.driver import Database
from freehold.store.errors import Duplicate, Missing, Stale
from freehold.store.mapping import changed_fields, from_bson, to_bson
from freehold.store.reads import Reads
from freehold.telemetry.context import TraceContext

D = TypeVar("D", bound=Document)
Refusal = Exception | type[Exception]
Check = Callable[[dict[str, int]], Awaitable[None]]

DUPLICATE_KEY = 11000


class Unit(Reads):
    """Reads and writes of one transaction; made by `Store.transact`, gone with it."""

    def __init__(
        self,
        database: Database,
        session: AsyncClientSession,
        trace: TraceContext | None = None,
    ) -> None:
        super().__init__(database, session)
        self._transaction = session
        self._trace = trace
        self._inserts: dict[type[Document], list[tuple[Document, Refusal | None]]] = {}
        self._increments: list[tuple[type[Document], str, Mapping[str, int], Check]] = []
        self._emitted: dict[tuple[str, int], int] = {}

    @property
    def traceparent(self) -> str | None:
        """Where in its trace this happens, for rows that somebody else goes on from."""
        return self._trace.traceparent if self._trace else None

    async def require_version(self, kind: type[D], identifier: str, version: int) -> D:
        """Read a document that the caller last saw at `version`. Raises Missing, or Stale when it moved on."""
        found = await self.get(kind, identifier)
        if found is None:
            raise Missing(f"no {kind.__name__} {identifier}")
        if found.version != version:
            raise Stale(f"{identifier} is at version {found.version}, not {version}")
        return found

    def insert(self, document: Document, *, duplicate: Refusal | None = None) -> None:
        """Store a new document when the work is done; raise `duplicate` (or Duplicate) if a unique index refuses it."""
        self._inserts.setdefault(type(document), []).append((document, duplicate))

    async def update(
        self,
        before: D,
        after: D,
        *,
        deadlines: Mapping[str, float] | None = None,
        guard: Mapping[str, Any] | None = None,
    ) -> D:
        """Compare and set: store how `after` differs from `before`, if the document is still at `before`'s version.

        `deadlines` sets fields to the database's clock plus so many seconds; `guard` is a further filter. Returns what is
        stored now, one version up. Raises Stale when the document moved on, is gone, or the guard does not hold.
        """
        changed = changed_fields(before, after)
        filter_ = {"_id": before.id, "version": before.version, **(guard or {})}
        stale = Stale(f"{before.id} is no longer at version {before.version}")
        if not deadlines:
            change = {"$set": {**changed, "version": to_bson(before.version + 1)}}
            if await self._update(type(before), filter_, change) == 0:
                raise stale
            return msgspec.structs.replace(after, version=before.version + 1)
        values = {field: {"$literal": value} for field, value in changed.items()}
        due = {field: _database_now_plus(seconds) for field, seconds in deadlines.items()}
        pipeline = [{"$set": {**values, **due, "version": to_bson(before.version + 1)}}]
        command = {"findAndModify": type(before).collection, "query": filter_, "update": pipeline, "new": True}
        raw = await self.database.write_and_read(type(before), command, self._transaction)
        if raw is None:
            raise stale
        return from_bson(raw, type(before))

    async def increment(
        self, kind: type[Document], identifier: str, by: Mapping[str, int], *, guard: Mapping[str, Any] | None = None
    ) -> dict[str, int]:
        """Add to counters without a new version; answer how they stand now.

        Raises Stale when the guard does not hold or the document is gone.
        """
        (answer,) = await self.database.write([_increment(kind, {"_id": identifier, **(guard or {})}, by)], self._transaction)
        return _counters(answer, by, identifier)

    def increment_at_end(self, kind: type[Document], identifier: str, by: Mapping[str, int], check: Check) -> None:
        """Add to counters together with the inserts, and hand `check` how they stand then; what it raises undoes everything.

        For what the work itself need not know: it saves a trip. Raises Stale, then, when the document is gone.
        """
        self._increments.append((kind, identifier, by, check))

    async def delete(self, document: Document) -> None:
        """Remove a document that is still at this version. Raises Stale when it moved on."""
        filter_ = {"_id": document.id, "version": document.version}
        if await self._write({"delete": type(document).collection, "deletes": [{"q": filter_, "limit": 1}]}) == 0:
            raise Stale(f"{document.id} is no longer at version {document.version}")

    async def remove(self, kind: type[Document], ids: Sequence[str]) -> None:
        """Remove documents of a kind that is never changed, by their ids. Raises Stale unless all of them were there."""
        if await self._write({"delete": kind.collection, "deletes": [{"q": {"_id": {"$in": list(ids)}}, "limit": 0}]}) != len(
            ids
        ):
            raise Stale(f"some of {len(ids)} {kind.__name__} are gone")

    def emit(self, event: Event, aggregate: Document) -> None:
        """Store an event with this change; the connector carries it to its reactions after the commit."""
        n = self._emitted.get((aggregate.id, aggregate.version), 0)
        self._emitted[aggregate.id, aggregate.version] = n + 1
        row = OutboxRow(
            id=new_id("evt"),
            type=event.type,
            aggregate=aggregate.id,
            aggregate_version=aggregate.version,
            n=n,
            body=body_of(event),
            trace_id=self._trace.trace_id if self._trace else None,
            traceparent=self.traceparent,
            created_at=now(),
        )
        self.insert(row)

    async def flush(self) -> None:
        """Send what waits, all at once."""
        increments, self._increments = self._increments, []
        inserts, self._inserts = self._inserts, {}
        commands = [_increment(kind, {"_id": identifier}, by) for kind, identifier, by, _ in increments]
        commands += [_insertion(kind, [document for document, _ in rows]) for kind, rows in inserts.items()]
        if not commands:
            return
        answers = await self.database.write(commands, self._transaction)
        for answer, rows in zip(answers[len(increments) :], inserts.values(), strict=False):
            for fault in answer.get("writeErrors", ()):
                if fault["code"] == DUPLICATE_KEY:
                    raise _refusal(*rows[fault["index"]])
                raise BulkWriteError(answer)
        for answer, (_, identifier, by, check) in zip(answers, increments, strict=False):
            await check(_counters(answer, by, identifier))

    async def _update(self, kind: type[Document], filter_: Mapping[str, Any], change: Mapping[str, Any]) -> int:
        """Update at most one document; say how many met the filter."""
        return await self._write({"update": kind.collection, "updates": [{"q": filter_, "u": change}]})

    async def _write(self, command: dict[str, Any]) -> int:
        (answer,) = await self.database.write([command], self._transaction)
        if "writeErrors" in answer:
            raise BulkWriteError(answer)
        return int(answer["n"])


def now() -> datetime:
    """Read this process's clock: aware UTC, whole milliseconds. For records of the past, never for deadlines."""
    instant = datetime.now(UTC)
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


def _insertion(kind: type[Document], documents: Iterable[Document]) -> dict[str, Any]:
    return {"insert": kind.collection, "documents": [to_bson(document) for document in documents]}


def _increment(kind: type[Document], filter_: Mapping[str, Any], by: Mapping[str, int]) -> dict[str, Any]:
    fields = {"_id": 0, **dict.fromkeys(by, 1)}
    change = {"$inc": to_bson(dict(by))}
    return {"findAndModify": kind.collection, "query": filter_, "update": change, "new": True, "fields": fields}


def _counters(answer: Mapping[str, Any], by: Mapping[str, int], identifier: str) -> dict[str, int]:
    """Read how counters stand. Raises Stale when there was nothing to add to."""
    if answer["value"] is None:
        raise Stale(f"{identifier} is gone, or does not meet its guard")
    return {name: int(answer["value"][name]) for name in by}


def _refusal(document: Document, duplicate: Refusal | None) -> Refusal:
    return duplicate or Duplicate(f"{document.id} ({type(document).__name__}) is refused by a unique index")


def _database_now_plus(seconds: float) -> dict[str, Any]:
    return {"$dateAdd": {"startDate": "$$NOW", "unit": "millisecond", "amount": to_bson(round(seconds * 1000))}}
