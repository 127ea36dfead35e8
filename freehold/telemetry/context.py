"""Where in a trace something happens. It travels as `traceparent`: in HTTP's header, in outbox rows, events and log rows.

Source: W3C Trace Context, level 1, sections 2.2 (the version 00) and 4.3 (reading later versions).
"""

import random
import re
from typing import Final

from msgspec import Struct

HEADER: Final = "traceparent"

_FORM: Final = re.compile(r"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.{0,256})?")
_SAMPLED: Final = 0x01


class TraceContext(Struct, frozen=True):
    """A span, as those see it that it causes: `sampled` says that it is recorded, so that they may be too."""

    trace_id: str
    span_id: str
    sampled: bool

    @classmethod
    def begin(cls) -> "TraceContext":
        """Begin a trace that nobody records: ids for the logs."""
        return cls(f"{random.getrandbits(128) | 1:032x}", f"{random.getrandbits(64) | 1:016x}", sampled=False)

    @classmethod
    def read(cls, traceparent: str | None) -> "TraceContext | None":
        """Read a `traceparent`; None for one that is missing or not in its form."""
        found = _FORM.fullmatch(traceparent) if traceparent else None
        if found is None or (found[1] == "00" and found[5] is not None):
            return None
        return cls(found[2], found[3], sampled=bool(int(found[4], 16) & _SAMPLED))

    @property
    def traceparent(self) -> str:
        """Write it down."""
        return f"00-{self.trace_id}-{self.span_id}-{_SAMPLED if self.sampled else 0:02x}"
