"""What an event is, and how it travels."""

from typing import Any, ClassVar

import msgspec
from msgspec import Struct


class Event(Struct, frozen=True, kw_only=True):
    """Something that happened to one aggregate. `type` names it; `schema_version` rises when a field's meaning changes."""

    type: ClassVar[str]
    schema_version: ClassVar[int] = 1


class EventEnvelope(Struct, frozen=True, kw_only=True):
    """An event on its way to a reaction: what the connector posts, in a list, to a function."""

    id: str
    type: str
    aggregate: str
    aggregate_version: int
    n: int
    body: dict[str, Any]
    trace_id: str | None = None
    traceparent: str | None = None


def all_events() -> dict[str, type[Event]]:
    """Map every event's type to its class (classes without a type of their own are not events)."""
    found: dict[str, type[Event]] = {}
    pending = list(Event.__subclasses__())
    while pending:
        kind = pending.pop()
        pending.extend(kind.__subclasses__())
        if "type" in vars(kind):
            found[kind.type] = kind
    return dict(sorted(found.items()))


def body_of(event: Event) -> dict[str, Any]:
    """Turn an event into the plain body that the outbox stores."""
    body: dict[str, Any] = msgspec.to_builtins(event)
    return body
