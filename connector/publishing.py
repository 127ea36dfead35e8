"""Publishing in a pipeline: a batch is written at once, then its confirmations are collected.

Only what the broker has confirmed counts; what fits no queue, was refused, or was not confirmed in time, does not. After
any of these channel and connection are dropped, because what they would still tell us is about messages that we gave up.
"""

import threading
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import structlog
from amqp import Message
from eventlet import Timeout

from connector.broker import BROKER_ERRORS, Link, close
from connector.confirms import Confirms
from connector.messages import Letter, encode

PERSISTENT: Final = 2
SHOWN: Final = 60
"""So many characters of an id are shown to who looks at a message at the broker, where 255 bytes are the limit."""

log = structlog.get_logger()


class Publisher:
    """One connection with one channel, used by one batch at a time."""

    def __init__(self, link: Link, *, timeout_s: float, keep_s: float) -> None:
        self._link = link
        self._timeout_s = timeout_s
        self._expiration = str(round(keep_s * 1000))
        self._turn = threading.Lock()
        self._connection: Any = None
        self._channel: Any = None
        self._confirms = Confirms()
        self._ids: dict[str, str] = {}
        self.denied: frozenset[str] = frozenset()

    @property
    def link(self) -> Link:
        """What is known about its connection."""
        return self._link

    def publish(self, letters: Sequence[Letter], now: datetime) -> set[str]:
        """Hand letters over; return the ids of those that the broker has in charge. An outage is no error: it has none.

        `now` is the database's clock; it is the messages' time, unless they have their own.
        """
        if not letters:
            return set()
        with self._turn:
            self.denied = frozenset()
            if self._link.wait_s:
                return set()
            self._confirms.begin()
            try:
                with Timeout(self._timeout_s):
                    self._reach()
                    self._write(letters, now)
                    self._collect()
            except BROKER_ERRORS as error:
                self._drop(error)
            else:
                self._judge()
            return self._confirms.taken

    def depth(self, queue: str) -> int | None:
        """Say how many messages wait in a queue; None if the broker does not say."""
        with self._turn:
            if self._link.wait_s:
                return None
            try:
                with Timeout(self._timeout_s):
                    self._reach()
                    return int(self._channel.queue_declare(queue, passive=True).message_count)
            except BROKER_ERRORS as error:
                self._drop(error)
                return None

    def unbind(self, queue: str, event_type: str) -> None:
        """Let a queue get no more events of a type. If the broker cannot be asked, the next occasion will come."""
        with self._turn:
            try:
                with Timeout(self._timeout_s):
                    self._reach()
                    self._link.topology.unbind(self._channel, queue, event_type)
            except BROKER_ERRORS as error:
                self._drop(error)

    def _reach(self) -> None:
        if self._connection is None:
            self._connection = self._link.open()
        if self._channel is None:
            self._channel = self._connection.channel()
            self._confirms = confirms = Confirms()
            self._channel.confirm_select()
            self._channel.events["basic_ack"].add(confirms.confirmed)
            self._channel.events["basic_nack"].add(confirms.was_refused)
            self._channel.events["basic_return"].add(
                lambda _error, _exchange, _key, message: confirms.came_back(
                    self._ids.get(message.properties.get("correlation_id"))
                )
            )

    def _write(self, letters: Sequence[Letter], now: datetime) -> None:
        self._ids = {str(number): letter.id for number, letter in enumerate(letters)}
        for number, letter in enumerate(letters):
            message = Message(
                encode(letter.event),
                content_type="application/json",
                delivery_mode=PERSISTENT,
                correlation_id=str(number),
                message_id=letter.event.id[:SHOWN],
                timestamp=int((letter.due_at or now).timestamp()),
                expiration=self._expiration,
                application_headers=letter.headers,
            )
            self._confirms.went_out(letter.id)
            to_all = ("" if letter.queue else self._link.topology.exchange, letter.queue or letter.event.type)
            self._channel.basic_publish(message, *to_all, mandatory=True)

    def _collect(self) -> None:
        until_s = time.monotonic() + self._timeout_s
        while self._confirms.open:
            self._connection.drain_events(timeout=max(until_s - time.monotonic(), 0.001))

    def _judge(self) -> None:
        confirms = self._confirms
        self.denied = confirms.denied
        self._link.see()
        if confirms.returned or confirms.refused:
            log.warning("events_refused", unroutable=confirms.returned, refused=confirms.refused, advice="they stay unsent")
            if confirms.returned:
                self._link.doubt()  # a queue or a binding is gone; a refusal says nothing about what is held
            self._let_go()

    def _drop(self, error: BaseException) -> None:
        self._link.lose(error)
        self._let_go()

    def _let_go(self) -> None:
        """Drop channel and connection; the next one declares everything again, should a queue or a binding be gone."""
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            close(connection)
