"""Leaving without anybody noticing: first say that one is not ready, a while later stop listening, then end what is in flight.

Whoever balances load takes a process out when its readiness fails, or (Kubernetes) while it sends SIGTERM; until
all of them know, connections still come in. Without the delay these would be refused.
"""

import time
from collections.abc import Callable
from types import FrameType

import structlog
import uvicorn

log = structlog.get_logger()


class DrainingServer(uvicorn.Server):
    """Uvicorn, which after the first SIGTERM or SIGINT goes on for `delay_s`; after the second one it stops listening at once.

    `drain` is called with the first one. It answers whether there is anybody to wait for: a process that never was ready
    leaves at once.
    """

    def __init__(self, config: uvicorn.Config, *, drain: Callable[[], bool], delay_s: float) -> None:
        super().__init__(config)
        self._drain = drain
        self._delay_s = delay_s
        self._leaving_at_s: float | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to drain, or stop at once when it has begun."""
        if self._leaving_at_s is None and self._drain() and self._delay_s:
            self._captured_signals.append(sig)
            self._leaving_at_s = time.monotonic() + self._delay_s
            return
        super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        """Stop listening when the delay is over."""
        if self._leaving_at_s is not None and time.monotonic() >= self._leaving_at_s:
            self.should_exit = True
        return await super().on_tick(counter)
