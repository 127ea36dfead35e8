"""What one process takes: calls by a person (token buckets), large bodies at a time. Limits by address stand in the gateway."""

import math
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from freehold.edge.problems import TooManyRequests

BUCKETS: Final = 16_384


class RateLimiter:
    """Token buckets, one per key: `per_minute` tokens flow in evenly, at most `per_minute` wait (one minute's worth)."""

    def __init__(self, per_minute: int) -> None:
        self._capacity = float(per_minute)
        self._per_second = per_minute / 60
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str) -> None:
        """Take one token. Raises TooManyRequests, with the time until the next one, when none is left."""
        now = time.monotonic()
        tokens, at = self._buckets.pop(key, (self._capacity, now))
        tokens = min(self._capacity, tokens + (now - at) * self._per_second)
        allowed = tokens >= 1
        self._buckets[key] = (tokens - 1 if allowed else tokens, now)
        if len(self._buckets) > BUCKETS:
            self._buckets.popitem(last=False)
        if not allowed:
            raise TooManyRequests(retry_after_s=max(1, math.ceil((1 - tokens) / self._per_second)))


class LargeBodies:
    """So many bodies that may be larger than `usual_bytes` are held at a time, so that no number of them fills the memory."""

    def __init__(self, *, usual_bytes: int, at_once: int) -> None:
        self._usual_bytes = usual_bytes
        self._free = at_once

    @contextmanager
    def place(self, limit_bytes: int) -> Iterator[None]:
        """Hold a place for a body of up to so many bytes. Raises TooManyRequests when none is free."""
        if limit_bytes <= self._usual_bytes:
            yield
            return
        if self._free == 0:
            raise TooManyRequests("This function takes no more files at the moment.", retry_after_s=1)
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1
