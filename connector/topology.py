"""What the connector has at the broker: one exchange, one queue per reaction, one for what the queues gave up.

All names begin with the database's, so that installations may share a broker. Declaring is idempotent; the arguments of a
queue can never be changed, so none of them is a setting.
"""

from typing import Any, Final

from kombu import Exchange, Queue
from msgspec import Struct

from freehold.catalogue import Catalogue

DELIVERY_LIMIT: Final = 100
"""How often a queue gives a message out again before it gives it up. The connector gives up earlier; this is the net below."""

DEAD: Final = "dead"


class Topology(Struct, frozen=True):
    """Names and declarations, made from the catalogue."""

    namespace: str
    catalogue: Catalogue

    @property
    def exchange(self) -> str:
        """Where events are published, by their type."""
        return f"{self.namespace}.events"

    @property
    def dead(self) -> str:
        """The queue of what other queues gave up. No reaction can have this name: theirs have a dash."""
        return f"{self.namespace}.{DEAD}"

    @property
    def reactions(self) -> tuple[str, ...]:
        """The reactions that have a queue."""
        return tuple(entry.name for entry in self.catalogue.functions if entry.kind == "reaction")

    def queue(self, reaction: str) -> str:
        """Name a reaction's queue."""
        return f"{self.namespace}.{reaction}"

    def reaction(self, queue: str) -> str:
        """Name the reaction that a queue is for."""
        return queue.removeprefix(f"{self.namespace}.")

    def declare(self, channel: Any) -> None:  # noqa: ANN401 - kombu has no types
        """Declare all of it."""
        Exchange(self.exchange, type="topic", durable=True)(channel).declare()
        self._queue(self.dead, {})(channel).declare()
        for entry in self.catalogue.functions:
            if entry.kind == "reaction":
                self._declare_reaction(channel, entry.name, entry.events)

    def unbind(self, channel: Any, queue: str, event_type: str) -> None:  # noqa: ANN401
        """Let a queue get no more events of a type; one that is not bound stays so."""
        channel.queue_unbind(queue, self.exchange, event_type)

    def _declare_reaction(self, channel: Any, reaction: str, events: tuple[str, ...]) -> None:  # noqa: ANN401
        given_up = {
            "x-delivery-limit": DELIVERY_LIMIT,
            "x-dead-letter-exchange": "",
            "x-dead-letter-routing-key": self.dead,
            "x-dead-letter-strategy": "at-least-once",
            "x-overflow": "reject-publish",
        }
        self._queue(self.queue(reaction), given_up)(channel).declare()
        for event_type in events:
            channel.queue_bind(self.queue(reaction), self.exchange, event_type)

    def _queue(self, name: str, arguments: dict[str, object]) -> Queue:
        return Queue(name, durable=True, queue_arguments={"x-queue-type": "quorum", **arguments})
