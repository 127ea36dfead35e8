"""Rate limits by person, in this process: token buckets. Limits by address stand before us, in the gateway."""

import math
import time
from collections import OrderedDict
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
