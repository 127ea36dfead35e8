"""Our own nameko entrypoints: a loop that fires a method, and deliveries that are claimed, handled and settled.

nameko's own event handlers lose an event whose handler fails; these never do: what is not settled under the fence is
claimed again when its claim has run out. An outage of the database never ends a container.
"""

from functools import partial
from typing import Any, Final

import structlog
from eventlet.event import Event
from nameko.containers import WorkerContext
from nameko.extensions import DependencyProvider, Entrypoint
from pymongo.errors import PyMongoError

from connector.database import Rows
from connector.deliveries import Claim
from connector.lanes import Due
from connector.loops import Loop, ring_on_inserts
from connector.parts import PARTS, Parts
from connector.settling import ids_of
from connector.verdicts import ExcInfo, Verdict, failed
from freehold.documents import Delivery, Document

LOOK_AHEAD: Final = 4
"""How many due deliveries are looked at per place, so that those which must wait their turn do not hide the others."""

log = structlog.get_logger()


class PartsProvider(DependencyProvider):  # type: ignore[misc] # nameko has no types
    """Gives a service its Parts."""

    def get_dependency(self, _worker: WorkerContext) -> Parts:
        """Hand over what the composition root has built."""
        parts: Parts = self.container.config[PARTS]
        return parts


class _Looping(Entrypoint):  # type: ignore[misc] # nameko has no types
    """A managed thread that takes turns until it is stopped; in between it waits for its bell, or for its interval."""

    def __init__(self, loop: str, *, woken_by: type[Document] | None = None, **options: object) -> None:
        self._name = loop
        self._woken_by = woken_by
        self._threads: list[Any] = []
        self._stopping = False
        super().__init__(**options)

    def setup(self) -> None:
        self.parts: Parts = self.container.config[PARTS]
        self.loop: Loop = self.parts.loops[self._name]

    def start(self) -> None:
        self._threads = [self.container.spawn_managed_thread(self._run, identifier=self._name)]
        if self._woken_by is not None:
            watch = partial(self._watch, self.parts.database.get_collection(self._woken_by.collection))
            self._threads.append(self.container.spawn_managed_thread(watch, identifier=f"{self._name} wake-ups"))

    def stop(self) -> None:
        """End the loop after the turn that it is in."""
        self._stopping = True
        self.loop.wakeup.ring()
        turning, *watching = self._threads
        for thread in watching:
            thread.kill()
        turning.wait()

    def kill(self) -> None:
        self._stopping = True
        for thread in self._threads:
            thread.kill()

    def turn(self) -> bool:
        """Do what there is to do; True asks for the next turn at once."""
        raise NotImplementedError

    def _run(self) -> None:
        while not self._stopping:
            if not self.turn() and not self._stopping:
                self.loop.wakeup.wait(self.loop.interval_s)

    def _watch(self, rows: Rows) -> None:
        watching = Loop(f"{self._name} wake-ups", interval_s=self.loop.interval_s)
        while not self._stopping:
            watching.take_turn(lambda: ring_on_inserts(rows, self.loop.wakeup))
            watching.wakeup.wait(watching.interval_s)


class Repeatedly(_Looping):
    """Fires its method, again at once while that returns True."""

    def turn(self) -> bool:
        """Run the method once, in a worker, to its end."""
        ended = Event()

        def note_end(_worker: WorkerContext, more: object, failure: ExcInfo | None) -> tuple[None, ExcInfo | None]:
            ended.send(bool(more))
            return None, failure

        self.container.spawn_worker(self, (), {}, handle_result=note_end)
        return bool(ended.wait())


class OnDelivery(_Looping):
    """Claims deliveries that are due, fires its method with each claim, and settles what comes out under the claim's fence."""

    def __init__(self, **options: object) -> None:
        super().__init__("deliver", woken_by=Delivery, **options)

    def turn(self) -> bool:
        """Look for what is due, and start what there is room for."""
        return self.loop.take_turn(self._look)

    def _look(self) -> bool:
        lanes, limit = self.parts.lanes, LOOK_AHEAD * self.parts.settings.concurrency
        if lanes.room == 0:
            lanes.miss_a_look()
            return False
        left_out = lanes.full
        found = self.parts.deliveries.due(limit=limit, without=left_out)
        lanes.offer(found, left_out=left_out, is_all=len(found) < limit)
        return self._start_offered()

    def _start_offered(self) -> bool:
        """Start what the lanes admit; the rest keeps its turn. An outage gives the places back."""
        taken = [] if self._stopping else self.parts.lanes.take()
        for number, due in enumerate(taken):
            try:
                self._start(due)
            except PyMongoError:
                for left in taken[number:]:
                    self.parts.lanes.leave(left)
                raise
        return False

    def _start(self, due: Due) -> None:
        """Claim one delivery and start its worker; somebody else may have been quicker, then there is nothing to do."""
        lease_s = self.parts.functions.timeout_s(due.reaction) + self.parts.settings.claim_margin_s
        claim = self.parts.deliveries.claim(due, lease_s)
        if claim is None:
            self.parts.lanes.leave(due)
        else:
            self.container.spawn_worker(self, (claim,), {}, handle_result=self._end)

    def _end(self, worker: WorkerContext, verdict: Verdict | None, failure: ExcInfo | None) -> tuple[None, None]:
        (claim,) = worker.args
        try:
            self._settle(claim, verdict or failed(failure))
        finally:
            self._follow(claim.due)
        return None, None

    def _follow(self, ended: Due) -> None:
        """Let the next ones have the place of one that has ended."""
        lanes = self.parts.lanes
        lanes.leave(ended)
        self.loop.take_turn(self._start_offered)
        if lanes.want_a_look(ended.reaction):
            self.loop.wakeup.ring()

    def _settle(self, claim: Claim, verdict: Verdict) -> None:
        try:
            self.parts.settling.settle(claim, verdict)
        except PyMongoError as error:
            log.warning("delivery_unsettled", error=type(error).__name__, advice="it will be claimed again", **ids_of(claim))


repeatedly = Repeatedly.decorator
on_delivery = OnDelivery.decorator
