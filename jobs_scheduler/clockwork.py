"""The clockwork: APScheduler in a thread of its own, with a job per sweep, all in memory.

APScheduler only ticks. A job store that several schedulers share kills their threads silently; here each has its own,
and losing it loses nothing. A tick that is late is not lost, ticks that piled up are one, and no sweep runs twice at once.
"""

import random
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.blocking import BlockingScheduler
from apscheduler.triggers.interval import IntervalTrigger

from jobs_scheduler.sweeps import Sweep

MOST_THREADS: Final = 16
LATEST_START_S: Final = 5.0


class Clockwork:
    """Ticks sweeps from `start` to `stop`."""

    def __init__(self, sweeps: Sequence[Sweep], stopping: threading.Event) -> None:
        self._sweeps = tuple(sweeps)
        self._stopping = stopping
        self._running = 0
        self._idle = threading.Condition()
        self._scheduler = BlockingScheduler(
            executors={"default": ThreadPoolExecutor(max(1, min(len(self._sweeps), MOST_THREADS)))},
            job_defaults={"max_instances": 1, "coalesce": True, "misfire_grace_time": None},
            timezone=UTC,
        )
        self._thread = threading.Thread(target=self._scheduler.start, name="clockwork", daemon=True)

    @property
    def turns(self) -> bool:
        """Whether the thread lives."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin to tick: each sweep soon, but not all at once, then at its period."""
        for sweep in self._sweeps:
            delay_s = random.uniform(0, min(sweep.every_s, LATEST_START_S))  # noqa: S311 - jitter, no secret
            self._scheduler.add_job(
                self._counted(sweep.tick),
                IntervalTrigger(seconds=sweep.every_s, timezone=UTC),
                id=sweep.name,
                next_run_time=datetime.now(UTC) + timedelta(seconds=delay_s),
            )
        self._thread.start()

    def stop(self, timeout_s: float) -> bool:
        """Tick no more, and wait for the calls that are under way. Returns whether all of them have ended in time."""
        self._stopping.set()
        if self.turns:
            self._scheduler.shutdown(wait=False)
        with self._idle:
            return self._idle.wait_for(lambda: self._running == 0, timeout_s)

    def is_ready(self) -> dict[str, bool]:
        """Say whether it works: the thread turns, and every sweep has succeeded lately, at least one at all."""
        reached = not self._sweeps or any(sweep.has_worked for sweep in self._sweeps)
        return {"thread": self.turns, "sweeps": reached and all(sweep.works for sweep in self._sweeps)}

    def is_alive(self) -> dict[str, bool]:
        """Say whether it still ticks, whatever the functions answer. If not, only a new process helps."""
        return {"thread": self.turns, "ticks": all(sweep.is_ticked for sweep in self._sweeps)}

    def _counted(self, tick: Callable[[], None]) -> Callable[[], None]:
        def run() -> None:
            with self._idle:
                self._running += 1
            try:
                tick()
            finally:
                with self._idle:
                    self._running -= 1
                    self._idle.notify_all()

        return run
