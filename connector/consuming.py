"""Our nameko entrypoint for RabbitMQ: messages come in, fire the method, and are acknowledged once the outcome is stored.

nameko's own consumer loses the acknowledgements of work in flight when it stops, and dies of a broken pipe; this one
does neither. A message whose outcome cannot be stored stays unacknowledged and keeps its place until it can be.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

import eventlet
import structlog
from nameko.containers import WorkerContext
from nameko.extensions import Entrypoint

from connector.broker import BROKER_ERRORS, close
from connector.database import LONG_AGO
from connector.deliveries import Claim
from connector.lanes import Due
from connector.loops import Loop
from connector.messages import Try, Undecodable, death_of, foreign_id, read
from connector.parts import PARTS, Broker, Parts
from connector.verdicts import ExcInfo, Step, Verdict, failed

LOOK_AHEAD: Final = 4
"""How many messages of a reaction are held per place, so that those which wait for their line do not hide the others."""

TICK_S: Final = 1.0
UNUSABLE_S: Final = 30.0
CHECK_S: Final = 0.02

log = structlog.get_logger()


class Arrived(Due, frozen=True, kw_only=True):
    """A delivery in a message: what it says of itself, and the channel and tag by which it is acknowledged."""

    said: Try
    channel: Any
    tag: int

    @property
    def claim(self) -> Claim:
        """See it as the delivery that is tried."""
        return Claim(id=self.id, due=self, fence=self.said.fence, attempts=self.said.attempts, event=self.said.event)


class OnMessage(Entrypoint):  # type: ignore[misc] # nameko has no types
    """Consumes every reaction's queue, as far as the lanes have room, and what these queues gave up."""

    def __init__(self, **options: object) -> None:
        self._connection: Any = None
        self._channel: Any = None
        self._consumers: dict[str, str] = {}
        self._asking = ""
        self._unusable_until_s: dict[str, float] = {}
        self._stopping = False
        super().__init__(**options)

    def setup(self) -> None:
        """Find the parts."""
        self.parts: Parts = self.container.config[PARTS]
        self.broker: Broker = self.container.config[PARTS].broker
        self.storing = Loop("store outcomes", interval_s=self.parts.settings.poll_s)

    def start(self) -> None:
        """Begin to consume."""
        self._thread = self.container.spawn_managed_thread(self._run, identifier="consume")

    def stop(self) -> None:
        """Take no more, wait for what is in flight (main has the deadline), let the broker read the last acknowledgements."""
        self._stopping = True
        self.parts.lanes.forget()
        self._cancel()
        while len(self.parts.lanes):
            eventlet.sleep(CHECK_S)
        self._thread.kill()
        if self._connection is not None:
            close(self._connection)

    def kill(self) -> None:
        """End at once."""
        self._stopping = True
        self._thread.kill()

    def _run(self) -> None:
        while True:
            try:
                self._listen()
            except BROKER_ERRORS as error:
                self._note_unusable(error)
                self.broker.consuming.lose(error)
            self._let_go()
            eventlet.sleep(self.broker.consuming.wait_s)

    def _listen(self) -> None:
        """Consume until the connection breaks, which raises one of BROKER_ERRORS."""
        link, settings = self.broker.consuming, self.parts.settings
        self._connection = connection = link.open()
        channel = connection.channel()
        channel.basic_qos(0, min(settings.concurrency, LOOK_AHEAD * settings.concurrency_per_reaction), False)
        self._channel = channel
        wanted: dict[str, Callable[[Any], None]] = {link.topology.dead: self._bury}
        wanted |= {link.topology.queue(name): partial(self._arrive, name) for name in link.topology.reactions}
        tick_s = min(TICK_S, settings.amqp_heartbeat_s / 4)
        while True:
            self._subscribe(channel, wanted)
            link.see()
            with suppress(TimeoutError):
                connection.drain_events(timeout=tick_s)
            connection.heartbeat_tick()

    def _subscribe(self, channel: Any, wanted: dict[str, Callable[[Any], None]]) -> None:  # noqa: ANN401
        """Consume from every queue that we do not consume from yet, but for one that was unusable lately."""
        if self._stopping or len(self._consumers) == len(wanted):
            return
        for queue, take in wanted.items():
            if queue not in self._consumers and time.monotonic() >= self._unusable_until_s.get(queue, 0.0):
                self._asking = queue
                self._consumers[queue] = channel.basic_consume(queue, callback=take)
        self._asking = ""

    def _note_unusable(self, error: BaseException) -> None:
        """Leave a queue alone for a while whose consumption broke the connection, so that it does not hold up the others."""
        if self._asking:
            log.error("queue_unusable", queue=self._asking, error=type(error).__name__, again_in_s=UNUSABLE_S)
            self._unusable_until_s[self._asking] = time.monotonic() + UNUSABLE_S
            self._asking = ""

    def _cancel(self) -> None:
        try:
            for consumer in self._consumers.values() if self._channel is not None else []:
                self._channel.basic_cancel(consumer, nowait=True)
        except BROKER_ERRORS:
            log.debug("consumer_gone")

    def _let_go(self) -> None:
        """Forget a broken connection and what it brought; the broker gives it out again."""
        connection, self._connection, self._channel = self._connection, None, None
        self._consumers = {}
        self.parts.lanes.forget()
        if connection is not None:
            close(connection)

    def _arrive(self, reaction: str, message: Any) -> None:  # noqa: ANN401
        if self._stopping:
            return
        try:
            arrived = _read(message, reaction)
        except Undecodable as error:
            self._spawn(partial(self._park_foreign, message, reaction, str(error)))
            return
        self.parts.lanes.join(arrived)
        self._start_waiting()

    def _start_waiting(self) -> None:
        """Start what the lanes admit. What others may have had is looked up first, apart from the loop that reads."""
        for arrived in [] if self._stopping else self.parts.lanes.take():
            if arrived.said.first_hand:
                self._work(arrived)
            else:
                self._spawn(partial(self._look_up, arrived))

    def _work(self, arrived: Arrived) -> None:
        self.container.spawn_worker(self, (arrived.claim,), {}, handle_result=self._end)

    def _look_up(self, arrived: Arrived) -> None:
        """Go on with what still waits for this try; what has an outcome by now is acknowledged."""
        answers: list[bool] = []
        stored = self._until_stored(lambda: answers.append(self.parts.deliveries.awaits(arrived.claim)))
        if stored and answers[-1] and not self._stopping:
            self._work(arrived)
            return
        if stored and not answers[-1]:
            self._acknowledge(arrived.channel, arrived.tag)
        self._leave(arrived)

    def _end(self, worker: WorkerContext, verdict: Verdict | None, failure: ExcInfo | None) -> tuple[None, None]:
        (claim,) = worker.args
        try:
            if self._until_stored(lambda: self.parts.settling.settle(claim, verdict or failed(failure))):
                self._acknowledge(claim.due.channel, claim.due.tag)
        finally:
            self._leave(claim.due)
        return None, None

    def _leave(self, arrived: Arrived) -> None:
        self.parts.lanes.leave(arrived)
        self._start_waiting()

    def _until_stored(self, work: Callable[[], object]) -> bool:
        """Do something with the database, as often as it takes. Returns False when we have to stop before it is done."""

        def whole() -> bool:
            work()
            return True

        while not self.storing.take_turn(whole):
            if self._stopping:
                return False
            eventlet.sleep(self.storing.interval_s)
        return True

    def _acknowledge(self, channel: Any, tag: int) -> None:  # noqa: ANN401
        """Tell the broker. If it is gone the message comes again, and is found to have an outcome."""
        if channel is not self._channel:
            return
        try:
            channel.basic_ack(tag)
        except BROKER_ERRORS as error:
            log.debug("acknowledgement_lost", error=type(error).__name__)

    def _bury(self, message: Any) -> None:  # noqa: ANN401
        if not self._stopping:
            self._spawn(partial(self._settle_dead, message))

    def _settle_dead(self, message: Any) -> None:  # noqa: ANN401
        """Store what a queue has given up: what nobody took in time is due at once, anything else is parked."""
        death = death_of(_headers(message))
        reaction = self.broker.topology.reaction(death.queue)
        try:
            dead = _read(message, reaction)
        except Undecodable as error:
            self._park_foreign(message, reaction, str(error))
            return
        if death.reason == "expired":
            step = Step(kind="retry", error="nobody took it out of its queue in time")
            self._abandon(reaction, death.queue, dead.said.event.type)
        else:
            step = Step(kind="park", error="given up by its queue: it was given out again and again, and never settled")
        log.error("delivery_dead", reason=death.reason, reaction=reaction, event_id=dead.said.event.id)
        if self._until_stored(lambda: self.parts.deliveries.settle(dead.claim, step)):
            self._acknowledge(message.channel, message.delivery_tag)

    def _abandon(self, reaction: str, queue: str, event_type: str) -> None:
        """Let a queue get no more events of a type that its reaction, which left the catalogue, once wanted."""
        if not self.parts.functions.know(reaction):
            self.broker.publisher.unbind(queue, event_type)
            log.warning("queue_abandoned", queue=queue, event_type=event_type)

    def _park_foreign(self, message: Any, reaction: str, error: str) -> None:  # noqa: ANN401
        body = message.body if isinstance(message.body, bytes) else str(message.body).encode("utf-8", "replace")
        identifier = foreign_id(body)
        log.error("message_foreign", reaction=reaction, message=identifier)
        if self._until_stored(lambda: self.parts.deliveries.park_foreign(identifier, reaction, body, error)):
            self._acknowledge(message.channel, message.delivery_tag)

    def _spawn(self, work: Callable[[], None]) -> None:
        self.container.spawn_managed_thread(work, identifier="look")


def _headers(message: Any) -> dict[str, Any]:  # noqa: ANN401
    headers = message.properties.get("application_headers")
    return headers if isinstance(headers, dict) else {}


def _read(message: Any, reaction: str) -> Arrived:  # noqa: ANN401
    """Read what came to a reaction's queue. Raises Undecodable."""
    said = read(message.body, _headers(message), redelivered=bool(message.delivery_info["redelivered"]))
    return Arrived(
        id=f"{said.event.id}:{reaction}",
        reaction=reaction,
        due_at=_sent_at(message.properties.get("timestamp")),
        aggregate=said.event.aggregate,
        aggregate_version=said.event.aggregate_version,
        n=said.event.n,
        said=said,
        channel=message.channel,
        tag=message.delivery_tag,
    )


def _sent_at(timestamp: object) -> datetime:
    try:
        return datetime.fromtimestamp(timestamp, UTC) if isinstance(timestamp, int) else LONG_AGO
    except (OverflowError, ValueError, OSError):
        return LONG_AGO


on_message = OnMessage.decorator
