"""Answering the doors: the connector's events, the scheduler's ticks. Each event has one effect, however often it comes."""

from typing import Final

import msgspec
import structlog
from msgspec import Struct
from structlog.contextvars import bind_contextvars

from freehold.documents import InboxRow, Position
from freehold.edge.call import AlreadyDone, Call, Services, Swept
from freehold.edge.declare import Declaration
from freehold.edge.decoding import convert
from freehold.edge.problems import Invalid, MalformedBody
from freehold.events import Event, EventEnvelope, all_events
from freehold.store import Unit
from freehold.telemetry.context import TraceContext

MOST_EVENTS: Final = 100

log = structlog.get_logger()


class Outcome(Struct, frozen=True):
    """What became of one event."""

    id: str
    result: str


async def answer_events(services: Services, declaration: Declaration, raw: bytes, trace: TraceContext) -> list[Outcome]:
    """Let a reaction have its effect of each event, in order. Raises what the first failing one raised."""
    try:
        envelopes = msgspec.json.decode(raw, type=list[EventEnvelope])
    except (msgspec.DecodeError, RecursionError) as error:
        raise MalformedBody(f"A list of events is expected: {error}") from error
    if len(envelopes) > MOST_EVENTS:
        raise Invalid(f"At most {MOST_EVENTS} events at once.")
    return [Outcome(envelope.id, await _react(services, declaration, envelope, trace)) for envelope in envelopes]


async def answer_tick(services: Services, declaration: Declaration, trace: TraceContext) -> Swept:
    """Let a sweep do what is due."""
    call = Call(services, declaration, trace=trace)
    result = await declaration.handler(call)
    swept = result if isinstance(result, Swept) else Swept(done=int(result))
    if not swept.done:
        return msgspec.structs.replace(swept, more=False)  # a full batch of which nothing could be done waits for the next tick
    log.info("swept", done=swept.done)
    return swept


async def _react(services: Services, declaration: Declaration, envelope: EventEnvelope, called_in: TraceContext) -> str:
    event = _decode(declaration, envelope)
    call = Call(services, declaration, trace=_trace_of(envelope, called_in), envelope=envelope)
    bind_contextvars(trace_id=call.trace_id, event_id=envelope.id)
    if await call.store.get(InboxRow, call.inbox_id) is not None:
        return "duplicate"
    try:
        if not declaration.transaction:
            await declaration.handler(call, event)
            return "done"
        return await call.in_own_transaction(lambda unit: _effect(call, unit, event), finish=True)
    except AlreadyDone:
        return "duplicate"


def _trace_of(envelope: EventEnvelope, called_in: TraceContext) -> TraceContext:
    """Go on in the event's own trace. The call that brings it is a part of that, if it does not bring several."""
    own = TraceContext.read(envelope.traceparent)
    return called_in if own is None or own.trace_id == called_in.trace_id else own


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
