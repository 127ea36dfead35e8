"""What a span is, and who may record it. Whether anybody does is for `freehold.telemetry.tracing`."""

from collections.abc import Mapping
from types import TracebackType
from typing import Final, Literal, Protocol, Self

from msgspec import Struct

from freehold.telemetry.context import TraceContext

Kind = Literal["server", "client", "producer", "consumer", "internal"]
Value = str | int | float
Attributes = Mapping[str, Value]
"""By OpenTelemetry's semantic conventions. Never what a person wrote, is called, or owns; no ids of people."""

NOTHING: Final[Attributes] = {}


class Span:
    """A span that is not recorded. `context` is what everything names as its parent that it causes."""

    __slots__ = ("context",)

    def __init__(self, context: TraceContext) -> None:
        self.context = context

    def note(self, name: str, value: Value) -> None:
        """Add an attribute."""

    def fail(self, reason: str) -> None:
        """Say that it failed by a fault of ours: `reason` is a short word of a closed set."""

    def end(self) -> None:
        """Stop the time."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        if kind is not None:
            self.note("error.type", kind.__name__)
        self.end()


class Told(Struct, frozen=True, kw_only=True):
    """A span that is over, and whose ids others know already. Times are in seconds of the wall clock."""

    name: str
    kind: Kind
    context: TraceContext
    parent_id: str | None
    attributes: Attributes
    ended_at_s: float
    duration_s: float
    failed: bool


class Recorder(Protocol):
    """Records spans and sends them somewhere."""

    def start(self, name: str, *, kind: Kind, parent: TraceContext | None, attributes: Attributes) -> Span:
        """Begin a span, or begin not to record one, as the sampler says."""

    def tell(self, told: Told) -> None:
        """Record a span that somebody else has made, if the sampler says so."""

    def close(self, timeout_s: float) -> None:
        """Send what is left, within this time."""
