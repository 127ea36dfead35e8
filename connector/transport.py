"""What carries events from the dispatcher to the reactions, behind one small protocol.

MongoDB is the transport that needs no broker (`connector.deliveries`), RabbitMQ the other one (`connector.exchange`); each
brings an entrypoint of its own, everything else is shared.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Protocol

from msgspec import Struct

from freehold.events import EventEnvelope

SYSTEM: Final = "freehold"
"""What spans call that which carries our events, whichever transport it is."""

REFUSED_S: Final = 5.0
"""How long what got a plain no is left alone."""


class Outgoing(Struct, frozen=True):
    """An event and the reactions that it is for. `again`: it was sent to all before, and these seem to lack it."""

    event: EventEnvelope
    reactions: tuple[str, ...]
    again: bool = False


class Transport(Protocol):
    """Takes events in charge. Everything may be asked twice about the same event without harm."""

    @property
    def epoch(self) -> int:
        """Rises whenever what the transport holds may have been lost."""

    @property
    def denied(self) -> frozenset[str]:
        """The ids of the latest batch that got a plain no; trying them again at once is pointless."""

    def busy(self) -> frozenset[str]:
        """Name the reactions for which `lacking` cannot tell what is missing from what is on its way."""

    def send(self, outgoing: Sequence[Outgoing], now: datetime) -> set[str]:
        """Store what is going out, safe against any crash; return the ids of the events that are. `now` is the database's."""

    def lacking(self, outgoing: Sequence[Outgoing]) -> list[Outgoing]:
        """Say which of these are neither delivered nor on their way, each with those reactions only."""
