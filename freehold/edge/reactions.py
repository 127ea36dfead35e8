"""Answering the doors: the connector's events, the scheduler's ticks. Each event has one effect, however often it comes."""

from typing import Final

import msgspec
import structlog
from msgspec import Struct

from freehold.documents import InboxRow, Position
from freehold.edge.call import AlreadyDone, Call, Services, Swept
from freehold.edge.declare import Declaration
from freehold.edge.decoding import convert
from freehold.edge.problems import Invalid, MalformedBody
from freehold.events import Event, EventEnvelope, all_events
from freehold.store import Unit

MOST_EVENTS: Final = 100

log = structlog.get_logger()


class Outcome(Struct, frozen=True):
    """What became of one event."""

    id: str
    result: str


async def answer_events(services: Services, declaration: Declaration, raw: bytes) -> list[Outcome]:
    """Let a reaction have its effect of each event, in order. Raises what the first failing one raised."""
    try:
        envelopes = msgspec.json.decode(raw, type=list[EventEnvelope])
    except (msgspec.DecodeError, RecursionError) as error:
        raise MalformedBody(f"A list of events is expected: {error}") from error
    if len(envelopes) > MOST_EVENTS:
        raise Invalid(f"At most {MOST_EVENTS} events at once.")
    return [Outcome(envelope.id, await _react(services, declaration, envelope)) for envelope in envelopes]


async def answer_tick(services: Services, declaration: Declaration, trace_id: str) -> Swept:
    """Let a sweep do what is due."""
    call = Call(services, declaration, trace_id=trace_id)
    result = await declaration.handler(call)
    swept = result if isinstance(result, Swept) else Swept(done=int(result))
    if not swept.done:
        return Swept(done=0)  # a full batch of which nothing could be done waits for the next tick
    log.info("swept", function=declaration.name, done=swept.done, trace_id=trace_id)
    return swept


async def _react(services: Services, declaration: Declaration, envelope: EventEnvelope) -> str:
    event = _decode(declaration, envelope)
    call = Call(services, declaration, trace_id=envelope.trace_id or envelope.id, envelope=envelope)
    if await call.store.get(InboxRow, call.inbox_id) is not None:
        return "duplicate"
    try:
        if not declaration.transaction:
            await declaration.handler(call, event)
            return "done"
        return await call.in_own_transaction(lambda unit: _effect(call, unit, event), finish=True)
    except AlreadyDone:
        return "duplicate"


async def _effect(call: Call, unit: Unit, event: Event) -> str:
    if call.declaration.newest_only and not await _advance(call, unit):
        return "duplicate"
    await call.declaration.handler(call, event)
    return "done"


async def _advance(call: Call, unit: Unit) -> bool:
    """Move this reaction's position in the aggregate to this event; False when it has passed it already."""
    envelope = call.envelope
    here = (envelope.aggregate_version, envelope.n)
    position_id = f"{call.declaration.name}:{envelope.aggregate}"
    position = await unit.get(Position, position_id)
    if position is None:
        unit.insert(Position(id=position_id, aggregate_version=here[0], n=here[1]))
        return True
    if (position.aggregate_version, position.n) >= here:
        return False
    await unit.update(position, msgspec.structs.replace(position, aggregate_version=here[0], n=here[1]))
    return True


def _decode(declaration: Declaration, envelope: EventEnvelope) -> Event:
    kind = all_events().get(envelope.type)
    if kind is None or envelope.type not in declaration.events:
        raise Invalid(f"{declaration.name} does not take events of type {envelope.type!r}.")
    return convert(envelope.body, kind, "event")
