"""RabbitMQ as a Transport. Its queues hold what nobody has tried yet; what was tried stands in `deliveries`, as without it.

So an admin sees and replays parked deliveries as ever, a pause may be as long as it likes, and a broker that lost
everything is filled again: with events that have no delivery, and with deliveries that are due.
"""

from collections.abc import Sequence
from datetime import datetime

from connector.database import LONG_AGO
from connector.deliveries import Claim, Deliveries
from connector.messages import AGAIN, ATTEMPTS, Letter
from connector.publishing import Publisher
from connector.topology import Topology
from connector.transport import Outgoing


class Exchange:
    """A Transport over a publisher, and the stored deliveries."""

    def __init__(self, publisher: Publisher, topology: Topology, deliveries: Deliveries) -> None:
        self._publisher = publisher
        self._topology = topology
        self._deliveries = deliveries

    @property
    def epoch(self) -> int:
        """Rises with a connection that follows a fault, or a missing queue: what the broker held may be gone."""
        return self._publisher.link.doubts

    @property
    def denied(self) -> frozenset[str]:
        """The ids of the latest batch that fit no queue, or that the broker refused."""
        return self._publisher.denied

    def send(self, outgoing: Sequence[Outgoing], now: datetime) -> set[str]:
        """Publish each event once, for all who want it, or again for those who lack it. What is for nobody is not published."""
        letters = {item.event.id: self._letters(item) for item in outgoing}
        taken = self._publisher.publish([letter for own in letters.values() for letter in own], now)
        return {event_id for event_id, own in letters.items() if all(letter.id in taken for letter in own)}

    def _letters(self, item: Outgoing) -> list[Letter]:
        if not item.again:
            return [Letter(id=item.event.id, event=item.event)] if item.reactions else []
        return [
            Letter(id=f"{item.event.id}:{name}", event=item.event, queue=self._topology.queue(name), headers={AGAIN: 0})
            for name in item.reactions
        ]

    def lacking(self, outgoing: Sequence[Outgoing]) -> list[Outgoing]:
        """Say for which events and reactions no outcome is stored."""
        return self._deliveries.lacking(outgoing)

    def busy(self) -> frozenset[str]:
        """Name the reactions whose queue holds messages, or is not known to be empty: theirs may be on their way."""
        return frozenset(name for name in self._topology.reactions if self._publisher.depth(self._topology.queue(name)) != 0)

    def is_reachable(self) -> bool:
        """Whether the broker answers just now."""
        return self._publisher.depth(self._topology.dead) is not None

    def resend(self, claims: Sequence[Claim]) -> set[str]:
        """Send stored deliveries to their queues; return the ids of those that the broker has in charge."""
        letters = [
            Letter(
                id=claim.id,
                event=claim.event,
                queue=self._topology.queue(claim.due.reaction),
                headers={AGAIN: claim.fence, ATTEMPTS: claim.attempts},
                due_at=claim.due.due_at,
            )
            for claim in claims
            if claim.event is not None
        ]
        return self._publisher.publish(letters, LONG_AGO)
