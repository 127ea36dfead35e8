"""Deliveries in MongoDB: one document per event and reaction, from waiting over claimed to done or parked.

This is the transport that needs no broker. Every change of a claimed delivery carries the claim's fence; a claim that
ran out is taken again, with a higher fence, and what its former holder still writes matches nothing.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec import Struct
from pymongo import ReturnDocument
from pymongo.database import Database
from pymongo.errors import BulkWriteError, DuplicateKeyError

from connector.database import LONG_AGO, Row, Rows, has_passed, now_plus, one_more
from connector.lanes import Due
from connector.transport import Outgoing
from connector.verdicts import Step
from freehold.documents import Delivery
from freehold.documents.delivery import UNREADABLE
from freehold.events import EventEnvelope

DUPLICATE_KEY: Final = 11000
ERROR_LIMIT: Final = 500
FOREIGN_LIMIT_BYTES: Final = 16_384

TAKEABLE_STATES: Final = ("waiting", "claimed")

_TAKEABLE: Final[Row] = {"state": {"$in": list(TAKEABLE_STATES)}, **has_passed("due_at")}
_FOR_DUE: Final = {"reaction": 1, "due_at": 1, "event.aggregate": 1, "event.aggregate_version": 1, "event.n": 1}


class Claim(Struct, frozen=True, kw_only=True):
    """A delivery that is ours until its claim runs out. `event` is None when what is stored is no event.

    A fence of 0 is a delivery that only a broker holds: nothing is stored of it yet.
    """

    id: str
    due: Due
    fence: int
    attempts: int
    event: EventEnvelope | None


class Deliveries:
    """The collection `deliveries`, as the connector uses it; also a Transport."""

    def __init__(self, database: Database[Row]) -> None:
        self._rows: Rows = database.get_collection(Delivery.collection)
        self._denied: frozenset[str] = frozenset()

    @property
    def epoch(self) -> int:
        """Never rises: what is stored here stays."""
        return 0

    @property
    def denied(self) -> frozenset[str]:
        """The ids of the latest batch of which the database refused a delivery."""
        return self._denied

    def busy(self) -> frozenset[str]:
        """Name the reactions whose deliveries may be on their way unseen: none, a delivery is here or it is not."""
        return frozenset()

    def send(self, outgoing: Sequence[Outgoing], now: datetime) -> set[str]:
        """Store a delivery for each event and reaction. One that is there already stays as it is."""
        rows = [_new_row(item.event, reaction, now) for item in outgoing for reaction in item.reactions]
        self._denied = frozenset(row["event_id"] for row in self._insert(rows))
        return {item.event.id for item in outgoing} - self._denied

    def lacking(self, outgoing: Sequence[Outgoing]) -> list[Outgoing]:
        """Say for which events and reactions there is no delivery in any state."""
        wanted = [_delivery_id(item.event.id, reaction) for item in outgoing for reaction in item.reactions]
        there = {row["_id"] for row in self._rows.find({"_id": {"$in": wanted}}, {"_id": 1})}
        left = [
            Outgoing(
                item.event, tuple(name for name in item.reactions if _delivery_id(item.event.id, name) not in there), again=True
            )
            for item in outgoing
        ]
        return [item for item in left if item.reactions]

    def park_unreadable(self, identifier: object, error: str, now: datetime) -> None:
        """Park a row of the outbox that is no event; replaying it sends the row through the dispatcher again."""
        event_id = str(identifier)[:ERROR_LIMIT]
        row = {
            **_row(event_id, UNREADABLE, {"id": event_id}, now),
            "state": "parked", "parked_at": now, "error": f"the outbox row is no event: {error}"[:ERROR_LIMIT],
        }  # fmt: skip
        self._insert([row])

    def park_foreign(self, identifier: str, reaction: str, body: bytes, error: str) -> None:
        """Park what came to a reaction's queue and is no event, with its first bytes; a replay can only park it again."""
        row = {
            **_row(identifier, reaction, {"id": identifier, "bytes": body[:FOREIGN_LIMIT_BYTES]}, LONG_AGO),
            "state": "parked", "error": f"the message is no event: {error}"[:ERROR_LIMIT],
        }  # fmt: skip
        whole = {name: {"$literal": value} for name, value in row.items()}
        stamps = dict.fromkeys(("due_at", "created_at", "parked_at"), "$$NOW")
        self._rows.update_one({"_id": row["_id"]}, [{"$set": whole | stamps}], upsert=True)

    def due(self, *, limit: int, without: Sequence[str], states: Sequence[str] = TAKEABLE_STATES) -> list[Due]:
        """Find what may be claimed, oldest first, leaving out some reactions."""
        wanted = {
            **_TAKEABLE,
            "state": {"$in": list(states)},
            "_id": {"$type": "string"},
            **({"reaction": {"$nin": list(without)}} if without else {}),
        }
        found = self._rows.find(wanted, _FOR_DUE).sort([("due_at", 1), ("_id", 1)]).limit(limit)
        return [_due(row) for row in found]

    def claim(self, due: Due, lease_s: float) -> Claim | None:
        """Claim one delivery by its id. Returns None when somebody else was quicker."""
        claimed: Row = {
            "state": "claimed", "due_at": now_plus(lease_s),
            **{counter: one_more(counter) for counter in ("fence", "attempts", "version")},
        }  # fmt: skip
        row = self._rows.find_one_and_update(
            {"_id": due.id, **_TAKEABLE}, [{"$set": claimed}], return_document=ReturnDocument.AFTER
        )
        if row is None:
            return None
        return Claim(id=due.id, due=due, fence=row["fence"], attempts=row["attempts"], event=_event(row.get("event")))

    def settle(self, claim: Claim, step: Step) -> bool:
        """Store what a claim came to. Returns False when the claim is no longer ours; then nothing is stored."""
        if claim.fence == 0:
            return self._record(claim, step)
        ours = {"_id": claim.id, "state": "claimed", "fence": claim.fence}
        return self._rows.update_one(ours, [{"$set": _outcome(step)}]).matched_count == 1

    def hand_back(self, claim: Claim, delay_s: float) -> None:
        """Let a claim go as if it had not been taken; it may be taken again after so long."""
        ours = {"_id": claim.id, "state": "claimed", "fence": claim.fence}
        before = {"state": "waiting", "due_at": now_plus(delay_s), "attempts": claim.attempts - 1}
        self._rows.update_one(ours, [{"$set": {**before, "version": one_more("version")}}])

    def awaits(self, claim: Claim) -> bool:
        """Say whether nobody has settled this try yet."""
        row = self._rows.find_one({"_id": claim.id}, {"state": 1, "fence": 1})
        if row is None:
            return claim.fence == 0
        return (row["state"], row["fence"]) == ("claimed", claim.fence)

    def _record(self, claim: Claim, step: Step) -> bool:
        """Store what the first try of a delivery came to, of which nothing is stored. Returns False if something is."""
        event = msgspec.to_builtins(claim.event, builtin_types=(datetime, bytes))
        row = _row(claim.due.id.partition(":")[0], claim.due.reaction, event, LONG_AGO) | {"attempts": claim.attempts}
        whole = {name: {"$literal": value} for name, value in row.items()} | {"due_at": "$$NOW", "created_at": "$$NOW"}
        try:
            self._rows.update_one({"_id": claim.id, "version": -1}, [{"$set": whole}, {"$set": _outcome(step)}], upsert=True)
        except DuplicateKeyError:
            return False
        return True

    def _insert(self, rows: list[Row]) -> list[Row]:
        """Insert what is not there yet; return the rows that the database refused."""
        if not rows:
            return []
        try:
            self._rows.insert_many(rows, ordered=False)
        except BulkWriteError as error:
            if error.details.get("writeConcernErrors"):
                raise  # nothing is known to be safe
            return [fault["op"] for fault in error.details["writeErrors"] if fault["code"] != DUPLICATE_KEY]
        return []


