"""The dispatcher: what is unsent in the outbox goes to the transport, then is marked as sent, under the leader's fence."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime

import msgspec
import structlog
from msgspec import Struct

from connector import metrics
from connector.database import Row
from connector.deliveries import Deliveries
from connector.denials import Denials
from connector.lease import Leadership, LeaseLost
from connector.outbox import Batch, Outbox, Unreadable, read_event
from connector.transport import SYSTEM, Outgoing, Transport
from freehold.catalogue import Catalogue
from freehold.events import EventEnvelope
from freehold.telemetry import tracing
from freehold.telemetry.context import TraceContext

log = structlog.get_logger()


class Route(Struct, frozen=True, kw_only=True):
    """Where events come from, where they go to, for whom, and who may send them."""

    outbox: Outbox
    transport: Transport
    catalogue: Catalogue
    leadership: Leadership


class Dispatcher:
    """Works only while this process leads. Any crash in between leaves rows unsent, and sending them again is harmless."""

    def __init__(self, route: Route, *, parking: Deliveries, batch: int) -> None:
        self._route = route
        self._parking = parking
        self._batch = batch
        self._denials = Denials()

    def turn(self) -> bool:
        """Dispatch one batch. Returns True when there may be more at once."""
        held = self._route.leadership.keep()
        if held is None:
            return False
        batch = self._route.outbox.unsent(self._batch, without=self._denials.postponed())
        if batch.read_at is None:
            return False
        settled, denied = self._send(batch, batch.read_at)
        try:
            self._route.outbox.mark_sent(settled, held, self._route.leadership)
        except LeaseLost:
            log.warning("lease_lost", role="dispatcher", fence=held.fence, unmarked=len(settled))
            return False
        return len(batch.rows) == self._batch and bool(settled or denied)

    def _send(self, batch: Batch, now: datetime) -> tuple[list[object], frozenset[str]]:
        """Hand a batch to the transport; return the row ids that are taken care of, and those that got a no."""
        parked: list[object] = []
        outgoing: list[Outgoing] = []
        for row in batch.rows:
            try:
                outgoing.append(address(row, self._route.catalogue))
            except Unreadable as error:
                self._parking.park_unreadable(row["_id"], str(error), now)
                parked.append(row["_id"])
                log.error("event_unreadable", event_id=str(row["_id"]))  # noqa: TRY400 - the reason is parked with it
        with _sending(outgoing) as traced:
            acknowledged = self._route.transport.send(traced, now)
        denied = self._route.transport.denied
        self._denials.note(item.event for item in outgoing if item.event.id in denied)
        metrics.DISPATCHED.inc(len(acknowledged))
        for item in outgoing:
            if item.event.id in acknowledged:
                log.debug("event_dispatched", reactions=item.reactions, **_ids(item.event))
        return [*parked, *acknowledged], denied


def _ids(event: EventEnvelope) -> dict[str, str | None]:
    return {"event_id": event.id, "type": event.type, "trace_id": event.trace_id}


@contextmanager
def _sending(outgoing: list[Outgoing]) -> Iterator[list[Outgoing]]:
    """Give each event the place in its trace at which it is sent. What was stored without one goes as it is."""
    with ExitStack() as spans:
        yield [spans.enter_context(_sent_in_trace(item)) for item in outgoing]


@contextmanager
def _sent_in_trace(item: Outgoing) -> Iterator[Outgoing]:
    parent = TraceContext.read(item.event.traceparent)
    if parent is None:
        yield item
        return
    attributes = {
        "messaging.system": SYSTEM, "messaging.operation.name": "send", "messaging.operation.type": "send",
        "messaging.destination.name": item.event.type, "messaging.message.id": item.event.id,
    }  # fmt: skip
    with tracing.start(f"send {item.event.type}", kind="producer", parent=parent, attributes=attributes) as span:
        event = msgspec.structs.replace(item.event, traceparent=span.context.traceparent)
        yield Outgoing(event, item.reactions, item.again)


def address(row: Row, catalogue: Catalogue) -> Outgoing:
    """Read a row's event and look up whom it is for; an event that nobody wants is for nobody. Raises Unreadable."""
    event = read_event(row)
    return Outgoing(event, tuple(entry.name for entry in catalogue.reactions_to(event.type)))
