"""What carries events from the dispatcher to the reactions, behind one small protocol.

MongoDB is the transport that needs no broker (`connector.deliveries`). A broker joins here: its transport acknowledges
what it has confirmed, and brings an entrypoint of its own; everything else stays.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from freehold.events import EventEnvelope


class UnknownTransport(Exception):  # noqa: N818 - it names what is wrong
    """The settings ask for a transport that is not there."""


class Outgoing(Struct, frozen=True):
    """An event and the reactions that it is for."""

    event: EventEnvelope
    reactions: tuple[str, ...]


class Transport(Protocol):
    """Takes events in charge. Both questions may be asked twice about the same event without harm."""

    def send(self, outgoing: Sequence[Outgoing], now: datetime) -> set[str]:
        """Store what is going out, safe against any crash; return the ids of the events that are. `now` is the database's."""

    def lacking(self, outgoing: Sequence[Outgoing]) -> list[Outgoing]:
        """Say which of these are neither delivered nor on their way, each with those reactions only."""


def refuse_broker(amqp_uri: str | None) -> None:
    """Raise UnknownTransport when a broker is asked for."""
    if amqp_uri:
        raise UnknownTransport(
            "AMQP_URI is set, but this version carries events through MongoDB alone: unset AMQP_URI and start again"
        )