def _outcome(step: Step) -> Row:
    error = None if step.error is None else step.error[:ERROR_LIMIT]
    return {"error": {"$literal": error}, "version": one_more("version"), **_change(step)}


def _change(step: Step) -> Row:
    if step.kind == "done":
        return {"state": "done", "done_at": "$$NOW"}
    if step.kind == "park":
        return {"state": "parked", "parked_at": "$$NOW"}
    return {"state": "waiting", "due_at": now_plus(step.delay_s)}


def _delivery_id(event_id: str, reaction: str) -> str:
    return f"{event_id}:{reaction}"


def _new_row(event: EventEnvelope, reaction: str, now: datetime) -> Row:
    return _row(event.id, reaction, msgspec.to_builtins(event, builtin_types=(datetime, bytes)), now)


def _row(event_id: str, reaction: str, event: Row, now: datetime) -> Row:
    delivery = Delivery(
        id=_delivery_id(event_id, reaction), event_id=event_id, reaction=reaction, event=event, due_at=now, created_at=now
    )
    row: Row = msgspec.to_builtins(delivery, builtin_types=(datetime, bytes))
    return row


def _due(row: Row) -> Due:
    event = row.get("event")
    stored: Row = event if isinstance(event, dict) else {}
    due_at = row["due_at"]
    return Due(
        id=row["_id"],
        reaction=str(row.get("reaction")),
        due_at=due_at if isinstance(due_at, datetime) else LONG_AGO,
        aggregate=str(stored.get("aggregate")),
        aggregate_version=_whole(stored.get("aggregate_version")),
        n=_whole(stored.get("n")),
    )


def _whole(value: Any) -> int:  # noqa: ANN401 - whatever is stored
    return value if isinstance(value, int) else 0


def _event(stored: object) -> EventEnvelope | None:
    try:
        return msgspec.convert(stored, EventEnvelope)
    except msgspec.ValidationError:
        return None
