"""What travels through a broker: an event as JSON, and what its headers say about the try. Pure: no I/O."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from freehold.events import EventEnvelope

AGAIN: Final = "freehold-fence"
"""This header marks what was sent to one reaction's queue again; it holds the delivery's fence, 0 if none is stored."""

ATTEMPTS: Final = "freehold-attempts"
RETURNED: Final = "x-delivery-count"
ACQUIRED: Final = "x-acquired-count"
"""RabbitMQ 4 counts here what came back because its consumer went away; 3 counts that with the others."""
DEAD: Final = "x-death"
QUEUE_LIMIT: Final = 255
BODY_LIMIT_BYTES: Final = 1_048_576
DEPTH_LIMIT: Final = 100


class Undecodable(Exception):  # noqa: N818 - it names what is wrong
    """A message holds no event; the message says why."""


class Letter(Struct, frozen=True, kw_only=True):
    """A message on its way to the broker: `id` is how its confirmation is told apart, `queue` is empty for all who want it.

    `due_at` decides on its turn, if that is not the time of sending.
    """

    id: str
    event: EventEnvelope
    queue: str = ""
    headers: dict[str, int] = {}
    due_at: datetime | None = None


class Try(Struct, frozen=True, kw_only=True):
    """What a message says about itself: its event, the number of this try, the stored delivery's fence (0: none is).

    `first_hand` is true when nobody can have had it before.
    """

    event: EventEnvelope
    attempts: int
    fence: int
    first_hand: bool


class Death(Struct, frozen=True):
    """Why a queue gave a message up: `expired` (nobody took it in time), `delivery_limit` (it always came back), or else."""

    queue: str
    reason: Literal["expired", "delivery_limit", "other"]


def encode(event: EventEnvelope) -> bytes:
    """Write an event as a message's body."""
    return msgspec.json.encode(event)


def read(body: object, headers: Mapping[str, Any], *, redelivered: bool) -> Try:
    """Read a message. Raises Undecodable."""
    fence = headers.get(AGAIN)
    returned = max(_whole(headers.get(RETURNED)), _whole(headers.get(ACQUIRED)))
    return Try(
        event=read_event(body),
        attempts=max(_whole(headers.get(ATTEMPTS)), 1) + returned,
        fence=_whole(fence),
        first_hand=fence is None and not returned and not redelivered,
    )


def read_event(body: object) -> EventEnvelope:
    """Read the event in a message's body. Raises Undecodable."""
    if not isinstance(body, bytes | str):
        raise Undecodable("the body is no text")
    if len(body) > BODY_LIMIT_BYTES:
        raise Undecodable(f"{len(body)} bytes are more than an event may have")
    try:
        event = msgspec.json.decode(body, type=EventEnvelope)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Undecodable(str(error)) from error
    if not _can_be_stored(msgspec.to_builtins(event), DEPTH_LIMIT):
        raise Undecodable("it holds what cannot be stored: a number of more than 64 bits, a name with a NUL, too many levels")
    return event


def foreign_id(body: bytes) -> str:
    """Name a message that holds no event: the same one by the same name, and never by an event's."""
    return f"foreign_{hashlib.sha256(body).hexdigest()[:32]}"


def death_of(headers: Mapping[str, Any]) -> Death:
    """Read why a message was given up for the last time; whatever cannot be read is `other`."""
    deaths = headers.get(DEAD)
    latest = deaths[0] if isinstance(deaths, list) and deaths and isinstance(deaths[0], dict) else {}
    queue, reason = str(latest.get("queue", ""))[:QUEUE_LIMIT], latest.get("reason")
    if reason == "expired":
        return Death(queue, "expired")
    return Death(queue, "delivery_limit" if reason == "delivery_limit" else "other")


def _can_be_stored(value: object, levels: int) -> bool:
    """Whether a document can hold this; if not, its outcome could never be stored, and it would come again for ever."""
    if isinstance(value, dict):
        return levels > 0 and all("\0" not in name and _can_be_stored(each, levels - 1) for name, each in value.items())
    if isinstance(value, list):
        return levels > 0 and all(_can_be_stored(each, levels - 1) for each in value)
    return not isinstance(value, int) or -(2**63) <= value < 2**63


def _whole(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31 else 0
